/** The reconciles that are running in this process: never two of one key at a time, each with a signal to abort it. */

export interface Run {
  readonly key: string;
  readonly jobId: string;
  readonly signal: AbortSignal;
  /** A second job of the key was delivered meanwhile (after a lost lock or a lost Redis): run once more. */
  again: boolean;
}

export interface Runs {
  /** Undefined when the key is already running; it is marked to run again. */
  begin(key: string, jobId: string): Run | undefined;
  end(run: Run): void;
  abort(reason: Error, jobIds?: readonly string[]): void;
  /** Resolves true when nothing runs any more, false when the time is over. */
  idle(timeoutMs: number): Promise<boolean>;
  readonly size: number;
}

export function createRuns(): Runs {
  const byKey = new Map<string, { readonly run: Run; readonly controller: AbortController }>();
  const waiters = new Set<() => void>();
  return {
    begin: (key, jobId) => {
      const running = byKey.get(key);
      if (running !== undefined) {
        running.run.again = true;
        return undefined;
      }
      const controller = new AbortController();
      const run: Run = { key, jobId, signal: controller.signal, again: false };
      byKey.set(key, { run, controller });
      return run;
    },
    end: (run) => {
      byKey.delete(run.key);
      if (byKey.size === 0) for (const waiter of waiters) waiter();
    },
    abort: (reason, jobIds) => {
      for (const { run, controller } of byKey.values()) {
        if (jobIds === undefined || jobIds.includes(run.jobId)) controller.abort(reason);
      }
    },
    idle: (timeoutMs) => (byKey.size === 0 ? Promise.resolve(true) : waitForIdle(waiters, timeoutMs)),
    get size() {
      return byKey.size;
    },
  };
}

function waitForIdle(waiters: Set<() => void>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (idle: boolean): void => {
      clearTimeout(timer);
      waiters.delete(onIdle);
      resolve(idle);
    };
    const onIdle = (): void => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    waiters.add(onIdle);
  });
}
