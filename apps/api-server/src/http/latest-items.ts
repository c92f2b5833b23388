/** Items that wait for a reader, at most one for each key: a reader that is slow sees the newest, and never a growing backlog. */

export interface LatestItems<K, V> {
  /** The item that waits for the same key, if one does, is merged with it and keeps its place. */
  put(key: K, item: V): void;
  /** Each item once, in the order of their keys' arrival; ends with the signal. For one reader. */
  read(signal: AbortSignal): AsyncGenerator<V, void>;
}

/** `merge` says what remains of two items of one key; undefined: nothing. */
export function createLatestItems<K, V>(merge: (waiting: V, next: V) => V | undefined): LatestItems<K, V> {
  const waiting = new Map<K, V>();
  let wake: () => void = () => undefined;
  return {
    put: (key, item) => {
      const known = waiting.get(key);
      const merged = known === undefined ? item : merge(known, item);
      if (merged === undefined) waiting.delete(key);
      else waiting.set(key, merged);
      wake();
    },
    read: async function* read(signal) {
      while (!signal.aborted) {
        const [next] = waiting;
        if (next === undefined) {
          await untilWoken(signal);
        } else {
          waiting.delete(next[0]);
          yield next[1];
        }
      }
    },
  };

  function untilWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      wake = () => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** What a watch tells of one object. */
export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** Two changes of an object as the one that a reader needs who has seen neither. */
export function mergeChanges<T>(waiting: Change<T>, next: Change<T>): Change<T> | undefined {
  if (next.type === 'DELETED') return waiting.type === 'ADDED' ? undefined : next;
  return { type: waiting.type === 'ADDED' ? 'ADDED' : 'MODIFIED', object: next.object };
}

/** The items, each as the function makes it when it is asked for. */
export async function* mapItems<V, T>(items: AsyncIterable<V>, map: (item: V) => T): AsyncGenerator<T, void> {
  for await (const item of items) yield map(item);
}
