/** Hosts that have just failed: who would take an older answer does not wait for them again. */
import { type GitOpsError, isGitOpsError } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';

export interface RecentFailures {
  /** What failed a moment ago. */
  get(key: string): GitOpsError | undefined;
  /** Remembered when it is the failure of a host; true then. */
  note(key: string, error: unknown): error is GitOpsError;
  forget(key: string): void;
}

const PAUSE_MS = 15_000;
const MAX_REMEMBERED = 5_000;

export function createRecentFailures(clock: Clock): RecentFailures {
  const failures = new Map<string, { readonly error: GitOpsError; readonly at: number }>();
  return {
    get: (key) => {
      const failed = failures.get(key);
      return failed !== undefined && clock.now().getTime() - failed.at < PAUSE_MS ? failed.error : undefined;
    },
    note: (key, error): error is GitOpsError => {
      if (!isGitOpsError(error) || error.code !== 'Upstream') return false;
      failures.delete(key);
      failures.set(key, { error, at: clock.now().getTime() });
      const [oldest] = failures.keys();
      if (failures.size > MAX_REMEMBERED && oldest !== undefined) failures.delete(oldest);
      return true;
    },
    forget: (key) => void failures.delete(key),
  };
}
