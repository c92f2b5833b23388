/** Sharing one question among all who ask at the same time, without giving anybody an answer that is older than they asked for. */
import type { Clock } from '@tiphys/runtime';

export interface FreshResult<T> {
  readonly value: T;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

export interface FreshFlight<T> {
  /** Joins the running call for the key if it began at `notBefore` or later, else the one that begins after it. */
  run(key: string, notBefore: number, task: () => Promise<T>): Promise<FreshResult<T>>;
}

interface Flight<T> {
  readonly startedAt: number;
  readonly result: Promise<FreshResult<T>>;
}

export function createFreshFlight<T>(clock: Clock): FreshFlight<T> {
  const running = new Map<string, Flight<T>>();
  const next = new Map<string, Promise<FreshResult<T>>>();

  const start = (key: string, task: () => Promise<T>): Promise<FreshResult<T>> => {
    const startedAt = clock.now().getTime();
    const result = task().then((value) => ({ value, startedAt }));
    const flight = { startedAt, result };
    running.set(key, flight);
    const done = (): void => {
      if (running.get(key) === flight) running.delete(key);
    };
    result.then(done, done);
    return result;
  };

  return {
    run: (key, notBefore, task) => {
      const current = running.get(key);
      if (current === undefined) return start(key, task);
      if (current.startedAt >= notBefore) return current.result;
      const waiting = next.get(key);
      if (waiting !== undefined) return waiting;
      const following = current.result
        .then(
          () => undefined,
          () => undefined,
        )
        .then(() => {
          next.delete(key);
          return start(key, task);
        });
      next.set(key, following);
      return following;
    },
  };
}
