/**
 * Writes that are asked for while one is under way go together in the next. A burst of events from this process costs
 * Redis a few commands, and reaches a key that is being reconciled as one event instead of one after each reconcile.
 */

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The returned function settles as the `write` that carried its item; one write runs at a time, items keep their order. */
export function groupCommit<T>(write: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: Waiting<T>[] = [];
  let running = false;

  const drain = async (): Promise<void> => {
    running = true;
    // What the same turn of the event loop asks for goes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await commit(write, group);
    }
    running = false;
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) void drain();
    });
}

async function commit<T>(write: (items: readonly T[]) => Promise<void>, group: readonly Waiting<T>[]): Promise<void> {
  try {
    await write(group.map(({ item }) => item));
    for (const { resolve } of group) resolve();
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
