/** Login throttling (F22, S18): failures per user name, kept in Redis so that a restart or another replica does not reset them. */
import { createHash } from 'node:crypto';
import type { AuthenticatedCache } from '@tiphys/cache';
import type { Clock, Logger } from '@tiphys/runtime';

export interface ThrottleLimits {
  readonly maxFailures: number;
  readonly windowMs: number;
}

/** Argo CD's defaults. */
export const THROTTLE_LIMITS: ThrottleLimits = { maxFailures: 5, windowMs: 300_000 };

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
  deps: { readonly cache: Pick<AuthenticatedCache, 'getJson' | 'setJson' | 'delete'>; clock: Clock; log: Logger },
  limits: ThrottleLimits = THROTTLE_LIMITS,
): LoginThrottle {
  const local = new Map<string, Failures>();
  const now = () => deps.clock.now().getTime();
  const read = async (key: string): Promise<Failures | undefined> => {
    const own = local.get(key);
    const shared = await deps.cache.getJson(key, parseFailures).catch((error: unknown) => {
      deps.log.warn('login failures cannot be read; is Redis reachable?', { error });
      return undefined;
    });
    const known = (shared?.count ?? 0) > (own?.count ?? 0) ? shared : own;
    return known !== undefined && known.lastAt + limits.windowMs > now() ? known : undefined;
  };
  return {
    blockedFor: async (username, isAccount) => {
      const failures = await read(keyOf(username, isAccount));
      if (failures === undefined || failures.count < limits.maxFailures) return 0;
      return failures.lastAt + limits.windowMs - now();
    },
    failed: async (username, isAccount) => {
      const key = keyOf(username, isAccount);
      const before = await read(key);
      const failures = { count: Math.max(before?.count ?? 0, local.get(key)?.count ?? 0) + 1, lastAt: now() };
      const fresh = before === undefined ? { count: 1, lastAt: now() } : failures;
      local.set(key, fresh);
      await deps.cache.setJson(key, fresh, limits.windowMs).catch(() => undefined);
    },
    succeeded: async (username) => {
      const key = keyOf(username, true);
      if (!local.delete(key) && (await read(key)) === undefined) return;
      await deps.cache.delete(key).catch(() => undefined);
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
