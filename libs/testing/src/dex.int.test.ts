import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DexServer, startDex } from './dex.js';
import { walkLogin } from './login-walk.js';
import { freePort } from './process.js';

const redirectUri = 'http://127.0.0.1:9/auth/callback';
let dex: DexServer;
let issuer: string;

beforeAll(async () => {
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}/api/dex`;
  const staticClients = [{ id: 'argo-cd', name: 'Argo CD', secret: 'x', redirectURIs: [redirectUri] }];
  const connectors = [{ type: 'mockCallback', id: 'mock', name: 'Mock' }];
  dex = await startDex({ issuer, staticClients, connectors, oauth2: { skipApprovalScreen: true } }, port);
});

afterAll(() => dex.stop());

it('a real Dex logs a user in through a connector, below the path of its issuer', async () => {
  const query = new URLSearchParams({ client_id: 'argo-cd', redirect_uri: redirectUri, response_type: 'code' });
  const start = `${issuer}/auth?${query}&scope=openid+groups&state=abc`;
  const back = new URL((await walkLogin({ start, until: redirectUri })).url);
  expect(back.searchParams.get('state')).toBe('abc');
  expect(back.searchParams.get('code')).toMatch(/\S+/);
});
