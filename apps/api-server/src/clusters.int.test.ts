/** Clusters on a real control plane and Redis (N09, H01-H07): the cluster that is registered is the control plane's own, under its real address. */
import { clusterInfoCacheKey } from '@tiphys/model';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  type SharedControlPlane,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clusterSecretName } from './routes/clusters/record.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

const CLUSTERS = '/api/v1/clusters';
const IN_CLUSTER = 'https://kubernetes.default.svc';
const CANARY = 'canary-7f3a91';

const tlsDir = temporaryDirectory('tls');
let plane: SharedControlPlane;
let server: TestApp;
let kube: KubeClient;
let namespace: string;
const tokens: Record<string, string> = {};

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString();
const one = (id: string, type = '') => `${CLUSTERS}/${encodeURIComponent(id)}${type === '' ? '' : `?id.type=${type}`}`;
const secrets = () => `/api/v1/namespaces/${namespace}/secrets`;
const secret = (name: string) => kube.get<Secret>(`${secrets()}/${name}`);
const as = (user: string, [method, url]: readonly [Method, string], body?: object) =>
  server.app.inject({
    ...{ method, url },
    headers: {
      authorization: `Bearer ${tokens[user]}`,
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });

function registration(changes: object = {}) {
  const config = { bearerToken: plane.adminToken, tlsClientConfig: { caData: plane.caData } };
  return { server: plane.server, name: 'real', config, ...changes };
}

async function register(changes: object = {}): Promise<void> {
  const answer = await server.call('POST', CLUSTERS, registration(changes));
  if (answer.statusCode !== 200) throw new Error(answer.body);
}

beforeAll(async () => {
  const [started, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  plane = started;
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('clusters');
  const policy = 'p, team, clusters, *, team/*, allow\np, reader, clusters, get, *, allow';
  for (const [name, data] of [
    ['argocd-cm', { 'accounts.team': 'apiKey', 'accounts.reader': 'apiKey' }],
    ['argocd-rbac-cm', { 'policy.csv': policy }],
  ] as const) {
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  await server.logIn(decode((await secret('argocd-initial-admin-secret')).data['password']));
  for (const user of ['team', 'reader']) {
    tokens[user] = (await server.call('POST', `/api/v1/account/${user}/token`, {})).json<{ token: string }>().token;
  }
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

afterEach(async () => {
  await server.call('DELETE', one(plane.server));
  await eventually(async () => expect((await server.call('GET', one(plane.server))).statusCode).toBe(403));
});

describe('create', () => {
  it('asks the cluster, writes the Secret that Argo CD would write, and answers without credentials (H01, S21)', async () => {
    const created = await server.call(
      'POST',
      CLUSTERS,
      registration({ namespaces: ['a', 'b'], labels: { env: 'test' } }),
    );
    expect(created.statusCode, created.body).toBe(200);
    expect(created.json()).toMatchObject({
      ...{ server: plane.server, name: 'real', namespaces: ['a', 'b'], labels: { env: 'test' } },
      connectionState: { status: 'Successful' },
      serverVersion: expect.stringMatching(/^1\.\d+$/),
      info: { applicationsCount: 0, connectionState: { status: 'Successful' } },
    });
    expect(created.body).not.toContain(plane.adminToken);
    const { metadata, data } = await secret(clusterSecretName(plane.server));
    expect(metadata).toMatchObject({
      labels: { 'argocd.argoproj.io/secret-type': 'cluster', env: 'test' },
      annotations: { 'managed-by': 'argocd.argoproj.io' },
    });
    const stored = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
    expect({ ...stored, config: JSON.parse(stored['config'] ?? '') }).toEqual({
      ...{ server: plane.server, name: 'real', namespaces: 'a,b', config: registration().config },
    });
  });

  it('an equal one is answered, a different one needs upsert', async () => {
    await register();
    expect((await server.call('POST', CLUSTERS, registration())).statusCode).toBe(200);
    const renamed = registration({ name: 'other' });
    const refused = await server.call('POST', CLUSTERS, renamed);
    expect([refused.statusCode, refused.json().message]).toEqual([400, expect.stringContaining('use upsert flag')]);
    expect((await server.call('POST', `${CLUSTERS}?upsert=true`, renamed)).json()).toMatchObject({ name: 'other' });
    expect((await server.call('GET', one('other', 'name'))).statusCode).toBe(200);
  });

  it.each([
    [
      'a token that the cluster does not know',
      { config: { bearerToken: 'wrong', tlsClientConfig: { insecure: true } } },
      /cannot be used with this registration/,
    ],
    ['an address where nothing answers', { server: 'https://127.0.0.1:1' }, /cannot be used with this registration/],
    [
      'a command that is not allowed (S10)',
      { config: { execProviderConfig: { command: '/bin/sh' } } },
      /is not allowed/,
    ],
    ['an address that is no URL', { server: 'cluster' }, /use https:\/\/host:port/],
    ['an address with a password', { server: 'https://a:b@host' }, /use https:\/\/host:port/],
    ['a namespace that is none', { namespaces: ['a,b'] }, /is not the name of a namespace/],
  ])('%s is refused and nothing is written', async (_, changes, message) => {
    const answer = await server.call('POST', CLUSTERS, registration(changes));
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(message)]);
    const { items } = (await server.call('GET', CLUSTERS)).json();
    expect(items.map((item: { server: string }) => item.server)).toEqual([IN_CLUSTER]);
  });
});

describe('read', () => {
  it('finds a cluster by address and name; a missing one looks like a forbidden one', async () => {
    await register({ name: 'one two' });
    const found = [one(plane.server), one('one two', 'name'), one('one%20two', 'name_escaped')];
    for (const url of found) expect((await server.call('GET', url)).json(), url).toMatchObject({ name: 'one two' });
    const missing = await server.call('GET', one('https://missing'));
    const forbidden = await as('team', ['GET', one(plane.server)]);
    expect([missing.statusCode, missing.body]).toEqual([403, forbidden.body]);
    expect((await as('team', ['GET', CLUSTERS])).json().items).toEqual([]);
    const named = (await server.call('GET', `${CLUSTERS}?name=one+two`)).json();
    expect(named.items).toHaveLength(1);
  });

  it('shows no credential of any kind, wherever the Secret holds it (S21)', async () => {
    const pem = (text: string) =>
      Buffer.from(`-----BEGIN X-----\n${CANARY}${text}\n-----END X-----`).toString('base64');
    const config = {
      ...{ username: 'u', password: `${CANARY}-password`, bearerToken: `${CANARY}-token` },
      tlsClientConfig: { keyData: pem('key'), certData: Buffer.from('cert').toString('base64') },
      execProviderConfig: {
        command: 'aws',
        args: [`${CANARY}-arg`],
        env: { KEY: `${CANARY}-env` },
        installHint: CANARY,
      },
      proxyUrl: `http://user:${CANARY}@proxy:3128`,
    };
    const stringData = { server: 'https://canary', name: 'canary', config: JSON.stringify(config) };
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'Secret', stringData },
      metadata: {
        ...{ name: 'canary', namespace, labels: { 'argocd.argoproj.io/secret-type': 'cluster' } },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(stringData) },
      },
    });
    await eventually(async () => expect((await server.call('GET', one('https://canary'))).statusCode).toBe(200));
    const answers = await Promise.all([
      server.call('GET', one('https://canary')),
      server.call('GET', CLUSTERS),
      as('reader', ['GET', CLUSTERS]),
      server.call('POST', `${one('https://canary')}/invalidate-cache`, {}),
      server.call('POST', CLUSTERS, { server: 'https://canary', name: 'x', config: {} }),
      server.call('PUT', `${one('https://canary')}?updatedFields=name`, { name: 'new' }),
    ]);
    const encodings = [CANARY, Buffer.from(CANARY).toString('base64').replace(/=+$/, '').slice(0, -1), pem('key')];
    for (const { body } of answers) for (const text of encodings) expect(body).not.toContain(text);
    expect(answers[0].json().config).toMatchObject({
      execProviderConfig: { command: 'aws' },
      proxyUrl: 'http://proxy:3128',
    });
    await server.call('DELETE', one('https://canary'));
    const unlisted = await secret('canary');
    expect(unlisted.metadata.labels ?? {}, 'a Secret of another tool is taken off the list, not deleted').toEqual({});
    expect(unlisted.data['server']).toBe(Buffer.from('https://canary').toString('base64'));
    await eventually(async () => expect((await server.call('GET', one('https://canary'))).statusCode).toBe(403));
  });
});

describe('update and delete', () => {
  it('changes the named fields and keeps the credentials', async () => {
    await register({ shard: 1, project: 'team' });
    const answer = await server.call('PUT', `${one(plane.server)}?updatedFields=name&updatedFields=namespaces`, {
      ...{ name: 'renamed', namespaces: ['only'], project: 'ignored' },
    });
    expect(answer.json()).toMatchObject({ name: 'renamed', namespaces: ['only'], project: 'team', shard: 1 });
    const { data } = await secret(clusterSecretName(plane.server));
    expect(JSON.parse(decode(data['config']))).toEqual(registration().config);
    const unknown = await server.call('PUT', `${one(plane.server)}?updatedFields=server`, {});
    expect(unknown.json().message).toContain('"server" cannot be updated');
  });

  it('needs the rights on the old and the new project, and never writes to another cluster (S19, CVE-2023-23947)', async () => {
    await register({ project: 'team' });
    const put = (user: string, body: object) => as(user, ['PUT', `${one(plane.server)}?updatedFields=project`], body);
    expect((await put('team', { project: 'foreign' })).statusCode).toBe(403);
    expect((await put('team', { project: '' })).statusCode).toBe(403);
    expect((await put('reader', { project: 'team' })).statusCode).toBe(403);
    const elsewhere = await as(
      'team',
      ['PUT', one(plane.server)],
      registration({ server: IN_CLUSTER, project: 'team' }),
    );
    expect(elsewhere.json().message).toContain('server cannot change');
    expect((await as('team', ['PUT', one(IN_CLUSTER)], { project: 'team' })).statusCode).toBe(403);
    expect((await as('reader', ['DELETE', one(plane.server)])).statusCode).toBe(403);
    expect((await put('team', { project: 'team' })).statusCode).toBe(200);
    expect((await as('team', ['DELETE', one(plane.server)])).statusCode).toBe(200);
    await eventually(async () => expect((await server.call('GET', one(plane.server))).statusCode).toBe(403));
  });

  it('shows what the controller last saw of a cluster, in lists, too (H06, G15)', async () => {
    const seen = { status: 'Degraded', message: 'a.b/C cannot be read', kubeVersion: 'v1.36.1', resourcesCount: 7 };
    const info = { ...seen, apisCount: 3, attemptedAt: '2036-01-01T00:00:00.000Z' };
    await server.deps.clusters.cache.setJson(clusterInfoCacheKey(IN_CLUSTER), info, 60_000);
    const expected = {
      serverVersion: '1.36',
      connectionState: { status: 'Degraded', message: 'a.b/C cannot be read' },
      info: { cacheInfo: { resourcesCount: 7, apisCount: 3 }, applicationsCount: 0, serverVersion: '1.36' },
    };
    expect((await server.call('GET', one(IN_CLUSTER))).json()).toMatchObject(expected);
    const { items } = (await server.call('GET', CLUSTERS)).json<{ items: readonly { readonly server: string }[] }>();
    expect(items.find((cluster) => cluster.server === IN_CLUSTER)).toMatchObject(expected);
    await server.deps.clusters.cache.setJson(clusterInfoCacheKey(IN_CLUSTER), { ...info, status: 'Unknown' }, 60_000);
  });

  it('the built-in cluster is not deleted, and asked again when its cache is invalidated (H05)', async () => {
    const refused = await server.call('DELETE', one(IN_CLUSTER));
    expect([refused.statusCode, refused.json().message]).toEqual([400, expect.stringContaining('inClusterEnabled')]);
    expect((await server.call('POST', `${one(IN_CLUSTER)}/invalidate-cache`, {})).json()).toMatchObject({
      connectionState: { status: 'Successful' },
    });
    expect((await server.call('GET', one('in-cluster', 'name'))).json().serverVersion).toMatch(/^1\.\d+$/);
  });
});

describe('invalidate-cache (H10)', () => {
  it('marks the Secret of the cluster, so that the controller reads the cluster anew; credentials stay', async () => {
    await register();
    const name = clusterSecretName(plane.server);
    const before = await secret(name);
    const answer = await server.call('POST', `${one(plane.server)}/invalidate-cache`, {});
    expect(answer.json()).toMatchObject({ connectionState: { status: 'Successful' } });
    const { data, metadata } = await secret(name);
    expect(data).toEqual(before.data);
    expect(Date.parse(metadata.annotations?.['argocd.argoproj.io/refresh'] ?? '')).toBeGreaterThan(0);
  });
});

describe('rotate-auth', () => {
  it('stores a new token of the service account and ends the old one', async () => {
    const metadata = { name: 'manager', namespace };
    await kube.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await kube.create({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }],
    });
    await kube.create({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'manager' },
      subjects: [{ kind: 'ServiceAccount', name: 'manager', namespace }],
    });
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
      metadata: {
        ...{ name: 'first-token', namespace },
        annotations: { 'kubernetes.io/service-account.name': 'manager' },
      },
    });
    const first = await eventually(async () => {
      const token = decode((await secret('first-token')).data?.['token']);
      expect(token).not.toBe('');
      return token;
    });
    await register({ config: { bearerToken: first, tlsClientConfig: { caData: plane.caData } } });
    const rotated = await server.call('POST', `${one(plane.server)}/rotate-auth`, {});
    expect([rotated.statusCode, rotated.body]).toEqual([200, '{}']);
    const config = JSON.parse(decode((await secret(clusterSecretName(plane.server))).data['config']));
    expect(config.bearerToken).not.toBe(first);
    expect(config.tlsClientConfig).toEqual({ caData: plane.caData });
    await expect(secret('first-token')).rejects.toMatchObject({ code: 404 });
    const checked = await server.call('POST', `${one(plane.server)}/invalidate-cache`, {});
    expect(checked.json().connectionState.status).toBe('Successful');
  });

  it('says why a cluster without such a token cannot do it', async () => {
    await register();
    const real = await server.call('POST', `${one(plane.server)}/rotate-auth`, {});
    expect([real.statusCode, real.json().message]).toEqual([400, expect.stringContaining('not of a service account')]);
    const own = await server.call('POST', `${one(IN_CLUSTER)}/rotate-auth`, {});
    expect(own.json().message).toBe(`Cluster '${IN_CLUSTER}' does not use bearer token authentication`);
    expect((await as('reader', ['POST', `${one(plane.server)}/rotate-auth`], {})).statusCode).toBe(403);
  });
});
