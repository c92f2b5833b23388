/** Waiting for something to become true: the only way tests wait. */
import { setTimeout as delay } from 'node:timers/promises';

/** When to give up, and what to say then. */
export interface EventuallyOptions {
  /** Milliseconds; default 30,000. */
  readonly timeoutMs?: number;
  /** Milliseconds between attempts; default 25. */
  readonly intervalMs?: number;
  /** What is being waited for, shown when it does not happen. */
  readonly description?: string;
}

/** Calls `attempt` until it stops throwing and returns its result; after the time limit throws with the last error as cause. */
export async function eventually<T>(attempt: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 30_000, intervalMs = 25, description = 'condition' } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${description}: not reached within ${timeoutMs} ms: ${reason}`, { cause: error });
      }
    }
    await delay(Math.min(intervalMs, Math.max(deadline - Date.now(), 0)));
  }
}
