/** Renders that keep failing with the same inputs are not tried again for a while (L07). */
import type { Clock } from '@tiphys/runtime';
import { createByteLru } from './byte-lru.js';

export interface Failures {
  /** The error to repeat, while the pause lasts. */
  paused(key: string): Error | undefined;
  failed(key: string, error: Error): void;
  succeeded(key: string): void;
}

export interface FailureOptions {
  readonly clock: Clock;
  /** Failures with the same inputs before the pause; Argo CD's default is 3. */
  readonly attempts: number;
  /** Argo CD's default is 60 minutes. */
  readonly pauseMs: number;
}

interface Failure {
  readonly error: Error;
  readonly attempts: number;
  readonly at: number;
}

const MAX_FAILURES = 5_000;

/** Keyed by the render key: a commit that changes an input has another key, and is tried at once. */
export function createFailures({ clock, attempts, pauseMs }: FailureOptions): Failures {
  const failures = createByteLru<Failure>(MAX_FAILURES);
  return {
    paused: (key) => {
      const failure = failures.get(key);
      if (failure === undefined || failure.attempts < attempts) return undefined;
      if (clock.now().getTime() - failure.at < pauseMs) return failure.error;
      failures.delete(key);
      return undefined;
    },
    failed: (key, error) => {
      const count = (failures.get(key)?.attempts ?? 0) + 1;
      failures.set(key, { error, attempts: count, at: clock.now().getTime() }, 1);
    },
    succeeded: (key) => failures.delete(key),
  };
}
