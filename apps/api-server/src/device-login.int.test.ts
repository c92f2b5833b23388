/** Logins of machines without a browser (RFC 8628; users-and-bars item 30), on a real control plane and Redis. */
import { createAuthenticatedCache } from '@tiphys/cache';
import { fakeClock, silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  type SharedRedis,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import type { InjectOptions } from 'fastify';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeviceLogins, DEVICE_LIFETIME_MS, normalizeUserCode } from './auth/federation/device-logins.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const HOST = 'tiphys.example.com';
const ORIGIN = `http://${HOST}`;
let server: TestApp;
let kube: KubeClient;
let redis: SharedRedis;
let namespace: string;
let key: Uint8Array;

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('device');
  const data = { 'accounts.bob': 'login', 'accounts.ci': 'apiKey', 'accounts.carol': 'login', 'accounts.eve': 'login' };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-secret`,
  );
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  key = Buffer.from(secret.data['server.secretkey'] ?? '', 'base64');
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

async function tokenOf(sub: string, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: 'argocd', sub, iat: now, exp: now + 600, jti: `test-${sub}`, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key);
}

const post = (url: string, payload: object | string, headers: Record<string, string> = {}) =>
  server.app.inject({ method: 'POST', url, payload, headers: { host: HOST, ...headers } } as InjectOptions);
const start = async (body: object = { client_name: 'tiphys CLI on build-7' }) =>
  (await post('/api/v1/session/device', body)).json<Record<string, string>>();
const poll = (device_code: string | undefined) => post('/api/v1/session/device/token', { device_code });
const asBrowser = (token: string) => ({ cookie: `argocd.token=${token}`, origin: ORIGIN });
const decide = async (user_code: string | undefined, decision: string, headers: Record<string, string>) =>
  post('/api/v1/session/device/decision', { user_code, decision }, headers);
const page = (url: string, token?: string) =>
  server.app.inject({ url, headers: { host: HOST, ...(token === undefined ? {} : asBrowser(token)) } });
const whoAmI = async (token: string) =>
  (await server.app.inject({ url: '/api/v1/session/userinfo', headers: { authorization: `Bearer ${token}` } })).json();

describe('a device login', () => {
  it('begins with codes as RFC 8628 names them', async () => {
    const answer = await post('/api/v1/session/device', {});
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { device_code, user_code, ...rest } = answer.json();
    expect(device_code).toMatch(/^[\w-]{43}$/);
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(rest).toEqual({
      verification_uri: `${ORIGIN}/device`,
      verification_uri_complete: `${ORIGIN}/device?user_code=${user_code}`,
      expires_in: 600,
      interval: 5,
    });
  });

  it('takes a form as well, as clients of OAuth send it', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const { device_code } = (await post('/api/v1/session/device', 'client_id=argo-cd-cli', type)).json();
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code,
      client_id: 'argo-cd-cli',
    });
    const answer = await post('/api/v1/session/device/token', form.toString(), type);
    expect(answer.json()).toMatchObject({ error: 'authorization_pending', code: 9 });
    const wrong = await post('/api/v1/session/device/token', 'grant_type=password&device_code=x', type);
    expect(wrong.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });

  it('that was confirmed is a session of that person in the form of any login, given once', async () => {
    const { device_code, user_code } = await start();
    expect((await poll(device_code)).json()).toMatchObject({ error: 'authorization_pending' });
    expect((await poll(device_code)).json()).toMatchObject({ error: 'slow_down' });
    expect((await decide(user_code?.toLowerCase(), 'confirm', asBrowser(await tokenOf('bob:login')))).json()).toEqual(
      {},
    );
    const answer = await poll(device_code);
    expect(answer.statusCode).toBe(200);
    const { access_token, ...rest } = answer.json();
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 86_400 });
    expect(decodeJwt(access_token)).toMatchObject({
      iss: 'argocd',
      sub: 'bob:login',
      jti: expect.stringMatching(/^device-/),
    });
    expect(await whoAmI(access_token)).toEqual({ loggedIn: true, username: 'bob', iss: 'argocd', groups: [] });
    const again = await poll(device_code);
    expect([again.statusCode, again.json().error]).toEqual([400, 'expired_token']);
    expect((await decide(user_code, 'confirm', asBrowser(await tokenOf('bob:login')))).statusCode).toBe(404);
    // Logout ends it as any other session.
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
    await server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers });
    expect(await whoAmI(access_token)).toEqual({ loggedIn: false });
  });

  it('is confirmed once and its token given once, whatever comes at the same time', async () => {
    const { device_code, user_code } = await start();
    const headers = asBrowser(await tokenOf('bob:login'));
    const decisions = await Promise.all(Array.from({ length: 5 }, () => decide(user_code, 'confirm', headers)));
    expect(decisions.map(({ statusCode }) => statusCode).sort()).toEqual([200, 404, 404, 404, 404]);
    const polls = await Promise.all(Array.from({ length: 5 }, () => poll(device_code)));
    expect(polls.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  });

  it('that was denied says so once', async () => {
    const { device_code, user_code } = await start();
    expect((await decide(user_code, 'deny', asBrowser(await tokenOf('bob:login')))).statusCode).toBe(200);
    expect((await poll(device_code)).json()).toMatchObject({ error: 'access_denied' });
    expect((await poll(device_code)).json()).toMatchObject({ error: 'expired_token' });
  });

  it('is denied when the account may not log in any more', async () => {
    const { device_code, user_code } = await start();
    expect((await decide(user_code, 'confirm', asBrowser(await tokenOf('carol:login')))).statusCode).toBe(200);
    await kube.patch(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`, {
      data: { 'accounts.carol.enabled': 'false' },
    });
    await eventually(() => expect(server.deps.accounts.settings.accounts().accounts.get('carol')?.enabled).toBe(false));
    expect((await poll(device_code)).json()).toMatchObject({ error: 'access_denied' });
  });

  it('that nobody began is not told from one whose time is over', async () => {
    expect((await poll('made-up')).json()).toMatchObject({ error: 'expired_token' });
  });
});

describe('nobody confirms a device login', () => {
  it.each([
    ['without a session', async () => ({ origin: ORIGIN }), 401],
    [
      'from a page of another site (S25)',
      async () => ({ ...asBrowser(await tokenOf('bob:login')), origin: 'https://evil.example.com' }),
      403,
    ],
    ['with a cookie but no origin (S25)', async () => ({ cookie: `argocd.token=${await tokenOf('bob:login')}` }), 403],
    ['by a form (S25)', async () => ({ ...asBrowser(await tokenOf('bob:login')), 'content-type': 'text/plain' }), 415],
    ['with a forged session (S15)', async () => asBrowser(`${await tokenOf('bob:login')}x`), 401],
    [
      'with a device login, which would live forever',
      async () => asBrowser(await tokenOf('bob:login', { jti: 'device-1' })),
      403,
    ],
  ])('%s', async (_, headersOf, status) => {
    const { device_code, user_code } = await start();
    const { 'content-type': type, ...headers } = (await headersOf()) as Record<string, string>;
    const payload = { user_code, decision: 'confirm' };
    const answer = await post(
      '/api/v1/session/device/decision',
      type === undefined ? payload : JSON.stringify(payload),
      type === undefined ? headers : { ...headers, 'content-type': type },
    );
    expect(answer.statusCode).toBe(status);
    expect((await poll(device_code)).json()).toMatchObject({ error: 'authorization_pending' });
  });

  it('with the token of an account that cannot log in, or of a project role', async () => {
    await server.call('POST', '/api/v1/projects', {
      project: { metadata: { name: 'team' }, spec: { roles: [{ name: 'ci' }] } },
    });
    await eventually(async () => {
      const { token } = (await server.call('POST', '/api/v1/projects/team/roles/ci/token', {})).json();
      const { user_code } = await start();
      const answer = await decide(user_code, 'confirm', { authorization: `Bearer ${token}` });
      expect(answer.json().message).toMatch(/only somebody who has logged in can confirm/);
    });
    const { token } = (await server.call('POST', '/api/v1/account/ci/token', {})).json();
    const { user_code } = await start();
    const answer = await decide(user_code, 'confirm', { authorization: `Bearer ${token}` });
    expect([answer.statusCode, answer.json().message]).toEqual([403, expect.stringMatching(/has logged in/)]);
  });

  it('by guessing codes: a person may try only so many', async () => {
    const headers = asBrowser(await tokenOf('eve:login'));
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 60; attempt += 1) {
      statuses.add((await decide('BBBB-BBBB', 'confirm', headers)).statusCode);
    }
    expect([...statuses]).toEqual([404, 429]);
  });
});

describe('the page of a device login', () => {
  it('asks somebody who has not logged in to do that', async () => {
    const { user_code } = await start();
    const answer = await page(`/device?user_code=${user_code}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<form id="login">');
    // Strangers do not learn whether a code is known.
    expect(answer.body).toBe((await page('/device?user_code=BBBB-BBBB')).body);
    expect(answer.body).not.toContain('single sign-on');
  });

  it('shows which client asks, as text, under a strict policy', async () => {
    const { user_code } = await start({ client_name: '<img src=x onerror=alert(1)>"\'' });
    const answer = await page(`/device?user_code=${user_code}`, await tokenOf('admin:login'));
    expect(answer.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
      ),
    });
    expect(answer.body).toContain(`data-code="${user_code}"`);
    expect(answer.body).toContain('&#60;img src=x onerror=alert(1)&#62;&#34;&#39;');
    expect(answer.body).toContain('<dd>127.0.0.1</dd>');
    expect(answer.body).toMatch(/<time datetime="\d{4}-\d\d-\d\dT[\d:.]+Z">/);
    expect(answer.body).not.toMatch(/<img|<script>|<style/);
  });

  it('asks for the code when there is none, and says when it is not known', async () => {
    const token = await tokenOf('admin:login');
    expect((await page('/device', token)).body).not.toContain('not known');
    for (const code of ['BBBB-BBBB', 'nonsense', '<b>']) {
      const { body } = await page(`/device?user_code=${encodeURIComponent(code)}`, token);
      expect(body).toContain('This code is not known');
      expect(body).not.toContain('<b>');
    }
  });

  it.each([
    ['/device/page.js', /^text\/javascript/],
    ['/device/page.css', /^text\/css/],
  ])('has %s at the same address', async (url, type) => {
    const answer = await page(url);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, expect.stringMatching(type)]);
  });

  it('leads to single sign-on and is at the address of the settings', async () => {
    const data = {
      url: 'https://cd.example.com/base',
      'oidc.config': 'issuer: https://login.example.com\nclientID: tiphys',
    };
    await kube.patch(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`, { data });
    await eventually(async () => {
      const { verification_uri } = await start();
      expect(verification_uri).toBe('https://cd.example.com/base/device');
    });
    const { body } = await page('/device?user_code=BBBB-BBBB');
    const back = encodeURIComponent('https://cd.example.com/base/device?user_code=BBBBBBBB');
    expect(body).toContain(`href="/base/auth/login?return_url=${back}"`);
    expect(body).toContain('src="/base/device/page.js"');
  });
});

describe('device logins over time', () => {
  it('a code is refused when its time is over, and polls that come too fast wait longer each time', async () => {
    const connection = { host: redis.host, port: redis.port, password: () => redis.password };
    const cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
    const clock = fakeClock();
    const logins = createDeviceLogins({ cache, clock });
    const { deviceCode, userCode } = await logins.start({ name: 'cli', address: '192.0.2.1' });
    const kinds: string[] = [];
    for (const seconds of [0, 1, 6, 11, 25]) {
      clock.advance(seconds * 1000);
      kinds.push((await logins.poll(deviceCode)).kind);
    }
    expect(kinds).toEqual(['pending', 'tooFast', 'tooFast', 'tooFast', 'pending']);
    clock.advance(DEVICE_LIFETIME_MS);
    const code = normalizeUserCode(userCode) ?? '';
    expect(await logins.find(code)).toBeUndefined();
    expect(await logins.decide(code, () => ({ kind: 'denied' }))).toBeUndefined();
    expect(await logins.poll(deviceCode)).toEqual({ kind: 'expired' });
    await cache.close();
    await expect(logins.start({ name: 'cli', address: '192.0.2.1' })).rejects.toThrow(/need Redis/);
  });
});
