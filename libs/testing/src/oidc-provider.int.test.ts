import { createHash, randomBytes } from 'node:crypto';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { walkLogin } from './login-walk.js';
import { type OidcProviderServer, startOidcProvider } from './oidc-provider.js';
import { keycloakShape } from './oidc-shapes.js';

const redirectUri = 'http://127.0.0.1:9/auth/callback';
const claims = { sub: 'u-1', preferred_username: 'ann', email: 'ann@example.com', groups: ['team'] };
let provider: OidcProviderServer;

beforeAll(async () => {
  provider = await startOidcProvider({
    path: '/realms/acme',
    clients: [{ id: 'tiphys', secret: 's3cret', redirectUris: [redirectUri] }],
    users: { ann: { password: 'pw', claims } },
    shape: keycloakShape,
  });
});

afterAll(() => provider.stop());

describe('the OpenID Connect provider of tests', () => {
  it('logs a user in below its path and issues a token in the dialect that was asked for', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const start = new URL(`${provider.issuer}/auth`);
    start.search = new URLSearchParams({
      ...{ client_id: 'tiphys', redirect_uri: redirectUri, response_type: 'code', scope: 'openid profile', state: 'x' },
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString();
    const form = { login: 'ann', password: 'pw' };
    const back = new URL((await walkLogin({ start: start.href, until: redirectUri, form })).url);
    expect(back.searchParams.get('state')).toBe('x');
    const body = new URLSearchParams({
      ...{ grant_type: 'authorization_code', redirect_uri: redirectUri, code_verifier: verifier },
      code: back.searchParams.get('code') ?? '',
    }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${btoa('tiphys:s3cret')}`,
    };
    const answer = await request(`${provider.issuer}/token`, { method: 'POST', headers, body });
    const tokens = (await answer.body.json()) as { id_token: string; refresh_token: string };
    expect(tokens.refresh_token).toEqual(expect.any(String));
    const payload = JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString());
    expect(payload).toMatchObject({
      ...claims,
      ...{ iss: provider.issuer, aud: ['tiphys', 'account'], azp: 'tiphys' },
      realm_access: { roles: ['offline_access', 'default-roles-acme'] },
    });
  });

  it('a wrong password goes nowhere', async () => {
    const start = `${provider.issuer}/auth?client_id=tiphys&redirect_uri=${redirectUri}&response_type=code&scope=openid`;
    await expect(walkLogin({ start, until: redirectUri, form: { login: 'ann', password: 'no' } })).rejects.toThrow(
      /answered 401/,
    );
  });
});
