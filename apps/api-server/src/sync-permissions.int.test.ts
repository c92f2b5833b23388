/** What a sync or rollback by hand needs beyond the permission `sync`, on a real control plane (B35, D24, D45, F18). */
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
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiServerDeps } from './deps.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
/** Actions that the user may not do, for now. */
const denied = new Set<string>();
let server: TestApp;
let kube: KubeClient;
let namespace: string;

const path = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
const SOURCE = { repoURL: 'https://git.example.com/org/repo.git', path: 'guestbook', targetRevision: 'main' };
const HISTORY = [{ id: 0, revision: 'a'.repeat(40), source: SOURCE, deployedAt: '2026-01-01T00:00:00Z' }];

function withDenials(deps: ApiServerDeps): ApiServerDeps {
  const { authorizer } = deps.applications;
  const applications: ApiServerDeps['applications'] = {
    ...deps.applications,
    authorizer: (subject, request) => !denied.has(request.action) && authorizer(subject, request),
  };
  return { ...deps, applications };
}

async function given(name: string): Promise<void> {
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'guestbook' };
  const body = { metadata: { name }, spec: { source: SOURCE, destination } };
  const created = await server.call('POST', '/api/v1/applications', body);
  if (created.statusCode !== 200) throw new Error(created.body);
}

async function call(route: string, body: object): Promise<readonly [number, string | undefined]> {
  const answer = await server.call('POST', `/api/v1/applications/${route}`, body);
  return [answer.statusCode, answer.json<{ message?: string }>().message];
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('permissions');
  server = await startTestApp({
    ...{ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir },
    overrides: withDenials,
  });
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(secret.data['password'] ?? '', 'base64').toString());
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

it('local manifests need the permission override (B35, S19)', async () => {
  await given('local');
  const request = { manifests: ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'] };
  denied.add('override');
  expect(await call('local/sync', request)).toEqual([
    403,
    'permission denied: applications, override, default/local, sub: admin',
  ]);
  expect((await kube.get(path('local')))['operation']).toBeUndefined();
  denied.clear();
  expect(await call('local/sync', request)).toEqual([200, undefined]);
});

it('an application that brings an operation with manifests needs it, too (B35, S19)', async () => {
  const destination = { server: 'https://kubernetes.default.svc', namespace: 'guestbook' };
  const operation = { sync: { manifests: ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'] } };
  const create = async () => {
    const body = { metadata: { name: 'brought' }, spec: { source: SOURCE, destination }, operation };
    return (await server.call('POST', '/api/v1/applications', body)).statusCode;
  };
  denied.add('override');
  expect(await create()).toBe(403);
  denied.clear();
  expect(await create()).toBe(200);
});

it('settings forbid Replace, other revisions and rollbacks to who may only sync (D24, D45, F18)', async () => {
  await given('guarded');
  await kube.patch(path('guarded'), { status: { history: HISTORY } });
  const config = (name: string, data: object) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data } as KubeObject);
  await config('argocd-cmd-params-cm', { 'server.sync.replace.allowed': 'false' });
  await config('argocd-cm', {
    'application.sync.requireOverridePrivilegeForRevisionSync': 'true',
    'server.rbac.rollback.enforce.enable': 'true',
  });
  await eventually(() =>
    expect(server.deps.applications.settings.server()).toMatchObject({
      ...{ syncWithReplaceAllowed: false, revisionSyncNeedsOverride: true, rollbackIsPermission: true },
    }),
  );
  expect(await call('guarded/sync', { syncOptions: { items: ['Replace=true'] } })).toEqual([
    400,
    'sync with replace was disabled on the API Server level via the server configuration',
  ]);
  denied.add('override').add('rollback');
  expect(await call('guarded/sync', { revision: 'feature' })).toEqual([403, expect.stringContaining(', override, ')]);
  expect(await call('guarded/rollback', { id: 0 })).toEqual([403, expect.stringContaining(', rollback, ')]);
  expect(await call('guarded/sync', { revision: 'main' })).toEqual([200, undefined]);
});
