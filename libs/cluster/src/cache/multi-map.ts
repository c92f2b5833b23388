/** A map to sets that forgets empty sets: the shape of every index of the cache. */
export interface MultiMap<K, V> {
  add(key: K, value: V): void;
  remove(key: K, value: V): void;
  get(key: K): ReadonlySet<V>;
  keys(): Iterable<K>;
}

const NOTHING: ReadonlySet<never> = new Set<never>();

export function createMultiMap<K, V>(): MultiMap<K, V> {
  const sets = new Map<K, Set<V>>();
  return {
    add: (key, value) => {
      const set = sets.get(key);
      if (set === undefined) sets.set(key, new Set([value]));
      else set.add(value);
    },
    remove: (key, value) => {
      const set = sets.get(key);
      if (set?.delete(value) === true && set.size === 0) sets.delete(key);
    },
    get: (key) => sets.get(key) ?? NOTHING,
    keys: () => sets.keys(),
  };
}
