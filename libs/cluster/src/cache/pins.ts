/** Which keys an instance wants as full objects although they may not be tracked by it, and which kinds it waits for. */
import {
  type GroupKindString,
  groupKindString,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import { createMultiMap } from './multi-map.js';

export interface Pins {
  /** Replaces what the instance wants; returns the ids that nobody wants any more. */
  set(instance: string, wanted: readonly ResourceKey[]): readonly ResourceKeyString[];
  has(id: ResourceKeyString): boolean;
  instancesOf(id: ResourceKeyString): ReadonlySet<string>;
  /** Instances that want an object of the kind. */
  waitingFor(kind: GroupKindString): readonly string[];
}

export function createPins(): Pins {
  const wantedBy = new Map<string, ReadonlyMap<ResourceKeyString, GroupKindString>>();
  const instances = createMultiMap<ResourceKeyString, string>();
  return {
    set: (instance, wanted) => {
      const before = wantedBy.get(instance);
      const after = new Map(wanted.map((key) => [resourceKeyString(key), groupKindString(key)]));
      if (after.size === 0) wantedBy.delete(instance);
      else wantedBy.set(instance, after);
      for (const id of after.keys()) instances.add(id, instance);
      const released = [...(before?.keys() ?? [])].filter((id) => !after.has(id));
      for (const id of released) instances.remove(id, instance);
      return released.filter((id) => instances.get(id).size === 0);
    },
    has: (id) => instances.get(id).size > 0,
    instancesOf: (id) => instances.get(id),
    waitingFor: (kind) =>
      [...wantedBy].filter(([, wanted]) => [...wanted.values()].includes(kind)).map(([instance]) => instance),
  };
}
