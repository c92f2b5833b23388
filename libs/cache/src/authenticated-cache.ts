/** The cache of the services in Redis: distrusted on reading, optional in every way. */
import { GitOpsError } from '@tiphys/model';
import type { Logger, Metrics, RedisConnection } from '@tiphys/runtime';
import { connectRedis } from '@tiphys/runtime/redis';
import type { Redis } from 'ioredis';
import { probeProtection } from './authentication.js';
import { createEnvelope, type Envelope } from './envelope.js';
import type { AuthenticatedCache } from './ports.js';
import { createRedisRequests, type Initiator, type RedisRequests } from './redis-requests.js';

export interface CacheOptions {
  readonly connection: RedisConnection;
  /** Content of the cache key file, at least 32 bytes; the same for all services of an installation. */
  readonly cacheKey: string;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Which service this is, as Argo CD names it in `argocd_redis_request_total`; without it they are not counted. */
  readonly initiator?: Initiator;
  /** Accept a Redis that asks for no password (S6); a warning is logged. */
  readonly allowUnauthenticated?: boolean;
  /** Default `tiphys:cache:`; everything that the cache stores begins with it. */
  readonly keyPrefix?: string;
}

/**
 * Rejects with `InvalidSpec` when Redis lets in anybody. Later nothing throws: while Redis is gone reads are misses and
 * writes are dropped, and it recovers by itself. A value that fails its check is a miss, a security log line and a count.
 */
export async function createAuthenticatedCache(options: CacheOptions): Promise<AuthenticatedCache> {
  const envelope = createEnvelope(options.cacheKey);
  const state = { open: false };
  const protection = await probeProtection(options.connection);
  if (protection === 'open') refuseUnlessAllowed(options);
  const redis = connectRedis({ ...options, name: 'cache' });
  if (protection === 'unreachable') redis.once('ready', () => void checkLater(options, state));
  // A first command may wait for the first connection; later ones must not wait for an absent Redis.
  await firstAttempt(redis);
  const { metrics, initiator } = options;
  const requests =
    metrics === undefined || initiator === undefined ? undefined : createRedisRequests(metrics, { initiator });
  return cacheOn({ redis, envelope, options, count: counter(metrics), requests, state });
}

interface Context {
  readonly redis: Redis;
  readonly envelope: Envelope;
  readonly options: CacheOptions;
  readonly count: (result: CacheResult) => void;
  readonly requests: RedisRequests | undefined;
  /** True: Redis came up after us and lets in anybody; it is not used. */
  readonly state: { open: boolean };
}

type CacheResult = 'hit' | 'miss' | 'rejected' | 'unavailable';

/** Keys per MGET: bounds the size of one answer. */
const BATCH = 100;

function cacheOn(context: Context): AuthenticatedCache {
  const { redis, envelope, options } = context;
  const { keyPrefix = 'tiphys:cache:' } = options;
  const getMany = async (keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> => {
    const names = keys.map((key) => keyPrefix + key);
    const values: (Uint8Array | undefined)[] = [];
    for (let start = 0; start < names.length; start += BATCH) {
      values.push(...(await readBatch(context, names.slice(start, start + BATCH))));
    }
    return values;
  };
  const set = async (key: string, value: Uint8Array, ttlMs: number): Promise<void> => {
    if (!usable(context)) return;
    const name = keyPrefix + key;
    const sealed = await envelope.seal(name, value);
    await attempt(context, 'set', () => redis.set(name, sealed, 'PX', Math.max(1, Math.ceil(ttlMs))));
  };
  const get = async (key: string): Promise<Uint8Array | undefined> => (await getMany([key]))[0];
  return {
    get,
    getMany,
    set,
    delete: async (key) => {
      if (usable(context)) await attempt(context, 'del', () => redis.del(keyPrefix + key));
    },
    takeJson: async (key, parse) => {
      const name = keyPrefix + key;
      const stored = usable(context) ? await attempt(context, 'getdel', () => redis.getdelBuffer(name)) : null;
      const value = await openOne(context, name, stored ?? null);
      return value === undefined ? undefined : parseJson(context, { key, value }, parse);
    },
    addJson: async (key, value, ttlMs) => {
      if (!usable(context)) return false;
      const name = keyPrefix + key;
      const sealed = await envelope.seal(name, Buffer.from(JSON.stringify(value)));
      const ttl = Math.max(1, Math.ceil(ttlMs));
      return (await attempt(context, 'set', () => redis.set(name, sealed, 'PX', ttl, 'NX'))) === 'OK';
    },
    getJson: async (key, parse) => {
      const value = await get(key);
      return value === undefined ? undefined : parseJson(context, { key, value }, parse);
    },
    setJson: (key, value, ttlMs) => set(key, Buffer.from(JSON.stringify(value)), ttlMs),
    close: async () => redis.disconnect(),
  };
}

async function readBatch(context: Context, names: readonly string[]): Promise<(Uint8Array | undefined)[]> {
  const stored = usable(context) ? await attempt(context, 'mget', () => context.redis.mgetBuffer(...names)) : undefined;
  if (stored === undefined) {
    for (const _ of names) context.count('unavailable');
    return names.map(() => undefined);
  }
  return Promise.all(names.map((name, index) => openOne(context, name, stored[index] ?? null)));
}

async function openOne(context: Context, name: string, stored: Buffer | null): Promise<Uint8Array | undefined> {
  if (stored === null) {
    context.count('miss');
    return undefined;
  }
  const opened = await context.envelope.open(name, stored);
  if (opened.kind === 'value') {
    context.count('hit');
    return opened.value;
  }
  context.count('rejected');
  const hint = 'somebody else writes to this Redis, or the services have different cache keys; the value is rebuilt';
  const fields = { security: 'cache_value_rejected', cacheEntry: name, reason: opened.reason };
  context.options.log.error(`a cached value failed its check: ${hint}`, fields);
  return undefined;
}

interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A value of another version of Tiphys does not parse (R20): rebuilt like any other miss. */
function parseJson<T>(context: Context, entry: Entry, parse: (value: unknown) => T): T | undefined {
  try {
    return parse(JSON.parse(Buffer.from(entry.value).toString()));
  } catch (error) {
    context.options.log.debug('a cached value has another form', { cacheEntry: entry.key, error });
    return undefined;
  }
}

function usable(context: Context): boolean {
  return context.redis.status === 'ready' && !context.state.open;
}

/** Undefined when Redis does not answer; connectRedis has logged that it is gone. */
async function attempt<T>(
  context: Context,
  name: 'mget' | 'set' | 'del' | 'getdel',
  command: () => Promise<T>,
): Promise<T | undefined> {
  const ended = context.requests?.begin(name);
  try {
    const answer = await command();
    ended?.(false);
    return answer;
  } catch (error) {
    ended?.(true);
    context.options.log.debug('the cache does not answer', { error });
    return undefined;
  }
}

function firstAttempt(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      redis.off('ready', finish);
      redis.off('close', finish);
      resolve();
    };
    redis.once('ready', finish);
    redis.once('close', finish);
  });
}

function refuseUnlessAllowed({ connection, allowUnauthenticated, log }: CacheOptions): void {
  const address = `${connection.host}:${connection.port}`;
  if (allowUnauthenticated === true) {
    log.warn('Redis asks for no password: anybody who reaches it can delete caches and queues', { redis: address });
    return;
  }
  const fix = 'set requirepass and give the password to the services, or set TIPHYS_REDIS_ALLOW_UNAUTHENTICATED=true';
  throw new GitOpsError('InvalidSpec', `Redis at ${address} lets in anybody without a password: ${fix}`);
}

async function checkLater(options: CacheOptions, state: Context['state']): Promise<void> {
  if ((await probeProtection(options.connection)) !== 'open') return;
  try {
    refuseUnlessAllowed(options);
  } catch (error) {
    state.open = true;
    options.log.error('the cache stays switched off', { security: 'redis_without_password', error });
  }
}

function counter(metrics: Metrics | undefined): (result: CacheResult) => void {
  const requests = metrics?.counter({
    name: 'tiphys_cache_requests_total',
    help: 'Reads of the authenticated cache by result; rejected means that a value failed its check.',
    labels: ['result'],
  });
  return (result) => requests?.inc({ result });
}
