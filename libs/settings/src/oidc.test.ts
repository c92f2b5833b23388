import { describe, expect, it } from 'vitest';
import { parseSsoSettings } from './oidc.js';

const secrets = { argocdSecret: { 'oidc.secret': 's3cret\n' }, others: { sso: { github: 'gh-secret' } } };
const minimal = { issuer: 'https://idp.example.com', clientID: 'cd' };
const defaults = {
  ...{ name: '', issuer: 'https://idp.example.com', clientId: 'cd', allowedAudiences: ['cd'] },
  requestedScopes: ['openid', 'profile', 'email', 'groups'],
  requestedIdTokenClaims: {},
  ...{ skipAudienceCheckWhenTokenHasNoAudience: false, pkce: false, refreshThresholdMs: 0 },
  disableOfflineAccessScopeInjection: false,
};
const parse = (config: object, more: Record<string, string> = {}) =>
  parseSsoSettings({ 'oidc.config': JSON.stringify(config), ...more }, secrets);

describe('oidc.config', () => {
  it.each<[string, object, object]>([
    ['needs an issuer and a client', {}, {}],
    ['takes its secret from argocd-secret (F28)', { clientSecret: '$oidc.secret' }, { clientSecret: 's3cret' }],
    ['takes its secret from another Secret (F28)', { clientSecret: '$sso:github' }, { clientSecret: 'gh-secret' }],
    [
      'accepts tokens of the command line’s client, too (F26)',
      { cliClientID: 'cli' },
      { cliClientId: 'cli', allowedAudiences: ['cd', 'cli'] },
    ],
    [
      'accepts the listed audiences and no other (F26)',
      { cliClientID: 'cli', allowedAudiences: ['x'] },
      { cliClientId: 'cli', allowedAudiences: ['x'] },
    ],
    [
      'asks for groups at the provider (F27)',
      { enableUserInfoGroups: true, userInfoPath: '/userinfo', userInfoCacheExpiration: '5m' },
      { userInfo: { url: 'https://idp.example.com/userinfo', cacheMs: 300_000 } },
    ],
    [
      'asks for groups at another host (F27)',
      { enableUserInfoGroups: true, userInfoPath: '/me', userInfoBaseURL: 'https://users.example.com' },
      { userInfo: { url: 'https://users.example.com/me' } },
    ],
    [
      'has everything else',
      {
        ...{ name: 'Okta', requestedScopes: ['openid'], requestedIDTokenClaims: { groups: { essential: true } } },
        ...{ logoutURL: 'https://idp.example.com/out', rootCA: 'PEM', enablePKCEAuthentication: true },
        ...{ refreshTokenThreshold: '30s', domainHint: 'example.com', disableOfflineAccessScopeInjection: true },
        skipAudienceCheckWhenTokenHasNoAudience: true,
      },
      {
        ...{ name: 'Okta', requestedScopes: ['openid'], requestedIdTokenClaims: { groups: { essential: true } } },
        ...{ logoutUrl: 'https://idp.example.com/out', rootCa: 'PEM', pkce: true, refreshThresholdMs: 30_000 },
        ...{ domainHint: 'example.com', disableOfflineAccessScopeInjection: true },
        skipAudienceCheckWhenTokenHasNoAudience: true,
      },
    ],
  ])('%s', (_, config, expected) => {
    const { settings, problems } = parse({ ...minimal, ...config });
    expect(settings.oidc).toEqual({ ...defaults, ...expected });
    expect(problems).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['without an issuer', { clientID: 'cd' }, 'issuer must be'],
    ['with an issuer that is no web address', { ...minimal, issuer: 'file:///etc' }, 'issuer must be'],
    ['without a client', { issuer: 'https://idp.example.com' }, 'clientID is missing'],
    ['that is no mapping', ['x'], 'is not a YAML mapping'],
  ])('%s turns logins off and says so', (_, config, message) => {
    const { settings, problems } = parse(config);
    expect(settings.oidc).toBeUndefined();
    expect(problems).toEqual([{ key: 'oidc.config', message: expect.stringContaining(message) }]);
  });

  it.each<[string, object, string]>([
    ['a reference without a target', { clientSecret: '$nowhere' }, '"$nowhere" names no key of a Secret'],
    ['a bad duration', { refreshTokenThreshold: 'soon' }, '"soon" is not a duration'],
    ['groups of nowhere', { enableUserInfoGroups: true }, 'needs userInfoPath'],
  ])('%s is a problem, and the rest stands', (_, config, message) => {
    const { settings, problems } = parse({ ...minimal, ...config });
    expect(settings.oidc).toMatchObject({ clientId: 'cd' });
    expect(problems).toEqual([{ key: 'oidc.config', message: expect.stringContaining(message) }]);
  });
});

describe('dex.config (F23)', () => {
  const connectors = [
    { type: 'github', id: 'github', name: 'GitHub', config: { clientSecret: '$sso:github' } },
    { type: 'ldap', config: {} },
  ];

  it('its connectors are known, its secrets resolved; the login may go to one of them at once', () => {
    const data = { 'dex.config': JSON.stringify({ connectors }), 'dex.auth.connectorId': 'github' };
    const { settings, problems } = parseSsoSettings(data, secrets);
    expect(settings.dex).toMatchObject({
      connectors: [
        { type: 'github', id: 'github', name: 'GitHub' },
        { type: 'ldap', id: 'ldap', name: 'ldap' },
      ],
      connectorId: 'github',
      config: { connectors: [{ config: { clientSecret: 'gh-secret' } }, {}] },
    });
    expect(problems).toEqual([]);
  });

  it('a connector that does not exist has no effect and is a problem', () => {
    const data = { 'dex.config': JSON.stringify({ connectors }), 'dex.auth.connectorId': 'okta' };
    const { settings, problems } = parseSsoSettings(data, secrets);
    expect(settings.dex).not.toHaveProperty('connectorId');
    expect(problems).toEqual([{ key: 'dex.auth.connectorId', message: expect.stringContaining('"okta"') }]);
  });

  it.each<[Record<string, string>, string, boolean]>([
    [{}, 'https://argocd-dex-server:5556', false],
    [{ 'server.dex.server.plaintext': 'true' }, 'http://argocd-dex-server:5556', false],
    [{ 'server.dex.server': 'dex:5556', 'server.dex.server.strict.tls': 'true' }, 'https://dex:5556', true],
    [{ 'server.dex.server': 'http://dex:80/' }, 'http://dex:80', false],
  ])('with %o it is at %s', (parameters, url, strictTls) => {
    expect(parseSsoSettings({}, secrets, parameters).settings.dexServer).toEqual({ url, strictTls });
  });
});
