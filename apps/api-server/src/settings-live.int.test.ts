/** Settings take effect while the API server runs; bad values keep the last good ones and are told. On a real control plane. */
import { hash } from '@node-rs/bcrypt';
import { createMetrics } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const authority = createCertificateAuthority();
const metrics = createMetrics({ processMetrics: false });
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let bob: string;

const path = (kind: 'configmaps' | 'secrets', name: string) => `/api/v1/namespaces/${namespace}/${kind}/${name}`;
const setCm = (name: string, data: Record<string, string | null>) => kube.patch(path('configmaps', name), { data });
const setSecret = (data: Record<string, string | null>) =>
  kube.patch(path('secrets', 'argocd-secret'), {
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, value === null ? null : Buffer.from(value).toString('base64')]),
    ),
  });
const get = async (url: string, token = server.token) => {
  const answer = await server.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
};
const credentials = (type: string, name: string, stringData: Record<string, string>) =>
  kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret', stringData },
    metadata: { name, namespace, labels: { 'argocd.argoproj.io/secret-type': type } },
  } as KubeObject);

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, authority, { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('live');
  const names = [
    'argocd-cm',
    'argocd-rbac-cm',
    'argocd-cmd-params-cm',
    'argocd-tls-certs-cm',
    'argocd-ssh-known-hosts-cm',
  ];
  for (const name of names) {
    const data: Record<string, string> = name === 'argocd-cm' ? { 'accounts.bob': 'login, apiKey' } : {};
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data } as KubeObject);
  }
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir, metrics });
  const { data } = await kube.get<KubeObject & { data: { password: string } }>(
    path('secrets', 'argocd-initial-admin-secret'),
  );
  await server.logIn(Buffer.from(data.password, 'base64').toString());
  bob = (await server.call('POST', '/api/v1/account/bob/token', {})).json<{ token: string }>().token;
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('a change takes effect without a restart', () => {
  it.each([
    ['argocd-cm', 'url', 'https://cd.example.com', '/api/v1/settings', '"url":"https://cd.example.com"'],
    ['argocd-cm', 'passwordPattern', '^.{12,}$', '/api/v1/settings', '"passwordPattern":"^.{12,}$"'],
    ['argocd-cm', 'statusbadge.enabled', 'true', '/api/v1/settings', '"statusBadgeEnabled":true'],
    ['argocd-cm', 'exec.enabled', 'true', '/api/v1/settings', '"execEnabled":true'],
    ['argocd-cm', 'accounts.eve', 'login', '/api/v1/account', '"name":"eve"'],
    ['argocd-cm', 'cluster.inClusterEnabled', 'false', '/api/v1/clusters', '"items":[]'],
    [
      'argocd-ssh-known-hosts-cm',
      'ssh_known_hosts',
      'a.example.com ssh-rsa AAAA',
      '/api/v1/certificates',
      'a.example.com',
    ],
    ['argocd-tls-certs-cm', 'b.example.com', authority.cert, '/api/v1/certificates', 'b.example.com'],
  ])('%s %s', async (...[name, key, value, url, seen]) => {
    await setCm(name, { [key]: value });
    await eventually(async () => expect(JSON.stringify((await get(url)).body)).toContain(seen));
    await setCm(name, { [key]: null });
    await eventually(async () => expect(JSON.stringify((await get(url)).body)).not.toContain(seen));
  });

  it.each([
    ['repository', { url: 'https://git.example.com/live.git' }, '/api/v1/repositories'],
    ['repo-creds', { url: 'https://git.example.com/live' }, '/api/v1/repocreds'],
    ['cluster', { server: 'https://live.example.com', name: 'live', config: '{}' }, '/api/v1/clusters'],
  ])('a Secret of the type %s', async (type, data, url) => {
    await credentials(type, `a-${type}`, data);
    await eventually(async () => expect(JSON.stringify((await get(url)).body)).toContain('live'));
    await kube.remove(path('secrets', `a-${type}`));
    await eventually(async () => expect(JSON.stringify((await get(url)).body)).not.toContain('live'));
  });

  it('argocd-rbac-cm policy.csv and policy.default', async () => {
    const url = '/api/v1/projects/default';
    expect((await get(url, bob)).status).toBe(403);
    await setCm('argocd-rbac-cm', { 'policy.csv': 'p, bob, projects, get, *, allow' });
    await eventually(async () => expect((await get(url, bob)).status).toBe(200));
    await setCm('argocd-rbac-cm', { 'policy.csv': null });
    await eventually(async () => expect((await get(url, bob)).status).toBe(403));
    await setCm('argocd-rbac-cm', { 'policy.default': 'role:readonly' });
    await eventually(async () => expect((await get(url, bob)).status).toBe(200));
    await setCm('argocd-rbac-cm', { 'policy.default': null });
    await eventually(async () => expect((await get(url, bob)).status).toBe(403));
  });

  it('argocd-secret: a password, and tokens that are taken back', async () => {
    const payload = { username: 'bob', password: 'bob-password' };
    const status = async () =>
      (await server.app.inject({ method: 'POST', url: '/api/v1/session', payload })).statusCode;
    expect(await status()).toBe(401);
    await setSecret({ 'accounts.bob.password': await hash(payload.password, { cost: 4 }) });
    await eventually(async () => expect(await status()).toBe(200));
    expect((await get('/api/v1/account/bob', bob)).status).toBe(200);
    const listed = Buffer.from(
      (await kube.get<KubeObject & { data: Record<string, string> }>(path('secrets', 'argocd-secret'))).data[
        'accounts.bob.tokens'
      ] ?? '',
      'base64',
    ).toString();
    await setSecret({ 'accounts.bob.tokens': '[]' });
    await eventually(async () => expect((await get('/api/v1/account/bob', bob)).status).toBe(401));
    await setSecret({ 'accounts.bob.tokens': listed });
    await eventually(async () => expect((await get('/api/v1/account/bob', bob)).status).toBe(200));
  });
});

describe('a bad value', () => {
  interface Invalid {
    readonly object: string;
    readonly key: string;
    readonly message: string;
    readonly uses: string;
  }
  const invalid = async () => (await get('/api/v1/settings')).body['invalidSettings'] as readonly Invalid[];
  const told = (key: string) =>
    eventually(async () => {
      const found = (await invalid()).find((setting) => setting.key === key);
      if (found === undefined) throw new Error(`${key} is not reported`);
      return found;
    });
  const repaired = () => eventually(async () => expect(await invalid()).toEqual([]));

  it('of the policy keeps the last good policy, whole, and says so in the settings, a metric and an Event', async () => {
    const url = '/api/v1/projects/default';
    const good = 'p, bob, projects, get, *, allow';
    await setCm('argocd-rbac-cm', { 'policy.csv': good });
    await eventually(async () => expect((await get(url, bob)).status).toBe(200));
    await setCm('argocd-rbac-cm', { 'policy.csv': 'p, bob, projects, get, *, deny\np, bob, projects' });
    expect(await told('policy.csv')).toMatchObject({
      ...{ object: 'argocd-rbac-cm', uses: 'last good value', message: expect.stringContaining('line 2') as string },
    });
    expect((await get(url, bob)).status).toBe(200);
    await eventually(async () =>
      expect(await metrics.render()).toContain('tiphys_settings_invalid{object="argocd-rbac-cm",key="policy.csv"} 1'),
    );
    await eventually(async () =>
      expect(await kube.list(`/api/v1/namespaces/${namespace}/events`)).toContainEqual(
        expect.objectContaining({
          ...{ type: 'Warning', reason: 'InvalidSetting', source: { component: 'argocd-server' } },
          involvedObject: expect.objectContaining({ kind: 'ConfigMap', name: 'argocd-rbac-cm' }) as unknown,
          message: expect.stringMatching(/^policy\.csv: line 2: .*; the last good value is used$/) as string,
        }),
      ),
    );
    expect((await get('/api/v1/settings', bob)).body).not.toHaveProperty('invalidSettings');
    await setCm('argocd-rbac-cm', { 'policy.csv': null });
    await repaired();
    expect((await get(url, bob)).status).toBe(403);
    await eventually(async () => expect(await metrics.render()).not.toContain('key="policy.csv"'));
  });

  it('of argocd-cm does not hold back another one', async () => {
    await setCm('argocd-cm', { url: 'https://good.example.com' });
    await eventually(async () => expect((await get('/api/v1/settings')).body['url']).toBe('https://good.example.com'));
    await setCm('argocd-cm', { url: 'bad', 'exec.enabled': 'true' });
    await told('url');
    expect((await get('/api/v1/settings')).body).toMatchObject({ url: 'https://good.example.com', execEnabled: true });
    await setCm('argocd-cm', { url: null, 'exec.enabled': null });
    await repaired();
  });

  it('of the signing key logs nobody out; a new one does (S15)', async () => {
    const { data } = await kube.get<KubeObject & { data: Record<string, string> }>(path('secrets', 'argocd-secret'));
    await setSecret({ 'server.secretkey': null });
    expect(await told('server.secretkey')).toMatchObject({ object: 'argocd-secret', uses: 'last good value' });
    expect((await get('/api/v1/account')).status).toBe(200);
    await setSecret({ 'server.secretkey': 'a-new-and-long-enough-key' });
    await eventually(async () => expect((await get('/api/v1/account')).status).toBe(401));
    await setSecret({ 'server.secretkey': Buffer.from(data['server.secretkey'] ?? '', 'base64').toString() });
    await eventually(async () => expect((await get('/api/v1/account')).status).toBe(200));
    await repaired();
  });
});
