/** Ids of sessions that were ended before they expired, shared between replicas through the authenticated cache. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { Logger } from '@tiphys/runtime';

export interface RevokedTokens {
  add(tokenId: string, ttlMs: number): Promise<void>;
  has(tokenId: string): Promise<boolean>;
}

const MARK = new Uint8Array([1]);
const KEEP = 10_000;

/** While Redis is away, this replica still knows what it ended itself, and valid sessions go on working. */
export function createRevokedTokens(cache: Pick<AuthenticatedCache, 'get' | 'set'>, log: Logger): RevokedTokens {
  const own = new Map<string, number>();
  const keyOf = (tokenId: string) => `session:revoked:${tokenId}`;
  return {
    add: async (tokenId, ttlMs) => {
      own.set(tokenId, Date.now() + ttlMs);
      if (own.size > KEEP) dropOldest(own);
      await cache.set(keyOf(tokenId), MARK, ttlMs);
    },
    has: async (tokenId) => {
      if ((own.get(tokenId) ?? 0) > Date.now()) return true;
      try {
        return (await cache.get(keyOf(tokenId))) !== undefined;
      } catch (error) {
        log.warn('ended sessions cannot be looked up; is Redis reachable?', { error });
        return false;
      }
    },
  };
}

function dropOldest(own: Map<string, number>): void {
  const [oldest] = own.keys();
  if (oldest !== undefined) own.delete(oldest);
}
