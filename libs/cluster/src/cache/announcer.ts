/** Tells whom a change concerns, and counts it in the fingerprints of those whose managed objects it touches. */
import { type GroupKindString, resourceKeyString } from '@tiphys/model';
import type { CachedResource, ClusterCacheHooks, ClusterChange } from '../ports.js';
import { createChangeEmitter } from './change-emitter.js';
import { createFingerprints } from './fingerprints.js';
import type { Pins } from './pins.js';
import type { Store } from './store.js';

export interface Announcer<S> {
  announce(change: Omit<ClusterChange<S>, 'instances'>): void;
  /** A kind became readable or unreadable. */
  kindChanged(kind: GroupKindString): void;
  /** From now on changes are delivered, not only counted. */
  goLive(): void;
  fingerprint(instance: string): string;
  forget(instance: string): void;
  stop(): void;
}

type Instances = ClusterChange['instances'];

export interface AnnouncerOptions<S> {
  readonly store: Store<S>;
  readonly pins: Pins;
  readonly onChange: ClusterCacheHooks<S>['onChange'];
  readonly batchMs: number;
}

export function createAnnouncer<S>({ store, pins, onChange, batchMs }: AnnouncerOptions<S>): Announcer<S> {
  const fingerprints = createFingerprints();
  const emitter = createChangeEmitter<S>(onChange, batchMs);
  let live = false;
  return {
    announce: (change) => {
      const instances = mergeInstances([change.current, change.previous].map((node) => concerned(store, pins, node)));
      for (const { instance, managed } of instances) if (managed) fingerprints.bump(instance);
      if (live) emitter.emit({ ...change, instances });
    },
    kindChanged: (kind) => {
      fingerprints.bumpAll();
      const instances = concernedByKind(store, pins, kind);
      if (live && instances.length > 0)
        onChange({ type: 'upsert', current: undefined, previous: undefined, instances });
    },
    goLive: () => {
      live = true;
    },
    fingerprint: fingerprints.of,
    forget: fingerprints.forget,
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
