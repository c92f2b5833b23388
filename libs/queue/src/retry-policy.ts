/** When a key whose reconcile threw is tried again: the retry policy of the error, pure. */
import { toGitOpsError } from '@tiphys/model';

/** Immediate retries (a conflict: read again) before they are slowed down like other failures. */
const FREE_RETRIES = 3;

/** Milliseconds until the next try after the given failed attempt (from 1); undefined: not until something changes. */
export function retryAfterMs(
  error: unknown,
  attempt: number,
  backoff: (attempt: number) => number,
): number | undefined {
  const { retry } = toGitOpsError(error);
  if (retry === 'never') return undefined;
  if (retry === 'backoff') return backoff(attempt);
  if (retry.afterMs > 0 || attempt <= FREE_RETRIES) return retry.afterMs;
  return backoff(attempt - FREE_RETRIES);
}
