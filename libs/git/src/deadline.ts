/** Ending work that cannot be cancelled: nodegit has no time-outs, so its promise is left behind and its result dropped. */
import { GitError } from './errors.js';

/** Rejects with the signal's reason, or a GitError `timeout` after `ms`, without waiting for the abandoned work. */
export async function withDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  const { ms, url, signal } = deadline;
  signal.throwIfAborted();
  work.catch(() => undefined); // it may fail long after nobody waits
  let stop = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => {
      const next = 'The host is slow or drops connections. It is retried with growing delays.';
      reject(new GitError('timeout', `The Git host did not answer within ${ms / 1000} s for ${url}. ${next}`));
    }, ms);
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    stop();
  }
}

export interface Deadline {
  readonly ms: number;
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Waits for shared work that goes on for the others when this caller's signal aborts. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
