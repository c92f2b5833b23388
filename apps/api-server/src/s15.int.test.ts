/** The matrix of S15: tokens that must never count, of ours and of a provider, with anonymous users off and on. */
import { createHmac } from 'node:crypto';
import { CONFIG_OBJECTS } from '@tiphys/model';
import { eventually, type OidcProviderServer, startOidcProvider } from '@tiphys/testing';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookieHeader, type LoginApp, startLoginApp } from './testing/login-app.js';

let app: LoginApp;
let provider: OidcProviderServer;
let key: Uint8Array;
const PATH = '/api/v1/projects';
const now = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const accounts = {
  ...{ 'accounts.bob': 'login', 'accounts.ci': 'apiKey', 'accounts.off': 'login', 'accounts.off.enabled': 'false' },
  'accounts.changed': 'login',
};

const ownClaims = () => ({ iss: 'argocd', sub: 'bob:login', iat: now(), nbf: now(), exp: now() + 600, jti: 'j-1' });
const own = (claims: object = {}, alg = 'HS256') =>
  new SignJWT({ ...ownClaims(), ...claims }).setProtectedHeader({ alg }).sign(key);
const theirClaims = () => ({ iss: provider.issuer, sub: 'u-1', aud: 'tiphys', iat: now(), exp: now() + 600 });
const theirs = (claims: object = {}, header: Record<string, string> = {}) =>
  provider.sign({ ...theirClaims(), ...claims }, header);

function unsigned(claims: object): string {
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}

/** The provider's public key, which everybody knows, used as a secret. */
function confused(): string {
  const input = `${encode({ alg: 'HS256' })}.${encode(theirClaims())}`;
  return `${input}.${createHmac('sha256', provider.publicKeyPem()).update(input).digest('base64url')}`;
}

async function ended(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const before = await app.server.app.inject({ url: PATH, headers });
  const answer = await app.server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers });
  if (before.statusCode !== 200 || answer.statusCode !== 200) throw new Error('the token never counted');
  return token;
}

const TOKENS: readonly [string, () => Promise<string> | string][] = [
  ['ours, unsigned', () => unsigned(ownClaims())],
  [
    'ours, with another key',
    () => new SignJWT(ownClaims()).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32, 1)),
  ],
  ['ours, with another algorithm', () => own({}, 'HS384')],
  ['ours, signed by the provider', () => provider.sign(ownClaims())],
  ['ours, expired', () => own({ exp: now() - 1 })],
  ['ours, not yet valid', () => own({ nbf: now() + 500 })],
  ['ours, without a time', () => own({ iat: undefined })],
  ['ours, without a subject', () => own({ sub: undefined })],
  ['ours, of an unknown account', () => own({ sub: 'ghost:login' })],
  ['ours, of a disabled account', () => own({ sub: 'off:login' })],
  ['ours, without the capability', () => own({ sub: 'ci:login' })],
  ['ours, an API key that was deleted', () => own({ sub: 'ci:apiKey', exp: undefined })],
  ['ours, of a project role that has no such token', () => own({ sub: 'proj:default:admin' })],
  ['ours, from before the password changed', () => own({ sub: 'changed:login', iat: now() - 3_600 })],
  ['ours, logged out', async () => ended(await own({ jti: `out-${Math.random()}` }))],
  ['the provider’s, unsigned', () => unsigned(theirClaims())],
  ['the provider’s, signed with its public key', () => confused()],
  [
    'the provider’s, signed with our key',
    () => new SignJWT(theirClaims()).setProtectedHeader({ alg: 'HS256' }).sign(key),
  ],
  ['the provider’s, of another key', () => theirs({}, { kid: 'other' })],
  ['the provider’s, of an algorithm that it does not use', () => theirs({}, { alg: 'RS512' })],
  ['the provider’s, for another application', () => theirs({ aud: 'other' })],
  ['the provider’s, for nobody', () => theirs({ aud: undefined })],
  ['the provider’s, of another issuer', () => theirs({ iss: 'https://idp.example.com' })],
  ['the provider’s, expired', () => theirs({ exp: now() - 1 })],
  ['the provider’s, without an end', () => theirs({ exp: undefined })],
  ['the provider’s, not yet valid', () => theirs({ nbf: now() + 500 })],
  ['the provider’s, for a role of ours', () => theirs({ sub: 'proj:default:admin' })],
  ['the provider’s, logged out', async () => ended(await theirs({ jti: `out-${Math.random()}` }))],
  ['no token', () => 'nonsense'],
  ['two words', () => 'non sense'],
  ['an empty payload', () => `${encode({ alg: 'HS256' })}.${encode({})}.AAAA`],
  ['100 kB', () => 'x'.repeat(100_000)],
];

beforeAll(async () => {
  app = await startLoginApp({ name: 's15' });
  const redirectUris = [`${app.url}/auth/callback`];
  provider = await startOidcProvider({ clients: [{ id: 'tiphys', secret: 's', redirectUris }], users: {} });
  const secret = await app.secret();
  key = new TextEncoder().encode(secret['server.secretkey']);
  await app.patchSecret({ 'accounts.changed.passwordMtime': new Date(Date.now() - 60_000).toISOString() });
});

afterAll(async () => {
  await app?.stop();
  await provider?.stop();
});

describe.each(['off', 'on'])('with anonymous users %s', (anonymous) => {
  beforeAll(async () => {
    const config = JSON.stringify({ issuer: provider.issuer, clientID: 'tiphys', clientSecret: 's' });
    const enabled = String(anonymous === 'on');
    const data = { ...accounts, 'oidc.config': config, 'users.anonymous.enabled': enabled };
    await app.configure(CONFIG_OBJECTS.settings, data);
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.default': 'role:readonly' });
    const session = app.server.deps.session.settings;
    await eventually(() => {
      if (session.accounts().accounts.get('changed')?.passwordModifiedAt === undefined) throw new Error('not yet');
    });
  });

  it('good tokens count', async () => {
    for (const token of [await own(), await theirs()]) {
      expect(
        (await app.server.app.inject({ url: PATH, headers: { authorization: `Bearer ${token}` } })).statusCode,
      ).toBe(200);
    }
  });

  it(`who brings no token is ${anonymous === 'on' ? 'let in with the default role only' : 'refused'}`, async () => {
    const answer = await app.server.app.inject({ url: PATH });
    expect(answer.statusCode).toBe(anonymous === 'on' ? 200 : 401);
    const remove = await app.server.app.inject({
      ...{ method: 'DELETE', url: `${PATH}/default`, headers: { 'content-type': 'application/json' } },
    });
    expect(remove.statusCode).toBe(anonymous === 'on' ? 403 : 401);
    expect((await app.server.app.inject('/api/v1/session/userinfo')).json()).toEqual({ loggedIn: false });
    expect(Object.keys((await app.server.app.inject('/api/version')).json())).toEqual(['Version']);
  });

  it.each(TOKENS)('a token is refused: %s (S15, CVE-2022-29165)', async (_, make) => {
    const token = await make();
    const requests = [{ authorization: `Bearer ${token}` }, cookieHeader(new Map([['argocd.token', token]]))];
    for (const headers of requests) {
      const answer = await app.server.app.inject({ url: PATH, headers });
      expect([answer.statusCode, answer.json<{ code: number }>().code]).toEqual([401, 16]);
      expect((await app.server.app.inject({ url: '/api/v1/session/userinfo', headers })).json()).toEqual({
        loggedIn: false,
      });
    }
  });
});

it('without authentication at all (server.disable.auth) everybody may do everything, until it is on again (F36)', async () => {
  const project = { project: { metadata: { name: 'open' }, spec: {} } };
  const create = () =>
    app.server.app.inject({
      method: 'POST',
      url: PATH,
      payload: project,
      headers: { authorization: 'Bearer nonsense' },
    });
  await app.configure(CONFIG_OBJECTS.settings, accounts);
  expect((await create()).statusCode).toBe(401);
  await app.configure(CONFIG_OBJECTS.parameters, { 'server.disable.auth': 'true' });
  expect((await create()).statusCode).toBe(200);
  await app.configure(CONFIG_OBJECTS.parameters, {});
  expect((await create()).statusCode).toBe(401);
});
