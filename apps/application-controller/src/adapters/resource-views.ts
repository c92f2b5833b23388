/** Publishes trees and managed resources for the API server; equal content is not written again. */

import { createHash } from 'node:crypto';
import type { AuthenticatedCache, ChangeFeed } from '@tiphys/cache';
import { instanceNameOf, managedResourcesCacheKey, resourceTreeCacheKey } from '@tiphys/model';
import { instanceOf } from '../identity.js';
import type { ResourceViews } from '../ports.js';

/**
 * A year: an application at rest is not compared again, so nothing would bring back a view that expired. A start and a
 * lost Redis write everything anew; a deleted application's views are deleted.
 */
const TTL_MS = 365 * 24 * 60 * 60 * 1_000;

export interface ResourceViewsDeps {
  readonly cache: AuthenticatedCache;
  readonly feed: ChangeFeed;
  readonly namespace: string;
}

export interface PublishedViews extends ResourceViews {
  /** Redis lost its data: everything is written again by the next comparisons. */
  forgetAll(): void;
}

export function createResourceViews({ cache, feed, namespace }: ResourceViewsDeps): PublishedViews {
  const written = new Map<string, string>();

  async function writeIfChanged(key: string, value: unknown): Promise<boolean> {
    const hash = createHash('sha256').update(JSON.stringify(value)).digest('base64url');
    if (written.get(key) === hash) return false;
    await cache.setJson(key, value, TTL_MS);
    written.set(key, hash);
    return true;
  }

  return {
    async publish(app, { tree, managed }) {
      const instance = instanceOf(app, namespace);
      const changed = await Promise.all([
        writeIfChanged(resourceTreeCacheKey(instance), tree),
        writeIfChanged(managedResourcesCacheKey(instance), managed),
      ]);
      if (changed.includes(true)) feed.publish(instance);
    },
    async forget(app) {
      const instance = instanceNameOf(app, namespace);
      const keys = [resourceTreeCacheKey(instance), managedResourcesCacheKey(instance)];
      for (const key of keys) written.delete(key);
      await Promise.all(keys.map((key) => cache.delete(key)));
      feed.publish(instance);
    },
    forgetAll: () => written.clear(),
  };
}
