/** Announcing over Redis that something has changed: names only, at most once, no history. */
import type { Logger, RedisConnection } from '@tiphys/runtime';
import { connectRedis } from '@tiphys/runtime/redis';
import type { Redis } from 'ioredis';

export interface ChangeFeedOptions {
  readonly connection: RedisConnection;
  /** For example TREE_CHANGED_CHANNEL (libs/model). */
  readonly channel: string;
  readonly log: Logger;
}

export interface ChangeListener {
  /** Whoever can reach Redis can announce anything: read the value again, through the authenticated cache. */
  onChange(name: string): void;
  /** The connection was away: anything may have changed. */
  onGap?(): void;
}

export interface ChangeFeed {
  /** Never throws; lost when Redis is gone. */
  publish(name: string): void;
  /** Returns how to stop listening. The first listener opens the second connection that Redis needs for it. */
  subscribe(listener: ChangeListener): () => void;
  close(): Promise<void>;
}

const CHANNEL_PREFIX = 'tiphys:';

export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { log, channel } = options;
  const listeners = new Set<ChangeListener>();
  let publisher: Redis | undefined;
  let subscriber: Redis | undefined;
  return {
    publish: (name) => {
      publisher ??= connectRedis({ ...options, name: `publish-${channel}` });
      publisher.publish(CHANNEL_PREFIX + channel, name).catch((error: unknown) => {
        log.debug('a change was not announced', { channel, error });
      });
    },
    subscribe: (listener) => {
      subscriber ??= listen(options, listeners);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      publisher?.disconnect();
      subscriber?.disconnect();
    },
  };
}

function listen(options: ChangeFeedOptions, listeners: ReadonlySet<ChangeListener>): Redis {
  const { log, channel } = options;
  const redis = connectRedis({ ...options, name: `subscribe-${channel}`, whenGone: 'wait' });
  let seen = false;
  redis.on('message', (_channel: string, name: string) => {
    for (const listener of listeners) listener.onChange(name);
  });
  redis.on('ready', () => {
    // ioredis subscribes again by itself, but what was announced meanwhile is lost.
    if (seen) for (const listener of listeners) listener.onGap?.();
    seen = true;
  });
  redis.subscribe(CHANNEL_PREFIX + channel).catch((error: unknown) => {
    log.warn('cannot listen for changes; views refresh at their next poll', { channel, error });
  });
  return redis;
}
