/** Login throttling (F22, S18): failures per user name, kept in Redis so that a restart or another replica does not reset them. */
import { createHash } from 'node:crypto';
import type { AuthenticatedCache } from '@tiphys/cache';
import type { Clock } from '@tiphys/runtime';

export interface ThrottleLimits {
  readonly maxFailures: number;
  readonly windowMs: number;
}

/** A window of 0 never ends, as in Argo CD. */
export function throttleLimits(config: {
  readonly sessionFailureMaxFailCount: number;
  readonly sessionFailureWindowSeconds: number;
}): ThrottleLimits {
  const { sessionFailureMaxFailCount: maxFailures, sessionFailureWindowSeconds: seconds } = config;
  return { maxFailures, windowMs: seconds === 0 ? FOREVER_MS : seconds * 1000 };
}

const FOREVER_MS = 10 * 365 * 86_400_000;

export interface LoginThrottle {
  /** Milliseconds until the user may try again; 0: now. */
  blockedFor(username: string, isAccount: boolean): Promise<number>;
  failed(username: string, isAccount: boolean): Promise<void>;
  succeeded(username: string): Promise<void>;
}

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

const BUCKETS = 1024;

/**
 * Real accounts have a counter each; all other names share a fixed number of counters, so that made-up names can
 * neither evict an account's counter nor fill the memory.
 */
export function createLoginThrottle(
  deps: { readonly cache: Pick<AuthenticatedCache, 'getJson' | 'setJson' | 'delete'>; readonly clock: Clock },
  limits: ThrottleLimits,
): LoginThrottle {
  // Redis may be away or flushed: this replica's own count still holds.
  const local = new Map<string, Failures>();
  const now = () => deps.clock.now().getTime();
  const recent = async (key: string): Promise<Failures> => {
    const shared = await deps.cache.getJson(key, parseFailures);
    const known = [local.get(key), shared].filter((failures) => failures !== undefined);
    const valid = known.filter(({ lastAt }) => lastAt + limits.windowMs > now());
    return valid.reduce((most, next) => (next.count > most.count ? next : most), { count: 0, lastAt: 0 });
  };
  return {
    blockedFor: async (username, isAccount) => {
      const { count, lastAt } = await recent(keyOf(username, isAccount));
      return count < limits.maxFailures ? 0 : lastAt + limits.windowMs - now();
    },
    failed: async (username, isAccount) => {
      const key = keyOf(username, isAccount);
      const { count } = await recent(key);
      const failures = { count: count + 1, lastAt: now() };
      local.set(key, failures);
      await deps.cache.setJson(key, failures, limits.windowMs);
    },
    succeeded: async (username) => {
      const key = keyOf(username, true);
      const { count } = await recent(key);
      if (count === 0) return;
      local.delete(key);
      await deps.cache.delete(key);
    },
  };
}

function keyOf(username: string, isAccount: boolean): string {
  if (isAccount) return `login:failures:account:${username}`;
  const hash = createHash('sha256').update(username).digest();
  return `login:failures:other:${hash.readUInt32BE(0) % BUCKETS}`;
}

function parseFailures(value: unknown): Failures {
  const { count, lastAt } = value as Partial<Failures>;
  if (typeof count !== 'number' || typeof lastAt !== 'number') throw new TypeError('not a failure counter');
  return { count, lastAt };
}
