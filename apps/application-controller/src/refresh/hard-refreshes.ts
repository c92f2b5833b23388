/**
 * When each application was last refreshed hard. A refresh that changes nothing leaves no trace on the object, so the
 * process remembers it (`timeout.hard.reconciliation`, C24); a new process counts from its start.
 */
import type { AppKey } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';

export interface HardRefreshes {
  lastOf(key: AppKey): Date;
  done(key: AppKey): void;
  forget(key: AppKey): void;
}

export function createHardRefreshes(clock: Clock): HardRefreshes {
  const startedAt = clock.now();
  const last = new Map<AppKey, Date>();
  return {
    lastOf: (key) => last.get(key) ?? startedAt,
    done: (key) => void last.set(key, clock.now()),
    forget: (key) => void last.delete(key),
  };
}
