/** What the API server uses of Redis: the authenticated cache, the announcements of new trees, the refresh queue. */
import { type AuthenticatedCache, createAuthenticatedCache, createChangeFeed } from '@tiphys/cache';
import { QUEUES, TREE_CHANGED_CHANNEL } from '@tiphys/model';
import { createKeyedQueue, type KeyedQueue } from '@tiphys/queue';
import { redisConnection } from '@tiphys/runtime';
import type { BuildContext } from './build-deps.js';
import type { TreeChanges } from './routes/application-state/deps.js';

export interface RedisParts {
  readonly cache: AuthenticatedCache;
  readonly treeChanges: TreeChanges;
  readonly refreshQueue: KeyedQueue;
}

/** Connects in the background; every part works again by itself after Redis was away. */
export async function openRedisParts({ config, lifecycle, metrics, log }: BuildContext): Promise<RedisParts> {
  const connection = redisConnection(config);
  const { cacheKey, redisAllowUnauthenticated: allowUnauthenticated } = config;
  const cache = await createAuthenticatedCache({
    connection,
    cacheKey,
    allowUnauthenticated,
    metrics,
    initiator: 'argocd-server',
    log,
  });
  lifecycle.onStop('cache', () => cache.close());
  const feed = createChangeFeed({ connection, channel: TREE_CHANGED_CHANNEL, log });
  lifecycle.onStop('change feed', () => feed.close());
  const refreshQueue = createKeyedQueue({ name: QUEUES.refresh, connection, log });
  lifecycle.onStop('refresh queue', () => refreshQueue.close());
  const treeChanges: TreeChanges = {
    subscribe: (instanceName, listener) =>
      feed.subscribe({ onChange: (name) => name === instanceName && listener(), onGap: listener }),
  };
  return { cache, treeChanges, refreshQueue };
}
