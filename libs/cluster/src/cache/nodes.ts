/** The live half of the cache: applies what the watches see to the store and decides what is kept in full. */
import { type KubernetesObject, parseResourceKey, type ResourceKeyString, resourceKeyString } from '@tiphys/model';
import { createOwnWrites } from '../informer/own-writes.js';
import type { ReflectorSink } from '../informer/reflector.js';
import { compareResourceVersions } from '../informer/resource-version.js';
import type { ApiResource, ClusterCacheHooks } from '../ports.js';
import { type Announcer, createAnnouncer } from './announcer.js';
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
  /** The instance is gone: its pins and its fingerprint are released. */
  forget(instance: string): void;
  readonly announcer: Announcer<S>;
}

export function createNodes<S>(hooks: ClusterCacheHooks<S>, batchMs: number): Nodes<S> {
  const store = createStore<S>();
  const pins = createPins();
  const ownWrites = createOwnWrites();
  const announcer = createAnnouncer({ store, pins, onChange: hooks.onChange, batchMs });

  function put(resource: ApiResource, object: KubernetesObject): void {
    const id = resourceKeyString(keyOf(resource, object));
    const known = store.get(id);
    const pinned = pins.has(id);
    const unchanged = known !== undefined && known.resourceVersion === object.metadata.resourceVersion;
    if (unchanged && (known.object !== undefined || !pinned)) return;
    const current = toNode({ resource, object }, hooks, pinned);
    const previous = store.put(current, object);
    if (!unchanged) announcer.announce({ type: 'upsert', current, previous });
  }
  function remove(id: ResourceKeyString): void {
    const previous = store.remove(id);
    if (previous !== undefined) announcer.announce({ type: 'delete', current: undefined, previous });
  }
  function drop(id: ResourceKeyString, resourceVersion: string): void {
    if (!ownWrites.isStale(id, resourceVersion)) remove(id);
  }
  function sinkOf(resource: ApiResource, namespace: string | undefined): ReflectorSink {
    const idOf = (object: KubernetesObject): ResourceKeyString => resourceKeyString(keyOf(resource, object));
    return {
      upsert: (object) => {
        if (!ownWrites.isStale(idOf(object), object.metadata.resourceVersion ?? '')) put(resource, object);
      },
      remove: (object) => drop(idOf(object), object.metadata.resourceVersion ?? ''),
      retain: (seen, listVersion) => {
        for (const id of store.idsOfKind(resource)) if (isGone({ id, namespace, seen })) drop(id, listVersion);
      },
    };
  }
  function pin(instance: string, wanted: Parameters<Pins['set']>[1]): void {
    for (const id of pins.set(instance, wanted)) store.dropObject(id);
  }

  return {
    store,
    pins,
    announcer,
    pin,
    sinkOf,
    observe: (resource, object) => {
      const id = resourceKeyString(keyOf(resource, object));
      const version = object.metadata.resourceVersion ?? '';
      const known = store.get(id);
      if (known !== undefined && compareResourceVersions(version, known.resourceVersion) < 0) return;
      if (known?.resourceVersion !== version) ownWrites.note(id, version);
      put(resource, object);
    },
    removeKind: (resource) => {
      for (const id of store.idsOfKind(resource)) remove(id);
    },
    forget: (instance) => {
      pin(instance, []);
      announcer.forget(instance);
    },
  };
}

/** In the scope of a list (one namespace, or all), and not in the list. */
function isGone({
  id,
  namespace,
  seen,
}: {
  id: ResourceKeyString;
  namespace: string | undefined;
  seen: ReadonlySet<string>;
}) {
  const key = parseResourceKey(id);
  return (namespace === undefined || key.namespace === namespace) && !seen.has(`${key.namespace}/${key.name}`);
}
