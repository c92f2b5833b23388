/** Resource actions through REST on a real API server: built-in ones, the administrator's, access, projects, audit (E12-E15). */
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

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let redis: SharedRedis;
let namespace: string;
let cache: Awaited<ReturnType<typeof createAuthenticatedCache>>;

const POD = { spec: { containers: [{ name: 'c', image: 'example.com/c:1' }], restartPolicy: 'Never' } };
const CUSTOM = `
mergeBuiltinActions: true
discovery.lua: |
  local actions = {}
  actions["mark"] = { displayName = "Mark it", iconClass = "fa fa-tag", params = {{ name = "text", default = "x" }} }
  actions["copy"] = { disabled = obj.data == nil }
  return actions
definitions:
- name: mark
  action.lua: |
    if obj.metadata.labels == nil then obj.metadata.labels = {} end
    obj.metadata.labels["marked"] = actionParams["text"]
    return obj
- name: copy
  action.lua: |
    local copy = { apiVersion = "v1", kind = "ConfigMap", metadata = {}, data = obj.data }
    copy.metadata.name = obj.metadata.name .. "-copy"
    copy.metadata.namespace = obj.metadata.namespace
    obj.data.copied = "yes"
    return { { operation = "create", resource = copy }, { operation = "patch", resource = obj } }
- name: steal
  action.lua: |
    local other = { apiVersion = "v1", kind = "Namespace", metadata = { name = "stolen" } }
    obj.data.copied = "no"
    return { { operation = "patch", resource = obj }, { operation = "create", resource = other } }
- name: fail
  action.lua: |
    error("not today")
`;

const base = (name: string) => `/api/v1/namespaces/${namespace}/configmaps/${name}`;
const url = '/api/v1/applications/app/resource/actions';
/** `group/Kind/name` */
const node = (path: string, uid = 'u') => {
  const [group = '', kind = '', name = ''] = path.split('/');
  return { group, kind, name, namespace, uid, version: 'v1' };
};

interface Target {
  readonly group?: string;
  readonly kind: string;
  readonly resourceName: string;
}

function query({ group = '', kind, resourceName }: Target): string {
  return new URLSearchParams({ group, kind, resourceName, namespace, version: 'v1' }).toString();
}

const deployment: Target = { group: 'apps', kind: 'Deployment', resourceName: 'web' };
const settings: Target = { kind: 'ConfigMap', resourceName: 'settings' };

async function list(target: Target) {
  return server.call('GET', `${url}?${query(target)}`);
}

function run(target: Target, action: string, parameters: Record<string, string> = {}) {
  const resourceActionParameters = Object.entries(parameters).map(([name, value]) => ({ name, value }));
  return server.call('POST', `${url}/v2`, { ...target, namespace, action, resourceActionParameters });
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('actions');
  const config = (name: string, data: Record<string, string>) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  await config('argocd-cm', { 'accounts.bob': 'login', 'resource.customizations.actions.ConfigMap': CUSTOM });
  await config('argocd-rbac-cm', {
    'policy.csv': [
      'p, bob, applications, get, default/*, allow',
      'p, bob, applications, action/apps/Deployment/restart, default/*, allow',
    ].join('\n'),
  });
  await config('settings', { a: 'b' });
  const labels = { app: 'web' };
  await kube.create({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: POD.spec.containers } },
    },
  } as KubeObject);
  await kube.create({
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'report', namespace } },
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: POD, suspend: true } } },
  } as KubeObject);
  await kube.create({
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace } },
    spec: { template: POD, suspend: true },
  } as KubeObject);
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const spec = { source, destination: { server: 'https://kubernetes.default.svc', namespace } };
  expect((await server.call('POST', '/api/v1/applications', { metadata: { name: 'app' }, spec })).statusCode).toBe(200);
  const nodes = [
    node('apps/Deployment/web'),
    node('batch/CronJob/report'),
    node('batch/Job/once'),
    node('/ConfigMap/settings'),
    node('/ConfigMap/gone'),
    node('/ConfigMap/missing', ''),
  ];
  await cache.setJson(resourceTreeCacheKey('app'), { nodes }, 600_000);
});

afterAll(async () => {
  await server?.stop();
  await cache?.close();
  removeDirectory(tlsDir);
});

async function tokenOf(account: string): Promise<string> {
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-secret`,
  );
  const key = Buffer.from(secret.data['server.secretkey'] ?? '', 'base64');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

describe('the list of actions', () => {
  it('of a built-in kind shows what can be done now', async () => {
    expect((await list(deployment)).json()).toEqual({
      actions: [
        { name: 'pause', iconClass: 'fa fa-fw fa-pause-circle' },
        { name: 'restart', iconClass: 'fa fa-fw fa-redo' },
        { name: 'resume', iconClass: 'fa fa-fw fa-play-circle', disabled: true },
        { name: 'scale', iconClass: 'fa fa-fw fa-plus-circle', params: [{ name: 'replicas', default: '0' }] },
      ],
    });
  });

  it('comes from discovery.lua where one is configured (E12, E14)', async () => {
    expect((await list(settings)).json()).toEqual({
      actions: [
        { name: 'copy' },
        {
          ...{ name: 'mark', displayName: 'Mark it', iconClass: 'fa fa-tag' },
          params: [{ name: 'text', default: 'x' }],
        },
      ],
    });
  });

  it.each([
    ['what is not in the tree', { kind: 'Secret', resourceName: 'argocd-secret' }, 400],
    ['what is missing in the cluster', { kind: 'ConfigMap', resourceName: 'missing' }, 400],
    ['what was deleted meanwhile', { kind: 'ConfigMap', resourceName: 'gone' }, 404],
  ])('is refused for %s', async (_name, target, status) => {
    expect((await list(target)).statusCode).toBe(status);
  });
});

describe('running an action', () => {
  const path = () => `/apis/apps/v1/namespaces/${namespace}/deployments/web`;

  it('restarts a Deployment, by the older path too', async () => {
    const restartedAt = async () => {
      const { spec } = (await kube.get(path())) as KubeObject & {
        spec: { template: { metadata: { annotations?: Record<string, string> } } };
      };
      return spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'];
    };
    const answer = await server.call('POST', `${url}?${query(deployment)}`, 'restart');
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    expect(await restartedAt()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('scales with a parameter (E14)', async () => {
    expect((await run(deployment, 'scale', { replicas: '2' })).statusCode).toBe(200);
    expect(await kube.get(path())).toMatchObject({ spec: { replicas: 2 } });
    const wrong = await run(deployment, 'scale', { replicas: 'many' });
    expect([wrong.statusCode, wrong.json().message]).toEqual([400, expect.stringContaining('many')]);
  });

  it('pauses and resumes', async () => {
    expect((await run(deployment, 'pause')).statusCode).toBe(200);
    expect(await kube.get(path())).toMatchObject({ spec: { paused: true } });
    expect((await list(deployment)).json().actions).toContainEqual({
      name: 'resume',
      iconClass: 'fa fa-fw fa-play-circle',
    });
    expect((await run(deployment, 'resume')).statusCode).toBe(200);
    expect(await kube.get(path())).not.toMatchObject({ spec: { paused: true } });
  });

  it('creates a Job from a CronJob, owned by it (E13)', async () => {
    const cronJob = { group: 'batch', kind: 'CronJob', resourceName: 'report' };
    expect((await run(cronJob, 'create-job')).statusCode).toBe(200);
    const jobs = await kube.list(`/apis/batch/v1/namespaces/${namespace}/jobs`);
    const made = jobs.filter(({ metadata }) => metadata.name?.startsWith('report-') === true);
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ metadata: { ownerReferences: [{ kind: 'CronJob', name: 'report' }] } });
    expect((await run(cronJob, 'suspend')).statusCode).toBe(200);
    expect(await kube.get(`/apis/batch/v1/namespaces/${namespace}/cronjobs/report`)).toMatchObject({
      spec: { suspend: true },
    });
  });

  it('resumes and terminates a Job as the API server permits', async () => {
    const job = { group: 'batch', kind: 'Job', resourceName: 'once' };
    const read = () => kube.get(`/apis/batch/v1/namespaces/${namespace}/jobs/once`);
    expect((await run(job, 'resume')).statusCode).toBe(200);
    expect(await read()).toMatchObject({ spec: { suspend: false } });
    await eventually(async () => {
      const answer = await run(job, 'terminate');
      expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    });
    // The Job controller takes it from there.
    await eventually(async () => {
      const { status } = (await read()) as KubeObject & { status: { conditions: { type: string }[] } };
      expect(status.conditions.map(({ type }) => type)).toContain('Failed');
    });
    expect((await list(job)).json()).toEqual({ actions: [] });
  });

  it('runs action.lua: patches with a parameter, creates and patches', async () => {
    expect((await run(settings, 'mark', { text: 'hello' })).statusCode).toBe(200);
    expect((await run(settings, 'copy')).statusCode).toBe(200);
    expect(await kube.get(base('settings'))).toMatchObject({
      metadata: { labels: { marked: 'hello' } },
      data: { a: 'b', copied: 'yes' },
    });
    expect(await kube.get(base('settings-copy'))).toMatchObject({ data: { a: 'b' } });
  });

  it('writes nothing when the project does not permit all of it', async () => {
    const project = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/appprojects/default`;
    await kube.patch(project, { spec: { clusterResourceWhitelist: [] } });
    await eventually(() => {
      expect(server.deps.applications.projects.get('default')?.spec.clusterResourceWhitelist).toEqual([]);
    });
    const answer = await run(settings, 'steal');
    expect([answer.statusCode, answer.json().message]).toEqual([403, expect.stringContaining('/Namespace/stolen')]);
    expect(await kube.get(base('settings'))).not.toMatchObject({ data: { copied: 'no' } });
  });

  it.each([
    { name: 'that fails says why', action: 'fail', status: 400, message: /not today/ },
    { name: 'that nobody defined is not found', action: 'dance', status: 404, message: /no action dance/ },
  ])('$name', async ({ action, status, message }) => {
    const answer = await run(settings, action);
    expect([answer.statusCode, answer.json().message]).toEqual([status, expect.stringMatching(message)]);
  });

  it('is told in an Event on the application, with the user (F35)', async () => {
    expect((await run(deployment, 'restart')).statusCode).toBe(200);
    await eventually(async () => {
      const events = await kube.list(`/api/v1/namespaces/${namespace}/events`);
      expect(events).toContainEqual(
        expect.objectContaining({
          reason: 'ResourceActionRan',
          message: 'admin ran action restart on resource apps/Deployment/web',
        }),
      );
    });
  });

  it('needs action/<group>/<kind>/<name> in the policy (F13)', async () => {
    const token = await tokenOf('bob');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const ask = (action: string) =>
      server.app.inject({ method: 'POST', url: `${url}/v2`, headers, payload: { ...deployment, namespace, action } });
    expect((await ask('restart')).statusCode).toBe(200);
    const refused = await ask('pause');
    expect([refused.statusCode, refused.json().message]).toEqual([
      403,
      'permission denied: applications, action/apps/Deployment/pause, default/app, sub: bob',
    ]);
  });

  it('follows the ConfigMap without a restart', async () => {
    const key = 'resource.customizations.actions.ConfigMap';
    await kube.patch(base('argocd-cm'), { data: { [key]: 'discovery.lua: return {}\ndefinitions: []' } });
    await eventually(async () => expect((await list(settings)).json()).toEqual({ actions: [] }));
    expect((await run(settings, 'mark')).statusCode).toBe(404);
  });
});
