/** The live half of the cache: applies what the watches see to the store, decides what to keep, and tells whom it concerns. */
import { type GroupKindString, type KubernetesObject, type ResourceKeyString, resourceKeyString } from '@tiphys/model';
import { createOwnWrites } from '../informer/own-writes.js';
import type { ReflectorSink } from '../informer/reflector.js';
import { compareResourceVersions } from '../informer/resource-version.js';
import type { ApiResource, CachedResource, ClusterCacheHooks, ClusterChange } from '../ports.js';
import { createChangeEmitter } from './change-emitter.js';
import { createFingerprints } from './fingerprints.js';
import { keyOf, toNode } from './node.js';
import { createPins, type Pins } from './pins.js';
import { createStore, type Store } from './store.js';

export interface Nodes<S> {
  readonly store: Store<S>;
  readonly pins: Pins;
  sinkOf(resource: ApiResource, namespace: string | undefined): ReflectorSink;
  /** The answer of our own write, or of a read made for a pin. Older than what is held: ignored. */
  observe(resource: ApiResource, object: KubernetesObject): void;
  /** Pins the keys for the instance; objects that nobody wants any more become compact. */
  pin(instance: string, wanted: Parameters<Pins['set']>[1]): void;
  removeKind(resource: ApiResource): void;
  readabilityChanged(kind: GroupKindString): void;
  /** From now on changes are delivered. */
  goLive(): void;
  fingerprint(instance: string): string;
  forget(instance: string): void;
  stop(): void;
}

type Instances = ClusterChange['instances'];

export function createNodes<S>(hooks: ClusterCacheHooks<S>, batchMs: number): Nodes<S> {
  const store = createStore<S>();
  const pins = createPins();
  const ownWrites = createOwnWrites();
  const fingerprints = createFingerprints();
  const emitter = createChangeEmitter<S>(hooks.onChange, batchMs);
  let live = false;

  function announce(change: Omit<ClusterChange<S>, 'instances'>): void {
    const instances = mergeInstances([change.current, change.previous].map((node) => concerned(store, pins, node)));
    for (const { instance, managed } of instances) if (managed) fingerprints.bump(instance);
    if (live) emitter.emit({ ...change, instances });
  }
  function put(resource: ApiResource, object: KubernetesObject): void {
    const id = resourceKeyString(keyOf(resource, object));
    const known = store.get(id);
    const pinned = pins.has(id);
    const unchanged = known !== undefined && known.resourceVersion === object.metadata.resourceVersion;
    if (unchanged && (known.object !== undefined || !pinned)) return;
    const current = toNode({ resource, object }, hooks, pinned);
    const previous = store.put(current, object);
    if (!unchanged) announce({ type: 'upsert', current, previous });
  }
  function drop(id: ResourceKeyString, resourceVersion: string): void {
    if (ownWrites.isStale(id, resourceVersion)) return;
    const previous = store.remove(id);
    if (previous !== undefined) announce({ type: 'delete', current: undefined, previous });
  }
  function compact(id: ResourceKeyString): void {
    const node = store.get(id);
    if (node?.object === undefined || node.trackedBy !== undefined) return;
    store.put({ ...node, object: undefined }, node.object);
  }
  function pin(instance: string, wanted: Parameters<Pins['set']>[1]): void {
    for (const id of pins.set(instance, wanted)) compact(id);
  }

  return {
    store,
    pins,
    pin,
    sinkOf: (resource, namespace) => ({
      upsert: (object) => {
        const id = resourceKeyString(keyOf(resource, object));
        if (!ownWrites.isStale(id, object.metadata.resourceVersion ?? '')) put(resource, object);
      },
      remove: (object) => drop(resourceKeyString(keyOf(resource, object)), object.metadata.resourceVersion ?? ''),
      retain: (seen, listVersion) => {
        for (const id of store.idsOfKind(resource)) {
          const { key } = store.get(id) ?? {};
          const inScope = namespace === undefined || key?.namespace === namespace;
          if (inScope && !seen.has(`${key?.namespace}/${key?.name}`)) drop(id, listVersion);
        }
      },
    }),
    observe: (resource, object) => {
      const id = resourceKeyString(keyOf(resource, object));
      const version = object.metadata.resourceVersion ?? '';
      const known = store.get(id);
      if (known !== undefined && compareResourceVersions(version, known.resourceVersion) < 0) return;
      if (known?.resourceVersion !== version) ownWrites.note(id, version);
      put(resource, object);
    },
    removeKind: (resource) => {
      for (const id of store.idsOfKind(resource)) {
        const previous = store.remove(id);
        if (previous !== undefined) announce({ type: 'delete', current: undefined, previous });
      }
    },
    readabilityChanged: (kind) => {
      fingerprints.bumpAll();
      const instances = concernedByKind(store, pins, kind);
      if (live && instances.length > 0)
        hooks.onChange({ type: 'upsert', current: undefined, previous: undefined, instances });
    },
    goLive: () => {
      live = true;
    },
    fingerprint: (instance) => fingerprints.of(instance),
    forget: (instance) => {
      pin(instance, []);
      fingerprints.forget(instance);
    },
    stop: () => {
      live = false;
      emitter.stop();
    },
  };
}

/** Managed: the object itself is tracked or pinned. Not managed: an owner of it is. */
function concerned<S>(store: Store<S>, pins: Pins, node: CachedResource<S> | undefined): Instances {
  if (node === undefined) return [];
  const own = instancesOf(pins, node).map((instance) => ({ instance, managed: true }));
  const owners = store.ancestors(node).flatMap((owner) => instancesOf(pins, owner));
  return [...own, ...owners.map((instance) => ({ instance, managed: false }))];
}

function instancesOf(pins: Pins, { key, trackedBy }: CachedResource): readonly string[] {
  const pinned = [...pins.instancesOf(resourceKeyString(key))];
  return trackedBy === undefined ? pinned : [trackedBy, ...pinned];
}

/** Each instance once; managed wins. */
function mergeInstances(lists: readonly Instances[]): Instances {
  const managed = new Map<string, boolean>();
  for (const entry of lists.flat()) managed.set(entry.instance, entry.managed || managed.get(entry.instance) === true);
  return [...managed].map(([instance, isManaged]) => ({ instance, managed: isManaged }));
}

function concernedByKind<S>(store: Store<S>, pins: Pins, kind: GroupKindString): Instances {
  const group = kind.slice(0, kind.indexOf('/'));
  const nodes = store.idsOfKind({ group, kind: kind.slice(group.length + 1) }).map((id) => store.get(id)?.trackedBy);
  const instances = new Set([...nodes, ...pins.waitingFor(kind)].filter((instance) => instance !== undefined));
  return [...instances].map((instance) => ({ instance, managed: true }));
}
