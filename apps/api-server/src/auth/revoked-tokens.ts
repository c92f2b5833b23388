/** Ids of sessions that were ended before they expired, shared between replicas through the authenticated cache. */
import type { AuthenticatedCache } from '@tiphys/cache';

export interface RevokedTokens {
  add(tokenId: string, ttlMs: number): Promise<void>;
  has(tokenId: string): Promise<boolean>;
}

const MARK = new Uint8Array([1]);
const KEEP = 10_000;

/** While Redis is away, this replica still knows what it ended itself, and valid sessions go on working. */
export function createRevokedTokens(cache: Pick<AuthenticatedCache, 'get' | 'set'>): RevokedTokens {
  const own = new Map<string, number>();
  const keyOf = (tokenId: string) => `session:revoked:${tokenId}`;
  return {
    add: async (tokenId, ttlMs) => {
      own.set(tokenId, Date.now() + ttlMs);
      const [oldest] = own.keys();
      if (own.size > KEEP && oldest !== undefined) own.delete(oldest);
      await cache.set(keyOf(tokenId), MARK, ttlMs);
    },
    has: async (tokenId) => (own.get(tokenId) ?? 0) > Date.now() || (await cache.get(keyOf(tokenId))) !== undefined,
  };
}
