/** Logins through a real Dex behind /api/dex, with the configuration that we make of dex.config (F23, F31). */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { type DexServer, freePort, startDex } from '@tiphys/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDexConfiguration } from './kube/dex-configuration.js';
import { cookieHeader, type LoginApp, startLoginApp } from './testing/login-app.js';

let app: LoginApp;
let dex: DexServer;

const dexConfig = (connectors: object) => ({ 'dex.config': JSON.stringify(connectors) });
const mock = { connectors: [{ type: 'mockCallback', id: 'mock', name: 'Mock' }] };
const LDAP = { type: 'ldap', id: 'ldap', name: 'LDAP', config: {} };

beforeAll(async () => {
  const port = await freePort();
  app = await startLoginApp({ name: 'dex', settings: () => dexConfig(mock) });
  await app.configure(CONFIG_OBJECTS.parameters, { 'server.dex.server': `http://127.0.0.1:${port}` });
  const { kube } = app.server.deps.applicationState;
  const request = { namespace: app.namespace, signal: AbortSignal.timeout(30_000) };
  dex = await startDex(await readDexConfiguration(kube, request), port);
});

afterAll(async () => {
  await app?.stop();
  await dex?.stop();
});

describe('a login through Dex', () => {
  it('begins at Dex, behind our own address, with the connector of dex.auth.connectorId', async () => {
    await app.configure(CONFIG_OBJECTS.settings, {
      ...dexConfig({ connectors: [...mock.connectors, LDAP] }),
      'dex.auth.connectorId': 'mock',
    });
    const answer = await app.get('/auth/login', {});
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.href).toMatch(`${app.url}/api/dex/auth?`);
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      ...{ client_id: 'argo-cd', scope: 'openid profile email groups federated:id', connector_id: 'mock' },
    });
  });

  it('ends with a session whose groups and subject are the connector’s (F31); a logout ends it (F21)', async () => {
    await app.configure(CONFIG_OBJECTS.settings, dexConfig(mock));
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.csv': 'g, authors, role:readonly' });
    const { cookies } = await app.logIn();
    const headers = cookieHeader(cookies);
    const user = JSON.parse((await app.get('/api/v1/session/userinfo', headers)).body);
    expect(user).toEqual({
      ...{ loggedIn: true, username: 'kilgore@kilgore.trout', iss: `${app.url}/api/dex`, groups: ['authors'] },
    });
    const claims = decodeJwt(cookies.get('argocd.token') ?? '');
    expect(claims['federated_claims']).toEqual({ connector_id: 'mock', user_id: '0-385-28089-0' });
    expect(claims.aud).toBe('argo-cd');
    const read = async () => JSON.parse((await app.get('/api/v1/projects', headers)).body).items?.length ?? 0;
    expect(await read()).toBe(1);
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.csv': 'g, 0-385-28089-0, role:readonly' });
    expect(await read(), 'the name for the policy is the connector’s id, not the sub').toBe(1);
    await app.get('/auth/logout', headers);
    expect((await app.get('/api/v1/projects', headers)).status).toBe(401);
  });

  it('goes on after Dex was restarted with new keys; sessions of before have ended', async () => {
    const before = cookieHeader((await app.logIn()).cookies);
    await dex.restart();
    await expect.poll(async () => (await app.logIn()).cookies.has('argocd.token'), { timeout: 30_000 }).toBe(true);
    expect((await app.get('/api/v1/projects', before)).status).toBe(401);
  });
});

describe('the way to Dex', () => {
  it('is open without a session, keeps our cookies to itself, and is closed without dex.config', async () => {
    const discovery = JSON.parse((await app.get('/api/dex/.well-known/openid-configuration', {})).body);
    expect(discovery.issuer).toBe(`${app.url}/api/dex`);
    const answer = await app.get('/api/dex/keys', {
      cookie: 'argocd.token=nonsense',
      authorization: 'Bearer nonsense',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toBe("frame-ancestors 'self'");
    const form = await app.server.app.inject({
      ...{ method: 'POST', url: '/api/dex/token', payload: 'grant_type=password' },
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${btoa('argo-cd:x')}` },
    });
    expect([form.statusCode, form.body]).toEqual([401, expect.stringContaining('invalid_client')]);
    await app.configure(CONFIG_OBJECTS.settings, {});
    expect((await app.get('/api/dex/keys', {})).status).toBe(404);
    await app.configure(CONFIG_OBJECTS.settings, dexConfig(mock));
  });

  it('a body that is too large is refused; Dex away is told as such', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const payload = 'x'.repeat(1024 * 1024 + 1);
    const answer = await app.server.app.inject({ method: 'POST', url: '/api/dex/token', headers, payload });
    expect(answer.statusCode).toBe(413);
    await dex.stop();
    expect((await app.get('/api/dex/keys', {})).status).toBe(503);
  });
});
