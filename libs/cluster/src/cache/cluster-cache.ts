/**
 * The watch cache of one cluster: every readable kind, full objects for what is managed, compact nodes for the rest,
 * ownership walks to find the applications that a change concerns (design 8, H04, C16, C17, L10).
 */
import type { GroupKindString, KubernetesObject, ResourceKey } from '@tiphys/model';
import { groupOf, resourceKeyString } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { createDiscovery } from '../discovery/discovery.js';
import type { ReflectorSink } from '../informer/reflector.js';
import type { ClusterCache, ClusterCacheHooks, ClusterConnection, KubeClient } from '../ports.js';
import { createDiscoveryRefresher, type DiscoveryRefresher, definesKinds } from './discovery-refresher.js';
import { isWatchable } from './exclusions.js';
import { createKindWatches } from './kind-watches.js';
import { readManagedState } from './managed-state.js';
import { createNodes } from './nodes.js';

export interface ClusterCacheOptions<S> {
  readonly client: KubeClient;
  /** Scope of the watches (H04). */
  readonly connection: Pick<ClusterConnection, 'namespaces' | 'clusterResources'>;
  readonly hooks: ClusterCacheHooks<S>;
  readonly log: Logger;
  /** Objects per page of the initial lists; default 500 (L10). */
  readonly pageSize?: number;
  /** Lists that run at once; default 8 (L10, Argo CD's semaphore is 50). */
  readonly listConcurrency?: number;
  /** Window for changes of objects that are not managed; default 100 (L10). */
  readonly batchMs?: number;
}

/** Does nothing until `start`. */
export function createClusterCache<S>(options: ClusterCacheOptions<S>): ClusterCache<S> {
  const { client, hooks, log } = options;
  const lifetime = new AbortController();
  const parts = createParts(options);
  const { discovery, nodes, watches, failedGroups, progress } = parts;

  function reconcile(): void {
    for (const kind of failedGroups.keys()) if (!discovery.failed.has(groupPart(kind))) failedGroups.delete(kind);
    watches.reconcile(discovery.all().filter((resource) => isWatchable(resource) && !hooks.excluded(resource)));
  }

  return {
    client,
    discovery,
    start: async (signal) => {
      await discovery.refresh(signal);
      reconcile();
      await abortable(watches.allReady(), signal);
      nodes.announcer.goLive();
      discovery.onChange(reconcile);
      reconcile();
      progress.refresher = createDiscoveryRefresher(discovery, log, lifetime.signal);
    },
    stop: async () => {
      lifetime.abort();
      progress.refresher?.stop();
      nodes.announcer.stop();
      await watches.stop();
    },
    unreadable: () =>
      failedGroups.size === 0 ? watches.unreadable : new Map([...failedGroups, ...watches.unreadable]),
    managedLiveState: (instance, wanted, signal) =>
      readManagedState({ client, discovery, nodes, watches, failedGroups }, { instance, wanted, signal }),
    fingerprint: nodes.announcer.fingerprint,
    forget: nodes.forget,
    get: (key) => nodes.store.get(resourceKeyString(key)),
    descendants: nodes.store.descendants,
    resourcesIn: nodes.store.inNamespace,
    observe: (object) => {
      const resource = discovery.resolve(groupKindOf(object));
      if (resource !== undefined) nodes.observe(resource, object);
    },
    get stats() {
      return { resources: nodes.store.size, watches: watches.count, lastEventAt: progress.lastEventAt };
    },
  };
}

interface Progress {
  refresher: DiscoveryRefresher | undefined;
  lastEventAt: number | undefined;
}

function createParts<S>({ client, connection, hooks, log, ...options }: ClusterCacheOptions<S>) {
  const progress: Progress = { refresher: undefined, lastEventAt: undefined };
  const nodes = createNodes(hooks, options.batchMs ?? 100);
  const watches = createKindWatches({
    client,
    namespaces: connection.namespaces ?? [],
    clusterResources: connection.clusterResources ?? false,
    pageSize: options.pageSize ?? 500,
    listConcurrency: options.listConcurrency ?? 8,
    sinkOf: (resource, namespace) => {
      const sink = nodes.sinkOf(resource, namespace);
      return definesKinds(resource) ? alsoCall(sink, () => progress.refresher?.request()) : sink;
    },
    fieldSelectorOf: hooks.fieldSelectorOf ?? (() => undefined),
    onAlive: () => {
      progress.lastEventAt = Date.now();
    },
    onReadability: nodes.announcer.kindChanged,
    onStopped: nodes.removeKind,
    log,
  });
  return {
    discovery: createDiscovery(client),
    nodes,
    watches,
    failedGroups: new Map<GroupKindString, string>(),
    progress,
  };
}

/** Changes of CRDs and API services change what can be watched. */
function alsoCall(sink: ReflectorSink, notify: () => void): ReflectorSink {
  const after = (put: (object: KubernetesObject) => void) => (object: KubernetesObject) => {
    put(object);
    notify();
  };
  return { upsert: after(sink.upsert), remove: after(sink.remove), retain: sink.retain };
}

function groupKindOf({ apiVersion, kind }: KubernetesObject): Pick<ResourceKey, 'group' | 'kind'> {
  return { group: groupOf(apiVersion), kind };
}

function groupPart(kind: GroupKindString): string {
  return kind.slice(0, kind.indexOf('/'));
}

/** Rejects with the signal's reason when it is first. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
