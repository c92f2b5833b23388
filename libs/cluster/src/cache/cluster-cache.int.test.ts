import type { KubernetesObject, ResourceKey } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { eventually, type SharedControlPlane, sharedControlPlane, uniqueName } from '@tiphys/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import { loadClusterConnection } from '../connection/load-connection.js';
import type { ClusterCache, ClusterChange, KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { type ClusterCacheOptions, createClusterCache } from './cluster-cache.js';
import { isExcludedByDefault } from './exclusions.js';

const silent = (): void => undefined;
const silentLog: Logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => silentLog };
const signal = AbortSignal.timeout(300_000);
const TRACKING = 'test/app';

let plane: SharedControlPlane;
let client: KubeClient;
const caches: ClusterCache[] = [];

beforeAll(async () => {
  plane = await sharedControlPlane();
  client = createKubeClient(await loadClusterConnection({ kubeconfig: plane.kubeconfigPath }));
});
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.stop()));
});
afterAll(() => client.close());

async function startCache(options: Partial<ClusterCacheOptions<number>> = {}) {
  const changes: ClusterChange<number>[] = [];
  const cache = createClusterCache<number>({
    client,
    connection: {},
    hooks: {
      summarize: (object) => object.metadata.generation ?? 0,
      trackedBy: (object) => object.metadata.annotations?.[TRACKING],
      onChange: (change) => changes.push(change),
      excluded: isExcludedByDefault,
    },
    log: silentLog,
    ...options,
  });
  caches.push(cache);
  await cache.start(signal);
  return { cache, changes };
}

function configMap(namespace: string, name: string, app?: string): KubernetesObject {
  const annotations = app === undefined ? {} : { [TRACKING]: app };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, annotations }, data: { a: '1' } };
}

/** `kind` may be written `group/Kind`. */
function keyOf(kind: string, namespace: string, name: string): ResourceKey {
  const [group = '', short = ''] = kind.includes('/') ? kind.split('/') : ['', kind];
  return { group, kind: short, namespace, name };
}

const write = { signal };

describe('the cluster cache', () => {
  it('keeps full objects of tracked resources and compact nodes of others', async () => {
    const namespace = await plane.createNamespace('cache');
    const tracked = await client.create(RESOURCES.configMaps, configMap(namespace, 'tracked', 'app'), write);
    await client.create(RESOURCES.configMaps, configMap(namespace, 'other'), write);
    const { cache } = await startCache();

    expect(cache.get(keyOf('ConfigMap', namespace, 'tracked'))?.object).toEqual(tracked);
    expect(cache.get(keyOf('ConfigMap', namespace, 'other'))).toMatchObject({
      object: undefined,
      trackedBy: undefined,
    });
    expect(cache.resourcesIn(namespace).map(({ key }) => key.name)).toEqual(
      expect.arrayContaining(['tracked', 'other']),
    );
    const state = await cache.managedLiveState('app', [], signal);
    expect([...state.keys()]).toContain(`/ConfigMap/${namespace}/tracked`);
  });

  it('fetches a wanted untracked object once, keeps it in full while it is wanted, and reports its changes as managed', async () => {
    const namespace = await plane.createNamespace('pins');
    await client.create(RESOURCES.configMaps, configMap(namespace, 'plain'), write);
    const { cache, changes } = await startCache();
    const key = keyOf('ConfigMap', namespace, 'plain');

    const state = await cache.managedLiveState('pinner', [key], signal);
    expect(state.get(`/ConfigMap/${namespace}/plain`)?.['data']).toEqual({ a: '1' });
    const before = cache.fingerprint('pinner');
    const target = { resource: RESOURCES.configMaps, namespace, name: 'plain', type: 'merge' as const };
    await client.patch(target, { data: { a: '2' } }, write);
    await eventually(() => expect(cache.get(key)?.object?.['data']).toEqual({ a: '2' }));
    expect(changes.at(-1)?.instances).toEqual([{ instance: 'pinner', managed: true }]);
    expect(cache.fingerprint('pinner')).not.toBe(before);

    await cache.managedLiveState('pinner', [], signal);
    expect(cache.get(key)?.object).toBeUndefined();
  });

  it('walks from a ReplicaSet to the application of its Deployment, and back down', async () => {
    const namespace = await plane.createNamespace('owners');
    const { cache, changes } = await startCache();
    const deployments = cache.discovery.resolve({ group: 'apps', kind: 'Deployment' })!;
    const labels = { app: 'web' };
    await client.create(
      deployments,
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace, name: 'web', annotations: { [TRACKING]: 'tree' } },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
        },
      },
      write,
    );
    await eventually(() => {
      const below = cache.descendants([keyOf('apps/Deployment', namespace, 'web')]);
      expect(below.map(({ key }) => key.kind)).toEqual(['ReplicaSet', 'Pod']);
    });
    await eventually(() => {
      const pods = changes.filter(({ current }) => current?.key.kind === 'Pod' && current.key.namespace === namespace);
      expect(pods[0]?.instances).toEqual([{ instance: 'tree', managed: false }]);
    });
  });

  it('infers that a StatefulSet owns the claims of its templates', async () => {
    const namespace = await plane.createNamespace('claims');
    const { cache } = await startCache();
    const labels = { app: 'db' };
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await client.create(
      cache.discovery.resolve({ group: 'apps', kind: 'StatefulSet' })!,
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { namespace, name: 'db' },
        spec: {
          serviceName: 'db',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db:1' }] } },
          volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
        },
      },
      write,
    );
    await eventually(() => {
      const below = cache.descendants([keyOf('apps/StatefulSet', namespace, 'db')]);
      expect(below.map(({ key }) => key.name)).toContain('data-db-0');
    });
    expect(cache.get(keyOf('PersistentVolumeClaim', namespace, 'data-db-0'))?.ownerReferences).toMatchObject([
      { kind: 'StatefulSet', name: 'db' },
    ]);
  });

  it('reads its own writes before the watch brings them, and never goes back to older versions', async () => {
    const namespace = await plane.createNamespace('own');
    const { cache } = await startCache();
    const key = keyOf('ConfigMap', namespace, 'own');
    const created = await client.create(RESOURCES.configMaps, configMap(namespace, 'own', 'own-app'), write);
    const target = { resource: RESOURCES.configMaps, namespace, name: 'own', type: 'merge' as const };
    const patched = await client.patch(target, { data: { a: '2' } }, write);
    cache.observe(patched);
    expect(cache.get(key)?.object?.['data']).toEqual({ a: '2' });
    cache.observe(created);
    expect(cache.get(key)?.resourceVersion).toBe(patched.metadata.resourceVersion);
    await client.delete(RESOURCES.configMaps, { namespace, name: 'own' }, write);
    await eventually(() => expect(cache.get(key)).toBeUndefined());
  });

  it('starts watching a kind soon after its CRD appears and drops its nodes when the CRD goes (R15)', async () => {
    const namespace = await plane.createNamespace('crds');
    const { cache } = await startCache();
    const plural = `widgets${uniqueName('x').slice(2)}`;
    const group = `${plural}.example.com`;
    const crds = cache.discovery.resolve({ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' })!;
    await client.create(crds, customResourceDefinition(group, plural), write);
    const widgets = await eventually(
      () => cache.discovery.resolve({ group, kind: 'Widget' }) ?? Promise.reject(new Error('not discovered')),
      { timeoutMs: 20_000 },
    );
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { namespace, name: 'one' }, spec: {} };
    await client.create(widgets, widget, write);
    const key = keyOf(`${group}/Widget`, namespace, 'one');
    await eventually(() => expect(cache.get(key)?.version).toBe('v1'), { timeoutMs: 20_000 });

    await client.delete(crds, { namespace: '', name: `${plural}.${group}` }, write);
    await eventually(() => {
      expect(cache.get(key)).toBeUndefined();
      expect(cache.discovery.resolve({ group, kind: 'Widget' })).toBeUndefined();
    });
  });

  it('finds a kind that appeared a moment ago when an application wants it', async () => {
    const namespace = await plane.createNamespace('late');
    const { cache } = await startCache();
    const plural = `gadgets${uniqueName('x').slice(2)}`;
    const group = `${plural}.example.com`;
    const crds = cache.discovery.resolve({ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' })!;
    await client.create(crds, customResourceDefinition(group, plural), write);
    await eventually(async () => {
      const state = await cache.managedLiveState('late', [keyOf(`${group}/Widget`, namespace, 'absent')], signal);
      expect(state.size).toBe(0);
      expect(cache.discovery.resolve({ group, kind: 'Widget' })).toBeDefined();
    });
    await client.delete(crds, { namespace: '', name: `${plural}.${group}` }, write);
  });

  it('watches only the namespaces of a namespaced cluster (H04)', async () => {
    const [inside, outside] = [await plane.createNamespace('in'), await plane.createNamespace('out')];
    for (const namespace of [inside, outside]) {
      await client.create(RESOURCES.configMaps, configMap(namespace, 'x'), write);
    }
    const { cache } = await startCache({ connection: { namespaces: [inside] } });
    expect(cache.get(keyOf('ConfigMap', inside, 'x'))).toBeDefined();
    expect(cache.get(keyOf('ConfigMap', outside, 'x'))).toBeUndefined();
    expect(cache.get(keyOf('Namespace', '', inside))).toBeUndefined();
  });
});

function customResourceDefinition(group: string, plural: string): KubernetesObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}
