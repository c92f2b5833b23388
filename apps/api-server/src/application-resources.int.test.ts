/** One live resource of an application through REST on a real API server: show, patch, delete, access, masking (N04, F14). */
import { createAuthenticatedCache } from '@tiphys/cache';
import { resourceTreeCacheKey } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
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
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const CANARY = 'canary-2f6c1d';
const CANARY_BASE64 = Buffer.from(CANARY).toString('base64');
const MERGE = 'application/merge-patch+json';
const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let redis: SharedRedis;
let namespace: string;
let cache: Awaited<ReturnType<typeof createAuthenticatedCache>>;

const url = '/api/v1/applications/app/resource';
const at = (resource: string, name: string) => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const node = (kind: string, name: string) => ({ group: '', kind, name, namespace, uid: 'u', version: 'v1' });

interface Call {
  readonly user?: string;
  readonly kind?: string;
  readonly more?: Record<string, string>;
  readonly body?: unknown;
}

async function call(method: 'GET' | 'POST' | 'DELETE', resourceName: string, options: Call = {}) {
  const { user, kind = 'ConfigMap', more = {}, body } = options;
  const token = user === undefined ? server.token : await tokenOf(user);
  const query = new URLSearchParams({ kind, resourceName, namespace, version: 'v1', group: '', ...more });
  const answer = await server.app.inject({
    ...{ method, url: `${url}?${query}` },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return { status: answer.statusCode, text: answer.body, body: answer.json() };
}

const patch = (name: string, change: unknown, options: Call = {}) =>
  call('POST', name, { more: { patchType: MERGE }, ...options, body: JSON.stringify(change) });

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('resources');
  const config = (name: string, data: Record<string, string>) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  await config('argocd-cm', {
    ...{ 'accounts.bob': 'login', 'accounts.eve': 'login', 'accounts.old': 'login', 'accounts.own': 'login' },
    'resource.sensitive.mask.annotations': 'example.com/token',
  });
  await config('argocd-rbac-cm', {
    'policy.csv': [
      'p, bob, applications, get, default/*, allow',
      `p, own, applications, get, default/*, allow`,
      `p, own, applications, update//ConfigMap/${namespace}/mine, default/*, allow`,
      `p, own, applications, delete//ConfigMap/${namespace}/mine*, default/*, allow`,
      'p, old, applications, get, default/*, allow',
      'p, old, applications, update, default/*, allow',
      'p, old, applications, delete, default/*, allow',
    ].join('\n'),
  });
  const names = ['settings', 'mine', 'mine-2', 'doomed', 'orphan', 'foreign', 'tables', 'guarded'];
  await Promise.all(names.map((name) => config(name, { a: 'b' })));
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret', stringData: { key: CANARY } },
    metadata: {
      ...{ name: 'hidden', namespace },
      annotations: { 'example.com/token': CANARY, 'kubectl.kubernetes.io/last-applied-configuration': CANARY },
    },
  } as KubeObject);
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    at('secrets', 'argocd-initial-admin-secret'),
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const spec = { source, destination: { server: 'https://kubernetes.default.svc', namespace } };
  expect((await server.call('POST', '/api/v1/applications', { metadata: { name: 'app' }, spec })).statusCode).toBe(200);
  const nodes = ['settings', 'mine', 'mine-2', 'doomed', 'tables', 'guarded', 'gone'].map((name) =>
    node('ConfigMap', name),
  );
  const orphanedNodes = [node('ConfigMap', 'orphan')];
  await cache.setJson(
    resourceTreeCacheKey('app'),
    { nodes: [...nodes, node('Secret', 'hidden')], orphanedNodes },
    600_000,
  );
});

afterAll(async () => {
  await server?.stop();
  await cache?.close();
  removeDirectory(tlsDir);
});

async function tokenOf(account: string): Promise<string> {
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(at('secrets', 'argocd-secret'));
  const key = Buffer.from(secret.data['server.secretkey'] ?? '', 'base64');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

describe('a resource', () => {
  it('is shown as the cluster holds it', async () => {
    const { status, body } = await call('GET', 'settings');
    expect(status).toBe(200);
    expect(JSON.parse(body.manifest)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
  });

  it('that is orphaned belongs to the tree', async () => {
    expect((await call('GET', 'orphan')).status).toBe(200);
  });

  it('that is a Secret is shown without its values (S21)', async () => {
    const { status, text, body } = await call('GET', 'hidden', { kind: 'Secret' });
    expect(status).toBe(200);
    expect(JSON.parse(body.manifest)).toMatchObject({
      data: { key: '++++++++' },
      metadata: { annotations: { 'example.com/token': '++++++++' } },
    });
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(CANARY_BASE64);
  });

  it.each(['GET', 'POST', 'DELETE'] as const)(
    'outside the tree is not found by %s, whatever the cluster holds',
    async (method) => {
      const body = method === 'POST' ? '{"data":{"a":"c"}}' : undefined;
      const foreign = await call(method, 'foreign', { body });
      expect([foreign.status, foreign.body.message]).toEqual([400, expect.stringContaining('not found as part of')]);
      const secret = await call(method, 'argocd-secret', { kind: 'Secret', body });
      expect(secret.status).toBe(400);
      expect(await kube.get(at('configmaps', 'foreign'))).toMatchObject({ data: { a: 'b' } });
    },
  );

  it('that was deleted meanwhile is not found', async () => {
    expect((await call('GET', 'gone')).status).toBe(404);
  });

  it.each(['GET', 'POST', 'DELETE'] as const)(
    'is hidden from who may not see the application: %s (S18, S19)',
    async (method) => {
      const answer = await call(method, 'settings', { user: 'eve', body: method === 'POST' ? '{}' : undefined });
      expect([answer.status, answer.body.message]).toEqual([403, 'permission denied']);
    },
  );
});

describe('a patch', () => {
  const data = async (name: string) => ((await kube.get(at('configmaps', name))) as KubeObject & { data: object }).data;

  it.each([
    ['by default', '', { data: { x: '1' } }],
    ['as merge', 'merge', { data: { x: '2' } }],
    ['as a merge media type', MERGE, { data: { x: '3' } }],
    ['as a strategic merge', 'strategic', { data: { x: '4' } }],
    ['as a strategic media type', 'application/strategic-merge-patch+json', { data: { x: '5' } }],
    ['as a JSON patch', 'json', [{ op: 'add', path: '/data/x', value: '6' }]],
    ['as a JSON patch media type', 'application/json-patch+json', [{ op: 'replace', path: '/data/x', value: '7' }]],
  ])('is applied %s, and the result is the answer', async (_name, patchType, change) => {
    const { status, body } = await patch('settings', change, { more: { patchType } });
    expect(status).toBe(200);
    expect(JSON.parse(body.manifest)).toMatchObject({ data: await data('settings') });
    expect(JSON.stringify(change)).toContain(JSON.parse(body.manifest).data.x);
  });

  it('of a Secret answers and fails without its values (S21)', async () => {
    const done = await patch('hidden', { metadata: { labels: { seen: 'yes' } } }, { kind: 'Secret' });
    expect([done.status, JSON.parse(done.body.manifest).metadata.labels]).toEqual([200, { seen: 'yes' }]);
    const failed = await patch('hidden', { data: { key: `!${CANARY}!` } }, { kind: 'Secret' });
    expect(failed.status).toBeGreaterThanOrEqual(400);
    expect(failed.body.message).toMatch(/refused the patch of Secret hidden/);
    for (const { text } of [done, failed]) {
      expect(text).not.toContain(CANARY);
      expect(text).not.toContain(CANARY_BASE64);
    }
  });

  it.each([
    { op: 'copy', from: '/data/key', path: '/metadata/annotations/leak' },
    { op: 'move', from: '/data/key', path: '/metadata/annotations/leak' },
    { op: 'test', path: '/data/key', value: CANARY_BASE64 },
  ])('may not bring a Secret to light by $op (S21)', async (step) => {
    const answer = await patch('hidden', [step], { kind: 'Secret', more: { patchType: 'json' } });
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining('may only add')]);
  });

  it.each([
    { what: 'an unknown type', patchType: 'apply', body: '{}', message: /patchType apply/ },
    { what: 'no JSON', patchType: 'merge', body: '{"a', message: /not valid JSON/ },
    { what: 'a list as merge', patchType: 'merge', body: '[]', message: /JSON object/ },
    { what: 'an object as JSON patch', patchType: 'json', body: '{}', message: /JSON array/ },
    { what: 'a JSON null', patchType: 'merge', body: 'null', message: /JSON object/ },
  ])('with $what is refused', async ({ patchType, body, message }) => {
    const answer = await call('POST', 'settings', { more: { patchType }, body });
    expect([answer.status, answer.body.message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('is told in an Event with the user (F35)', async () => {
    expect((await patch('settings', { data: { y: '1' } })).status).toBe(200);
    await eventually(async () => {
      const events = await kube.list(`/api/v1/namespaces/${namespace}/events`);
      const message = "admin patched resource /ConfigMap 'settings'";
      expect(events).toContainEqual(expect.objectContaining({ reason: 'ResourceUpdated', message }));
    });
  });
});

describe('rights on single resources (F14)', () => {
  it('who may only look can neither patch nor delete', async () => {
    const refused = await patch('settings', { data: { z: '1' } }, { user: 'bob' });
    expect([refused.status, refused.body.message]).toEqual([
      403,
      `permission denied: applications, update//ConfigMap/${namespace}/settings, default/app, sub: bob`,
    ]);
    expect((await call('DELETE', 'settings', { user: 'bob' })).status).toBe(403);
    expect(await kube.get(at('configmaps', 'settings'))).toBeDefined();
  });

  it('update/… and delete/… reach exactly what they name', async () => {
    expect((await patch('mine', { data: { z: '1' } }, { user: 'own' })).status).toBe(200);
    expect((await patch('mine-2', { data: { z: '1' } }, { user: 'own' })).status).toBe(403);
    expect((await call('DELETE', 'settings', { user: 'own' })).status).toBe(403);
    expect((await call('DELETE', 'mine-2', { user: 'own' })).status).toBe(200);
  });

  it('update and delete of the application reach resources only when the setting says so', async () => {
    expect((await patch('mine', { data: { z: '2' } }, { user: 'old' })).status).toBe(403);
    const key = 'server.rbac.disableApplicationFineGrainedRBACInheritance';
    await kube.patch(at('configmaps', 'argocd-cm'), { data: { [key]: 'false' } });
    await eventually(async () => expect((await patch('mine', { data: { z: '2' } }, { user: 'old' })).status).toBe(200));
    expect((await call('DELETE', 'mine', { user: 'old' })).status).toBe(200);
  });
});

describe('events of a resource', () => {
  it('are read from the cluster that the application is deployed to, for objects of its tree only', async () => {
    const { server: address, caData, adminToken } = await sharedControlPlane();
    const config = JSON.stringify({ bearerToken: adminToken, tlsClientConfig: { caData } });
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'Secret', stringData: { name: 'other', server: address, config } },
      metadata: { name: 'other', namespace, labels: { 'argocd.argoproj.io/secret-type': 'cluster' } },
    } as KubeObject);
    await eventually(() => {
      expect(server.deps.applicationState.settings.clusters().map(({ name }) => name)).toContain('other');
    });
    const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
    const app = { metadata: { name: 'away' }, spec: { source, destination: { name: 'other', namespace } } };
    expect((await server.call('POST', '/api/v1/applications', app)).statusCode).toBe(200);
    const uid = 'e0b1c2d3-0000-4000-8000-000000000001';
    await cache.setJson(resourceTreeCacheKey('away'), { nodes: [{ ...node('ConfigMap', 'far'), uid }] }, 600_000);
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: 'far.1', namespace } },
      ...{ reason: 'Seen', message: 'here', type: 'Normal' },
      involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'far', namespace, uid },
    } as KubeObject);
    const events = (resourceUID: string) =>
      server.call(
        'GET',
        `/api/v1/applications/away/events?${new URLSearchParams({ resourceName: 'far', resourceNamespace: namespace, resourceUID })}`,
      );
    const answer = await events(uid);
    expect([answer.statusCode, answer.json().items]).toEqual([200, [expect.objectContaining({ reason: 'Seen' })]]);
    expect((await events('another')).statusCode).toBe(404);
  });
});

describe('a deletion', () => {
  it.each([
    ['with its dependents', {}, 'doomed'],
    ['by force', { force: 'true' }, 'tables'],
    ['and leaves its dependents', { orphan: 'true' }, 'orphan'],
  ])('removes the object %s', async (_name, more, name) => {
    expect(await call('DELETE', name, { more: more as Record<string, string> })).toMatchObject({
      status: 200,
      body: {},
    });
    await eventually(async () => {
      const left = await kube.list(`/api/v1/namespaces/${namespace}/configmaps`);
      expect(left.map(({ metadata }) => metadata.name)).not.toContain(name);
    });
  });

  it('and a patch need the consent of the project', async () => {
    const project = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/appprojects/default`;
    await kube.patch(project, { spec: { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] } });
    await eventually(() => {
      const { spec } = server.deps.applications.projects.get('default') ?? {};
      expect(spec?.namespaceResourceBlacklist).toHaveLength(1);
    });
    for (const answer of [await call('DELETE', 'guarded'), await patch('guarded', { data: { a: 'c' } })]) {
      expect([answer.status, answer.body.message]).toEqual([403, expect.stringContaining('project default')]);
    }
    expect(await kube.get(at('configmaps', 'guarded'))).toMatchObject({ data: { a: 'b' } });
  });
});
