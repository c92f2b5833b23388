/** Objects as Argo CD would have left them are taken over without a write (A27). */
import { ANNOTATIONS, FIELD_MANAGER } from '@tiphys/model';
import { type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { writesOf } from './support/audit.js';
import { configMap, deployment, service, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

const site = useSite('adoption');

/** Kinds that the API server fills with defaults, with quantities, write-only fields and lists with keys. */
const OBJECTS: readonly KubeObject[] = [
  configMap('settings', { color: 'blue', text: 'two\nlines\n' }),
  service('web'),
  { ...deployment('web', { replicas: 2 }), spec: podOwner({ replicas: 2 }) },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec: podOwner({ serviceName: 'web' }) },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, stringData: { token: 'open sesame' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader' } },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  },
  {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'web' } },
    spec: { rules: [{ host: 'web.example', http: { paths: [ingressPath()] } }] },
  },
  {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'db' } },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
      minReplicas: 1,
      maxReplicas: 3,
    },
  },
  {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' } },
    spec: { schedule: '0 3 * * *', suspend: true, jobTemplate: { spec: { template: { spec: jobPod() } } } },
  },
];

function podOwner(spec: object): object {
  const labels = { app: 'web' };
  const resources = { requests: { cpu: '0.5', memory: '1024Mi' }, limits: { cpu: '1000m', memory: '2Gi' } };
  const ports = [{ containerPort: 80 }, { containerPort: 9090, name: 'metrics' }];
  const env = [{ name: 'COLOR', value: 'blue' }];
  const containers = [{ name: 'web', image: 'guestbook:v1', resources, ports, env }];
  return { ...spec, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
}

function ingressPath(): object {
  return { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } };
}

function jobPod(): object {
  return { restartPolicy: 'Never', containers: [{ name: 'task', image: 'task:v1' }] };
}

interface Place {
  readonly app: string;
  readonly namespace: string;
}

/** With the tracking id that Argo CD writes: `<app>:<group>/<kind>:<namespace>/<name>`. */
function tracked(object: KubeObject, { app, namespace }: Place): KubeObject {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const id = `${app}:${group}/${object.kind}:${namespace}/${object.metadata.name}`;
  return { ...object, metadata: { ...object.metadata, namespace, annotations: { [ANNOTATIONS.trackingId]: id } } };
}

/** What `kubectl apply` with Argo CD's field manager leaves: an Update entry and the last applied configuration. */
async function clientSideApplied({ client }: Site, object: KubeObject): Promise<void> {
  const annotations = { ...object.metadata.annotations, [ANNOTATIONS.lastApplied]: `${JSON.stringify(object)}\n` };
  const path = await client.pathOf(object);
  await client.request('POST', path.slice(0, path.lastIndexOf('/')), {
    query: { fieldManager: FIELD_MANAGER },
    body: { ...object, metadata: { ...object.metadata, annotations } },
  });
}

async function serverSideApplied({ client }: Site, object: KubeObject): Promise<void> {
  await client.apply(object, { fieldManager: FIELD_MANAGER });
}

async function uidsOf(app: App): Promise<readonly (string | undefined)[]> {
  const find = ({ apiVersion, kind, metadata }: KubeObject) =>
    site().find({ apiVersion, kind, name: metadata.name, namespace: app.namespace });
  return (await Promise.all(OBJECTS.map(find))).map((object) => object?.metadata.uid);
}

describe.each([
  { by: 'client-side apply, with last-applied and tracking-id annotations', leave: clientSideApplied, syncOptions: [] },
  { by: 'server-side apply by argocd-controller', leave: serverSideApplied, syncOptions: ['ServerSideApply=true'] },
])('objects that Argo CD left by $by', ({ leave, syncOptions }) => {
  it('are Synced without a single write to them, with auto-sync, prune and self-heal on', async () => {
    const place = { app: uniqueName('adopted'), namespace: await site().cluster.createNamespace('adopted') };
    for (const object of OBJECTS) await leave(site(), tracked(object, place));
    const since = await site().now();
    const app = await deploy(site(), {
      name: place.app,
      namespace: place.namespace,
      files: { 'all.yaml': yaml(...OBJECTS) },
      syncOptions,
    });
    await app.is('Synced');
    await app.refresh('hard');
    const { status, operation } = await app.is('Synced');
    expect((await app.writes(since)).list).toEqual([]);
    expect(operation).toBeUndefined();
    expect(status?.operationState).toBeUndefined();
    expect(status?.resources?.map(({ kind, status: sync }) => `${kind} ${sync}`).sort()).toEqual(
      OBJECTS.map(({ kind }) => `${kind} Synced`).sort(),
    );
  });

  it('get only what differs from the next commit on, and lose what the commit removes', async () => {
    const place = { app: uniqueName('adopted'), namespace: await site().cluster.createNamespace('adopted') };
    const [settings, ...others] = OBJECTS as [KubeObject, ...KubeObject[]];
    for (const object of OBJECTS) await leave(site(), tracked(object, place));
    const app = await deploy(site(), {
      name: place.app,
      namespace: place.namespace,
      files: { 'settings.yaml': yaml(settings), 'others.yaml': yaml(...others) },
      syncOptions,
    });
    await app.is('Synced');
    const [before, since] = [await uidsOf(app), await site().now()];
    // `text` goes, `size` comes.
    await app.push({ 'settings.yaml': yaml(configMap('settings', { color: 'blue', size: 'large' })) });
    await app.operationEnded('Succeeded');
    await app.is('Synced');
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ color: 'blue', size: 'large' });
    const written = new Set((await app.writes(since)).entries.map(({ resource, name }) => `${resource}/${name}`));
    expect([...written]).toEqual(['configmaps/settings']);
    expect(await uidsOf(app)).toEqual(before);
  });
});

it('an Application with the status that Argo CD wrote keeps its history and is not synced again', async () => {
  const place = { app: uniqueName('adopted'), namespace: await site().cluster.createNamespace('adopted') };
  const settings = configMap('settings', { color: 'blue' });
  await clientSideApplied(site(), tracked(settings, place));
  const app = await deploy(site(), {
    ...{ name: place.app, namespace: place.namespace },
    files: { 'a.yaml': yaml(settings) },
    automated: null,
  });
  await app.is('Synced');
  const revision = (await app.get()).status?.sync?.revision ?? '';
  const deployed = { revision, deployedAt: '2026-01-02T03:04:05Z', source: { repoURL: app.repositoryUrl, path: '.' } };
  const history = [{ id: 0, ...deployed }];
  await site().client.patch(`/apis/argoproj.io/v1alpha1/namespaces/${site().namespace}/applications/${app.name}`, {
    status: { history, reconciledAt: '2026-01-02T03:04:06Z' },
    spec: { syncPolicy: { automated: { prune: true, selfHeal: true } } },
  });
  const since = await site().now();
  await app.refresh('hard');
  const { status } = await app.is('Synced', 'Healthy');
  expect(status?.history).toEqual(history);
  expect((await app.writes(since)).list).toEqual([]);
  const own = await writesOf(site(), { since, namespace: site().namespace });
  expect(own.list).toEqual([`patch applications/${app.name}`]);
});
