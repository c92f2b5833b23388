/** Politeness towards Git hosts: few requests at a time, and none while a host asks to be left alone. */
import { type Clock, createSemaphore, type Semaphore } from '@tiphys/runtime';
import { GitError, isGitError } from './errors.js';

export interface HostGate {
  /** Waits for a place at the host. @throws GitError `rate-limited` at once while the host's pause lasts. */
  run<T>(host: string, task: () => Promise<T>): Promise<T>;
}

/** Pause after a 429 that names no time. */
const DEFAULT_PAUSE_MS = 60_000;

export function createHostGate(options: { readonly perHost: number; readonly clock: Clock }): HostGate {
  const places = new Map<string, Semaphore>();
  const pauses = new Map<string, number>();
  const { perHost, clock } = options;
  return {
    run: async (host, task) => {
      const leftMs = (pauses.get(host) ?? 0) - clock.now().getTime();
      if (leftMs > 0) {
        const message = `${host} limits requests. It is asked again in ${Math.ceil(leftMs / 1_000)} s.`;
        throw new GitError('rate-limited', message, { retry: { afterMs: leftMs } });
      }
      const semaphore = places.get(host) ?? createSemaphore(perHost);
      places.set(host, semaphore);
      try {
        return await semaphore.run(task);
      } catch (error) {
        if (isGitError(error) && error.failure === 'rate-limited') {
          const pauseMs = typeof error.retry === 'object' ? error.retry.afterMs : DEFAULT_PAUSE_MS;
          pauses.set(host, clock.now().getTime() + pauseMs);
        }
        throw error;
      }
    },
  };
}
