/** A destination cluster in memory: what is applied is there at once, and everything asked of it is remembered. */
import type { ApiResource, CachedResource, ClusterCache, Discovery, KubeClient } from '@tiphys/cluster';
import { instanceNameOf, isTrackedBy, type NodeSummary, summarizeNode } from '@tiphys/gitops-engine';
import {
  type GroupKindString,
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyOf,
  resourceKeyString,
  versionOf,
} from '@tiphys/model';
import type { ApplyRequest, Clusters, DestinationCluster, PruneRequest, ResourceWriter } from '../ports.js';
import { COMPARISON, SERVER, stored } from './builders.js';

export interface MemoryCluster {
  readonly destination: DestinationCluster;
  readonly clusters: Clusters;
  readonly writer: ResourceWriter;
  readonly objects: Map<ResourceKeyString, KubernetesObject>;
  /** `apply ConfigMap/a`, `dry run ConfigMap/a`, `prune ConfigMap/a`, `release Job/a`. */
  readonly calls: string[];
  readonly requests: (ApplyRequest | PruneRequest)[];
  /** Users that wrote, each once. */
  readonly writers: Set<string>;
  /** Instances that were forgotten. */
  readonly forgotten: string[];
  readonly unreadable: Map<GroupKindString, string>;
  /** What a call on an object throws, by `<verb> <Kind>/<name>`. */
  readonly failures: Map<string, Error>;
  /** Kinds that the cluster does not know. */
  readonly unknownKinds: Set<string>;
  /** What a controller in the cluster would write. */
  setStatus(key: string, status: object): void;
}

export function memoryCluster(...objects: readonly KubernetesObject[]): MemoryCluster {
  const parts = {
    objects: new Map(objects.map((object) => [resourceKeyString(resourceKeyOf(object)), object])),
    calls: [] as string[],
    requests: [] as (ApplyRequest | PruneRequest)[],
    writers: new Set<string>(),
    forgotten: [] as string[],
    unreadable: new Map<GroupKindString, string>(),
    failures: new Map<string, Error>(),
    unknownKinds: new Set<string>(),
    setStatus(key: string, status: object) {
      const object = parts.objects.get(key as ResourceKeyString);
      if (object !== undefined) parts.objects.set(key as ResourceKeyString, { ...object, status });
    },
  };
  const destination: DestinationCluster = { server: SERVER, name: 'test', cache: memoryCache(parts) };
  const clusters: Clusters = {
    identify: ({ server }) => (server === SERVER ? { server, name: 'test' } : undefined),
    forget: (instance) => void parts.forgotten.push(instance),
    for: async () => destination,
  };
  return { ...parts, destination, clusters, writer: memoryWriter(parts) };
}

/** A client that knows whom the API server takes it for. */
type ActingClient = KubeClient & { readonly user: string };

type Parts = Omit<MemoryCluster, 'destination' | 'clusters' | 'writer'>;

function memoryWriter({ objects, calls, requests, failures, writers }: Parts): ResourceWriter {
  const wrote = ({ cache }: DestinationCluster): void => void writers.add((cache.client as ActingClient).user);
  const call = (verb: string, { kind, name }: { kind: string; name: string }): void => {
    const text = `${verb} ${kind}/${name}`;
    calls.push(text);
    const failure = failures.get(text);
    if (failure !== undefined) throw failure;
  };
  return {
    async apply(cluster, object, options) {
      wrote(cluster);
      const key = resourceKeyOf(object);
      requests.push(options);
      call(options.dryRun ? 'dry run' : 'apply', key);
      const known = objects.get(resourceKeyString(key))?.metadata.resourceVersion ?? '0';
      const answer = stored(object, String(Number(known) + 1));
      if (!options.dryRun) objects.set(resourceKeyString(key), answer);
      return answer;
    },
    async prune(cluster, key, options) {
      wrote(cluster);
      requests.push(options);
      call('prune', key);
      objects.delete(resourceKeyString(key));
    },
    async removeFinalizer(cluster, key, { finalizer }) {
      wrote(cluster);
      call('release', key);
      const live = objects.get(resourceKeyString(key));
      if (live === undefined) return undefined;
      const finalizers = (live.metadata.finalizers ?? []).filter((entry) => entry !== finalizer);
      const released = { ...live, metadata: { ...live.metadata, finalizers } };
      objects.set(resourceKeyString(key), released);
      return released;
    },
  };
}

function memoryCache(parts: Parts): ClusterCache<NodeSummary> {
  const { objects, unreadable, unknownKinds } = parts;
  const discovery: Pick<Discovery, 'resolve' | 'kubeVersion' | 'apiVersions'> = {
    kubeVersion: 'v1.36.1',
    apiVersions: () => ['v1', 'apps/v1'],
    resolve: ({ group, kind }, version = 'v1'): ApiResource | undefined =>
      unknownKinds.has(kind)
        ? undefined
        : { ...{ group, kind, version, verbs: [] }, resource: kind, namespaced: kind !== 'Namespace' },
  };
  const client: Pick<KubeClient, 'get' | 'as'> & { readonly user: string } = {
    user: 'controller',
    as: (user) => ({ ...client, user }) as unknown as KubeClient,
    async get({ group, kind, version }, { namespace, name }) {
      parts.calls.push(`get ${group}/${version} ${kind}/${name}`);
      const live = objects.get(resourceKeyString({ group, kind, namespace, name }));
      return live === undefined ? undefined : { ...live, apiVersion: group === '' ? version : `${group}/${version}` };
    },
  };
  const cache: Pick<
    ClusterCache<NodeSummary>,
    'unreadable' | 'managedLiveState' | 'fingerprint' | 'get' | 'descendants' | 'resourcesIn'
  > = {
    unreadable: () => unreadable,
    managedLiveState: async (instance, wanted) => {
      const pinned = new Set(wanted.map(resourceKeyString));
      return new Map([...objects].filter(([id, live]) => pinned.has(id) || isTrackedBy(live, instance, COMPARISON)));
    },
    fingerprint: () => [...objects].map(([id, { metadata }]) => `${id}@${metadata.resourceVersion}`).join(),
    get: (key) => cached(objects.get(resourceKeyString(key))),
    resourcesIn: (namespace) =>
      [...objects.values()]
        .filter(({ metadata }) => metadata.namespace === namespace)
        .flatMap((object) => cached(object) ?? []),
    descendants: (roots) => descendantsOf([...objects.values()], roots),
  };
  return { ...cache, client, discovery } as unknown as ClusterCache<NodeSummary>;
}

function descendantsOf(objects: readonly KubernetesObject[], roots: readonly ResourceKey[]) {
  const owners = new Set(roots.map(resourceKeyString));
  const below = objects.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ apiVersion, kind, name }) => {
      const owner = { apiVersion, kind, metadata: { name, namespace: metadata.namespace ?? '' } };
      return owners.has(resourceKeyString(resourceKeyOf(owner)));
    }),
  );
  return below.flatMap((object) => cached(object) ?? []);
}

function cached(object: KubernetesObject | undefined): CachedResource<NodeSummary> | undefined {
  if (object === undefined) return undefined;
  const { uid = '', resourceVersion = '', ownerReferences = [] } = object.metadata;
  return {
    ...{ key: resourceKeyOf(object), version: versionOf(object.apiVersion), uid, resourceVersion, ownerReferences },
    ...{ createdAt: undefined, summary: summarizeNode(object), trackedBy: instanceNameOf(object, COMPARISON), object },
  };
}
