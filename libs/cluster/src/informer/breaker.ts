/** One probe for a server that does not answer, however many watches wait for it (R17). */
import { setTimeout as delay } from 'node:timers/promises';
import { kubeStatusOf } from '../client/errors.js';
import type { KubeClient } from '../ports.js';

/** Resolves at once when `error` is an answer of the server, else when the server answers again. */
export type Breaker = (error: unknown, signal: AbortSignal, onStillDown: (error: unknown) => void) => Promise<void>;

const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** Probes run only while somebody waits. */
export function createBreaker(
  client: KubeClient,
  pause: (ms: number) => Promise<unknown> = (ms) => delay(ms),
): Breaker {
  const waiting = new Map<symbol, (error: unknown) => void>();
  let probing: Promise<void> | undefined;

  async function probe(): Promise<void> {
    for (let wait = FIRST_MS; waiting.size > 0; wait = Math.min(wait * 2, LONGEST_MS)) {
      const failure = await failureOf(client);
      if (failure === undefined) return;
      for (const onStillDown of waiting.values()) onStillDown(failure);
      await pause(wait * (0.9 + 0.2 * Math.random()));
    }
  }
  return async (error, signal, onStillDown) => {
    if (kubeStatusOf(error) !== undefined) return;
    const id = Symbol('waiting');
    waiting.set(id, onStillDown);
    probing ??= probe().finally(() => {
      probing = undefined;
    });
    await untilSettledOrAborted(probing, signal);
    waiting.delete(id);
  };
}

/** Any answer, also a refusal, shows that the server is there. */
async function failureOf(client: KubeClient): Promise<unknown> {
  try {
    await client.request('GET', '/version', { signal: AbortSignal.timeout(LONGEST_MS) });
    return undefined;
  } catch (error) {
    return kubeStatusOf(error) === undefined ? error : undefined;
  }
}

function untilSettledOrAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) done();
    signal.addEventListener('abort', done);
    work.then(done, done);
  });
}
