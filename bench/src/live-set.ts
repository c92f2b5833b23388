/** Waiting for objects by watching them, so that measuring costs neither polling nor precision. */
import { type KubeClient, type KubeObject, watchObjects } from '@tiphys/testing';

export interface LiveSet {
  /** Resolves with the time (performance.now) of the event after which `count` objects match. */
  reached(count: number, timeoutMs: number): Promise<number>;
  /** Resolves with the time of the first event after which this object matches. */
  matched(name: string, matches: (object: KubeObject) => boolean, timeoutMs: number): Promise<number>;
  object(name: string): KubeObject | undefined;
  stop(): void;
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: (at: number) => void;
}

/** Watches a collection; `isReady` counts for `reached`. */
export function watchSet(client: KubeClient, path: string, isReady: (object: KubeObject) => boolean): LiveSet {
  const controller = new AbortController();
  const objects = new Map<string, KubeObject>();
  const ready = new Set<string>();
  const waiters = new Set<Waiter>();
  void watchObjects(client, path, {
    signal: controller.signal,
    onEvent: ({ type, object }) => {
      const { name } = object.metadata;
      if (type === 'DELETED') objects.delete(name);
      else objects.set(name, object);
      if (type !== 'DELETED' && isReady(object)) ready.add(name);
      else ready.delete(name);
      settle(waiters);
    },
  });
  const wait = (what: string, isDone: () => boolean, timeoutMs: number): Promise<number> => {
    if (isDone()) return Promise.resolve(performance.now());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        isDone,
        resolve: (at) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(at);
        },
      };
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        reject(
          new Error(`${path}: ${what} not reached within ${timeoutMs / 1_000} s; ${ready.size} objects are ready`),
        );
      }, timeoutMs);
      waiters.add(waiter);
    });
  };
  return {
    reached: (count, timeoutMs) => wait(`${count} ready objects`, () => ready.size >= count, timeoutMs),
    matched: (name, matches, timeoutMs) => {
      const isDone = (): boolean => {
        const object = objects.get(name);
        return object !== undefined && matches(object);
      };
      return wait(`the state of ${name}`, isDone, timeoutMs);
    },
    object: (name) => objects.get(name),
    stop: () => controller.abort(),
  };
}

function settle(waiters: ReadonlySet<Waiter>): void {
  const now = performance.now();
  for (const waiter of waiters) {
    if (waiter.isDone()) waiter.resolve(now);
  }
}
