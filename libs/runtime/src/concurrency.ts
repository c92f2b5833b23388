/** Bounding and sharing concurrent work: a semaphore and a single flight per key. */

export interface Semaphore {
  /** Runs the task when one of the places is free, first come first served; the signal ends the waiting only. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  readonly active: number;
  readonly waiting: number;
}

export function createSemaphore(places: number): Semaphore {
  if (!Number.isInteger(places) || places < 1)
    throw new RangeError(`a semaphore needs at least one place, not ${places}`);
  const queue: (() => void)[] = [];
  let active = 0;
  // The place is handed over, never freed and taken again, so that nobody can jump the queue.
  const release = (): void => {
    const next = queue.shift();
    if (next === undefined) active -= 1;
    else next();
  };
  const acquire = async (signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted();
    if (active < places) {
      active += 1;
      return;
    }
    await waitForTurn(queue, signal);
  };
  return {
    run: async (task, signal) => {
      await acquire(signal);
      try {
        return await task();
      } finally {
        release();
      }
    },
    get active() {
      return active;
    },
    get waiting() {
      return queue.length;
    },
  };
}

function waitForTurn(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = (): void => {
      queue.splice(queue.indexOf(turn), 1);
      reject(signal?.reason as Error);
    };
    queue.push(turn);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

export interface SingleFlight {
  /** Joins the call in flight for the key, or starts one. All callers get the same result or error; nothing is remembered after it. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
  readonly size: number;
}

/** One call per key at a time. Give each kind of result its own instance: the result type follows from the key. */
export function singleFlight(): SingleFlight {
  const flights = new Map<string, Promise<unknown>>();
  return {
    run: <T>(key: string, task: () => Promise<T>): Promise<T> => {
      const running = flights.get(key);
      if (running !== undefined) return running as Promise<T>;
      const flight = Promise.resolve()
        .then(task)
        .finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
    get size() {
      return flights.size;
    },
  };
}
