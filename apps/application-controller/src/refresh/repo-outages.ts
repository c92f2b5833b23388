/** Outages of the sources: not shown on an Application before they last (C26, `controller.repo.error.grace.period.seconds`). */
import { type AppKey, isGitOpsError } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';

export interface RepoOutages {
  /** The error as it is to be treated: within the grace period a RepoOutage, which leaves the status as it is. */
  failed(key: AppKey, error: unknown, options: { readonly graceMs: number; readonly showAtOnce: boolean }): unknown;
  /** Of the outage that goes on. */
  since(key: AppKey): Date | undefined;
  /** The sources could be read again. */
  ended(key: AppKey): void;
}

/** A source that cannot be reached, for a while; the status stays, and the comparison is tried again. */
export class RepoOutage extends Error {
  override readonly name = 'RepoOutage';
}

/** Only outages are waited for: what is wrong with a commit is shown at once. */
export function createRepoOutages(clock: Clock): RepoOutages {
  const since = new Map<AppKey, number>();
  return {
    failed(key, error, { graceMs, showAtOnce }) {
      if (!isGitOpsError(error) || error.code !== 'Upstream') return error;
      const now = clock.now().getTime();
      const first = since.get(key) ?? now;
      since.set(key, first);
      return showAtOnce || now - first >= graceMs ? error : new RepoOutage(error.message, { cause: error });
    },
    since: (key) => {
      const first = since.get(key);
      return first === undefined ? undefined : new Date(first);
    },
    ended: (key) => void since.delete(key),
  };
}
