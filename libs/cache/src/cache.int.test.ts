/** The authenticated cache and the change feed on a real Redis. */
import { createMetrics, type Logger, type Metrics, silentLogger } from '@tiphys/runtime';
import {
  eventually,
  freePort,
  type ManagedProcess,
  metricSamples,
  metricShapes,
  type RedisInfo,
  removeDirectory,
  sharedRedis,
  startProcess,
  startRedis,
  temporaryDirectory,
  uniqueName,
} from '@tiphys/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AuthenticatedCache, type CacheOptions, createAuthenticatedCache, createChangeFeed } from './index.js';

const CACHE_KEY = '0123456789abcdef0123456789abcdef';
let redis: RedisInfo;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  redis = await sharedRedis();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function connectionOf({ host, port, password }: { host: string; port: number; password?: string }) {
  return { host, port, password: () => password };
}

async function newCache(options: Partial<CacheOptions> = {}): Promise<AuthenticatedCache & { keyPrefix: string }> {
  const keyPrefix = `${uniqueName('cache')}:`;
  const base = { connection: connectionOf(redis), cacheKey: CACHE_KEY, log: silentLogger, keyPrefix };
  const cache = await createAuthenticatedCache({ ...base, ...options });
  cleanups.push(() => cache.close());
  return { ...cache, keyPrefix };
}

function raw(): Redis {
  const client = new Redis({ host: redis.host, port: redis.port, password: redis.password, protocol: 2 });
  cleanups.push(async () => client.disconnect());
  return client;
}

function recordingLog() {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, message, fields });
  const log: Logger = {
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return { log, lines };
}

async function readsOf(metrics: Metrics): Promise<Record<string, number>> {
  const text = await metrics.render();
  const matches = text.matchAll(/tiphys_cache_requests_total\{result="(\w+)"\} (\d+)/g);
  return Object.fromEntries([...matches].map(([, result, count]) => [result, Number(count)]));
}

/** A redis-server on a port of our choice, so that it can come and go. */
async function redisAt(port: number, ...args: string[]): Promise<ManagedProcess> {
  const directory = temporaryDirectory('redis');
  const fixed = ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--dir', directory];
  const server = await startProcess({
    command: 'redis-server',
    args: [...fixed, ...args],
    logFile: `${directory}/log`,
  });
  cleanups.push(async () => {
    await server.kill();
    removeDirectory(directory);
  });
  return server;
}

describe('values', () => {
  it('come back until their time is over or they are deleted', async () => {
    const cache = await newCache();
    const big = Buffer.from('x'.repeat(100_000));
    await cache.set('a', Buffer.from('1'), 60_000);
    await cache.set('b', big, 60_000);
    await cache.set('brief', Buffer.from('2'), 30);
    expect(await cache.getMany(['a', 'none', 'b'])).toEqual([Buffer.from('1'), undefined, big]);
    await eventually(async () => expect(await cache.get('brief')).toBeUndefined());
    await cache.delete('a');
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.getMany([])).toEqual([]);
  });

  it('as JSON pass the parser of the reader, and another form is a miss (R20)', async () => {
    const cache = await newCache();
    await cache.setJson('tree', { nodes: [1, 2] }, 60_000);
    expect(await cache.getJson('tree', (value) => value)).toEqual({ nodes: [1, 2] });
    const strict = (): never => {
      throw new Error('nodes is missing');
    };
    expect(await cache.getJson('tree', strict)).toBeUndefined();
  });

  it('are added once and taken once, whoever else tries at the same time', async () => {
    const cache = await newCache();
    const asText = (value: unknown) => String(value);
    const added = await Promise.all(Array.from({ length: 8 }, (_, index) => cache.addJson('code', index, 60_000)));
    expect(added.filter(Boolean)).toHaveLength(1);
    const taken = await Promise.all(Array.from({ length: 8 }, () => cache.takeJson('code', asText)));
    expect(taken.filter((value) => value !== undefined)).toEqual([String(added.indexOf(true))]);
    expect(await cache.addJson('code', 'again', 60_000)).toBe(true);
  });

  it('come back in order when there are many', async () => {
    const cache = await newCache();
    const keys = Array.from({ length: 350 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => cache.set(key, Buffer.from(key), 60_000)));
    expect((await cache.getMany(keys)).map(String)).toEqual(keys);
  });
});

describe('a value that somebody else wrote is a miss, a security log line and a count (S3, R3)', () => {
  it.each([
    { name: 'a flipped byte', forge: (own: Buffer) => Buffer.from(own.map((byte, i) => (i === 40 ? byte ^ 1 : byte))) },
    { name: 'a truncated value', forge: (own: Buffer) => own.subarray(0, own.length - 3) },
    { name: 'a plain value', forge: () => Buffer.from('{"manifests":["evil"]}') },
    { name: 'a value copied from another key', forge: (_own: Buffer, other: Buffer) => other },
  ])('$name', async ({ forge }) => {
    const { log, lines } = recordingLog();
    const metrics = createMetrics({ processMetrics: false });
    const cache = await newCache({ log, metrics });
    await cache.set('own', Buffer.from('replicas: 3'), 60_000);
    await cache.set('other', Buffer.from('replicas: 9'), 60_000);
    const client = raw();
    const [own, other] = await client.mgetBuffer(`${cache.keyPrefix}own`, `${cache.keyPrefix}other`);
    await client.set(`${cache.keyPrefix}own`, forge(own!, other!));
    expect(await cache.get('own')).toBeUndefined();
    expect(String(await cache.get('other'))).toBe('replicas: 9');
    expect(lines).toEqual([
      {
        level: 'error',
        message: expect.stringContaining('failed its check'),
        fields: expect.objectContaining({ security: 'cache_value_rejected', cacheEntry: `${cache.keyPrefix}own` }),
      },
    ]);
    expect(await readsOf(metrics)).toEqual({ rejected: 1, hit: 1 });
  });
});

describe('a Redis without a password (S6)', () => {
  it('is refused at start, with what to do, unless allowed', async () => {
    const port = await freePort();
    await redisAt(port);
    const connection = { host: '127.0.0.1', port, password: () => undefined };
    await eventually(async () => {
      await expect(newCache({ connection })).rejects.toThrow(/without a password: set requirepass/);
    });
    const { log, lines } = recordingLog();
    const cache = await newCache({ connection, allowUnauthenticated: true, log });
    await cache.set('a', Buffer.from('1'), 60_000);
    expect(String(await cache.get('a'))).toBe('1');
    expect(lines.map((line) => line.level)).toEqual(['warn']);
  });

  it('that comes up after us is not used', async () => {
    const port = await freePort();
    const { log, lines } = recordingLog();
    const cache = await newCache({ connection: { host: '127.0.0.1', port, password: () => undefined }, log });
    await redisAt(port);
    await eventually(() => expect(lines.map((line) => line.fields['security'])).toContain('redis_without_password'));
    await cache.set('a', Buffer.from('1'), 60_000);
    expect(await cache.get('a')).toBeUndefined();
  });
});

describe('Redis goes away (R2)', () => {
  it('reads are misses at once, writes are dropped, nothing throws, and it recovers by itself', async () => {
    const port = await freePort();
    const secured = ['--requirepass', 'p'];
    const first = await redisAt(port, ...secured);
    const { log, lines } = recordingLog();
    const connection = connectionOf({ host: '127.0.0.1', port, password: 'p' });
    const cache = await newCache({ connection, log });
    const works = async () => {
      await cache.set('a', Buffer.from('1'), 60_000);
      expect(String(await cache.get('a'))).toBe('1');
    };
    await eventually(works);
    lines.splice(0);
    await first.kill();
    await eventually(() => expect(lines).toHaveLength(1));
    const start = performance.now();
    for (let index = 0; index < 50; index += 1) {
      await cache.set('a', Buffer.from('1'), 60_000);
      expect(await cache.get('a')).toBeUndefined();
    }
    expect(performance.now() - start).toBeLessThan(10_000);
    await redisAt(port, ...secured);
    await eventually(works);
    expect(lines.map((line) => line.level)).toEqual(['warn', 'info']);
  });

  it('its password is rotated without a restart of ours', async () => {
    const server = await startRedis({ password: 'old' });
    cleanups.push(() => server.stop());
    let password = 'old';
    const cache = await newCache({ connection: { host: server.host, port: server.port, password: () => password } });
    await cache.set('a', Buffer.from('1'), 60_000);
    const admin = new Redis({ host: server.host, port: server.port, password: 'old', protocol: 2 });
    await admin.config('SET', 'requirepass', 'new');
    password = 'new';
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    admin.disconnect();
    await eventually(async () => expect(String(await cache.get('a'))).toBe('1'));
  });
});

describe('the change feed', () => {
  it('carries names to every listener until it stops listening', async () => {
    const channel = uniqueName('channel');
    const feed = createChangeFeed({ connection: connectionOf(redis), channel, log: silentLogger });
    cleanups.push(() => feed.close());
    const seen: string[] = [];
    const stop = feed.subscribe({ onChange: (name) => seen.push(name) });
    await eventually(() => {
      feed.publish('team-a_guestbook');
      expect(seen).toContain('team-a_guestbook');
    });
    stop();
    const count = seen.length;
    const others: string[] = [];
    feed.subscribe({ onChange: (name) => others.push(name) });
    feed.publish('last');
    await eventually(() => expect(others).toContain('last'));
    expect(seen).toHaveLength(count);
  });

  it('says so when it may have missed something', async () => {
    const port = await freePort();
    const server = await redisAt(port, '--requirepass', 'p');
    const connection = connectionOf({ host: '127.0.0.1', port, password: 'p' });
    const feed = createChangeFeed({ connection, channel: 'c', log: silentLogger });
    cleanups.push(() => feed.close());
    const seen: string[] = [];
    let gaps = 0;
    feed.subscribe({
      onChange: (name) => seen.push(name),
      onGap: () => {
        gaps += 1;
      },
    });
    const announced = () => {
      feed.publish('a');
      expect(seen).toContain('a');
    };
    await eventually(announced);
    expect(gaps).toBe(0);
    await server.kill();
    await redisAt(port, '--requirepass', 'p');
    await eventually(() => expect(gaps).toBe(1));
    seen.splice(0);
    await eventually(announced);
  });
});

it.each([
  ['argocd-application-controller', 'argocd_redis_request_duration', ['hostname', 'initiator']],
  ['argocd-server', 'argocd_redis_request_duration', ['initiator']],
  ['argocd-repo-server', 'argocd_redis_request_duration_seconds', ['initiator']],
] as const)(
  'requests of the %s are counted as Argo CD counts them (M01, M03, M04)',
  async (initiator, name, labels) => {
    const metrics = createMetrics({ processMetrics: false });
    const cache = await newCache({ metrics, initiator });
    await cache.set('a', Buffer.from('x'), 60_000);
    await cache.get('a');
    await cache.delete('a');
    const text = await metrics.render();
    const shapes = metricShapes(text);
    expect(shapes[name]).toMatchObject({ type: 'histogram', labels });
    expect(shapes['argocd_redis_request_total']?.labels).toEqual([...labels, 'command', 'failed'].sort());
    const commands = metricSamples(text, 'argocd_redis_request_total').map(
      (line) => /command="(\w+)",failed="false"/.exec(line)?.[1],
    );
    expect(commands).toEqual(['set', 'mget', 'del']);
  },
);
