/** Politeness towards Git hosts: the gate of libs/runtime with the errors of Git. */
import { type Clock, createHostGate as createGate, type HostGate } from '@tiphys/runtime';
import { GitError, isGitError } from './errors.js';

export type { HostGate } from '@tiphys/runtime';

/** Pause after a 429 that names no time. */
const DEFAULT_PAUSE_MS = 60_000;

/** While a host's pause lasts, `run` throws GitError `rate-limited` at once. */
export function createHostGate(options: { readonly perHost: number; readonly clock: Clock }): HostGate {
  return createGate({
    ...options,
    pauseOf: (error) => {
      if (!isGitError(error) || error.failure !== 'rate-limited') return undefined;
      return typeof error.retry === 'object' ? error.retry.afterMs : DEFAULT_PAUSE_MS;
    },
    paused: (host, leftMs) => {
      const message = `${host} limits requests. It is asked again in ${Math.ceil(leftMs / 1_000)} s.`;
      return new GitError('rate-limited', message, { retry: { afterMs: leftMs } });
    },
  });
}
