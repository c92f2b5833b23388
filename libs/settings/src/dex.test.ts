import { describe, expect, it } from 'vitest';
import { dexConfiguration } from './dex.js';
import { parseSsoSettings } from './oidc.js';

const facts = {
  url: 'https://cd.example.com',
  additionalUrls: ['https://ops.example.com/cd'],
  clientSecret: 'derived',
};

function configurationOf(config: object) {
  const secrets = { argocdSecret: { 'github.secret': 'gh' } };
  const { dex } = parseSsoSettings({ 'dex.config': JSON.stringify(config) }, secrets).settings;
  return dex && dexConfiguration(dex, facts);
}

describe('the configuration of Dex (F23)', () => {
  it('has our clients, the way back of each connector that needs one, and secrets in place of references', () => {
    const github = {
      type: 'github',
      id: 'github',
      name: 'GitHub',
      config: { clientID: 'x', clientSecret: '$github.secret' },
    };
    const ldap = { type: 'ldap', id: 'ldap', name: 'LDAP', config: { host: 'ldap:636' } };
    expect(configurationOf({ connectors: [github, ldap] })).toEqual({
      issuer: 'https://cd.example.com/api/dex',
      storage: { type: 'memory' },
      web: { http: '0.0.0.0:5556' },
      grpc: { addr: '0.0.0.0:5557' },
      telemetry: { http: '0.0.0.0:5558' },
      oauth2: { skipApprovalScreen: true },
      staticClients: [
        {
          ...{ id: 'argo-cd', name: 'Argo CD', secret: 'derived' },
          redirectURIs: ['https://cd.example.com/auth/callback', 'https://ops.example.com/cd/auth/callback'],
        },
        {
          ...{ id: 'argo-cd-cli', name: 'Argo CD CLI', public: true },
          redirectURIs: ['http://localhost', 'http://localhost:8085/auth/callback'],
        },
      ],
      connectors: [
        {
          ...github,
          config: { clientID: 'x', clientSecret: 'gh', redirectURI: 'https://cd.example.com/api/dex/callback' },
        },
        ldap,
      ],
    });
  });

  it('keeps what dex.config says of approval, clients and expiry', () => {
    const mine = { id: 'mine', name: 'Mine', secret: 's', redirectURIs: ['https://x/y'] };
    const config = {
      ...{ connectors: [], staticClients: [mine], expiry: { idTokens: '1h' } },
      oauth2: { skipApprovalScreen: false, grantTypes: ['authorization_code'] },
    };
    expect(configurationOf(config)).toMatchObject({
      oauth2: { skipApprovalScreen: false, grantTypes: ['authorization_code'] },
      staticClients: [{ id: 'argo-cd' }, { id: 'argo-cd-cli' }, mine],
      expiry: { idTokens: '1h' },
    });
  });
});
