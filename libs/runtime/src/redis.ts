/**
 * One way to connect to Redis for the queue and the cache (`@tiphys/runtime/redis`): reconnects for ever, asks for the
 * password on every connect, and says once that Redis is gone and once that it is back.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './ports.js';
import type { RedisConnection } from './settings.js';

export interface RedisClientOptions {
  readonly connection: RedisConnection;
  /** Shown in `CLIENT LIST` and in log lines. */
  readonly name: string;
  readonly log: Logger;
  /**
   * `wait`: commands wait as long as Redis is gone (BullMQ's workers need it). `fail` (default): a command fails after
   * a few attempts to reconnect, within about a second.
   */
  readonly whenGone?: 'wait' | 'fail';
}

const RECONNECT = { baseMs: 50, capMs: 2_000, attemptsPerCommand: 4 } as const;

/** Connects in the background; never throws. Close with `quit()` or `disconnect()`. */
export function connectRedis(options: RedisClientOptions): Redis {
  const { host, port } = options.connection;
  return create(options, {
    host,
    port,
    connectionName: options.name,
    // RESP2: answers of scripts are plain arrays and numbers, and every Redis since 5 speaks it.
    protocol: 2,
    maxRetriesPerRequest: options.whenGone === 'wait' ? null : RECONNECT.attemptsPerCommand,
    retryStrategy: (attempt) => Math.min(RECONNECT.baseMs * 2 ** Math.min(attempt, 10), RECONNECT.capMs),
    keepAlive: 10_000,
    connectTimeout: 5_000,
    ...(options.whenGone === 'wait' ? {} : { commandTimeout: 10_000 }),
  });
}

function create(options: RedisClientOptions, settings: RedisOptions): Redis {
  const redis = new Redis({ ...settings, replyMapping: 'legacy', lazyConnect: true });
  // A getter, because the password may have been rotated since the last connect (R2).
  Object.defineProperty(redis.options, 'password', { get: options.connection.password, enumerable: false });
  // BullMQ duplicates its connection; the copy must keep the getter.
  const duplicate = (override?: RedisOptions): Redis => create(options, { ...settings, ...override });
  redis.duplicate = duplicate as Redis['duplicate'];
  reportOutages(redis, options);
  redis.connect().catch(() => undefined); // the error event reports it and the retry strategy goes on
  return redis;
}

function reportOutages(redis: Redis, options: RedisClientOptions): void {
  const { host, port } = options.connection;
  let reported = false;
  redis.on('error', (error: Error) => {
    if (reported) return;
    reported = true;
    const hint = 'check that it runs and that the password is right; retrying until it answers';
    options.log.warn(`Redis does not answer: ${hint}`, { redis: `${host}:${port}`, connection: options.name, error });
  });
  redis.on('ready', () => {
    if (reported) options.log.info('Redis answers again', { redis: `${host}:${port}`, connection: options.name });
    reported = false;
  });
}
