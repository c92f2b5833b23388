/** Back-off as a pure function of the attempt, and the loop that uses it. */
import { setTimeout as delay } from 'node:timers/promises';
import { toGitOpsError } from '@tiphys/model';

export interface BackoffOptions {
  readonly baseMs: number;
  /** Growth per attempt; default 2. */
  readonly factor?: number;
  readonly capMs: number;
  /** Share of the delay that is random, 0-1; default 0.2: a delay of 10 s becomes 8-10 s. */
  readonly jitter?: number;
  /** Returns [0, 1); default Math.random. */
  readonly random?: () => number;
}

/** Milliseconds to wait after the given failed attempt; attempts count from 1. */
export type Backoff = (attempt: number) => number;

export function backoff(options: BackoffOptions): Backoff {
  const { baseMs, factor = 2, capMs, jitter = 0.2, random = Math.random } = options;
  return (attempt) => {
    const full = Math.min(capMs, baseMs * factor ** Math.max(0, attempt - 1));
    return Math.round(full * (1 - jitter * random()));
  };
}

export interface RetryOptions {
  readonly delay: Backoff;
  /** Tries in all; default: until it works, the error must not be retried, or the signal aborts. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  /** Default: the retry policy of the error is not `never`. */
  readonly shouldRetry?: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown, afterMs: number, attempt: number) => void;
}

/** Calls `operation` until it succeeds. Throws its last error when it must not or may no longer be retried. */
export async function retry<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const shouldRetry = options.shouldRetry ?? ((error) => toGitOpsError(error).retry !== 'never');
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt === options.attempts || options.signal?.aborted || !shouldRetry(error)) throw error;
      const afterMs = options.delay(attempt);
      options.onRetry?.(error, afterMs, attempt);
      await delay(afterMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }
}
