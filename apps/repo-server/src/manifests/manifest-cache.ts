/** Rendered manifests by render key: first in this process, then in Redis, where other replicas find them. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { RenderedManifest, RenderResult } from '@tiphys/manifests';
import { createByteLru } from './byte-lru.js';

export interface ManifestCache {
  get(key: string): Promise<RenderResult | undefined>;
  set(key: string, result: RenderResult): Promise<void>;
}

export interface ManifestCacheOptions {
  readonly redis: AuthenticatedCache;
  readonly ttlMs: number;
  /** Of this process. */
  readonly maxBytes: number;
}

/** Values beyond this stay out of Redis, which one thread serves for everybody. */
const MAX_REDIS_CHARACTERS = 8 * 1024 * 1024;

export function createManifestCache({ redis, ttlMs, maxBytes }: ManifestCacheOptions): ManifestCache {
  const local = createByteLru<RenderResult>(maxBytes);
  const keep = (key: string, result: RenderResult): number => {
    const size = sizeOf(result);
    local.set(key, result, size * 2); // two bytes a character at worst
    return size;
  };
  return {
    get: async (key) => {
      const known = local.get(key);
      if (known !== undefined) return known;
      const stored = await redis.getJson(redisKey(key), parseResult);
      if (stored !== undefined) keep(key, stored);
      return stored;
    },
    set: async (key, result) => {
      if (keep(key, result) <= MAX_REDIS_CHARACTERS) await redis.setJson(redisKey(key), result, ttlMs);
    },
  };
}

function redisKey(key: string): string {
  return `mfst:1:${key}`;
}

function sizeOf({ manifests, warnings }: RenderResult): number {
  const texts = manifests.map(({ json, origin }) => json.length + origin.length + 64);
  return [...texts, ...warnings.map((warning) => warning.length)].reduce((sum, size) => sum + size, 128);
}

/** Written by another version, perhaps: anything unexpected is a miss. */
function parseResult(value: unknown): RenderResult {
  const { manifests, warnings } = value as RenderResult;
  const isManifest = (item: RenderedManifest): boolean =>
    typeof item.json === 'string' && typeof item.origin === 'string';
  if (!Array.isArray(manifests) || !Array.isArray(warnings) || !manifests.every(isManifest)) {
    throw new TypeError('not a render result');
  }
  return { manifests, warnings };
}
