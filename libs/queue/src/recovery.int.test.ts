/** What survives the death of a worker and of Redis (R1, R2, R6, R11). */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Logger, silentLogger } from '@tiphys/runtime';
import {
  eventually,
  freePort,
  type ManagedProcess,
  type RedisInfo,
  redisCommand,
  removeDirectory,
  startProcess,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKeyedQueue,
  createReconcilerRunner,
  type Reconciler,
  type RunnableQueue,
  type RunnerOptions,
} from './index.js';

const PASSWORD = 'p';
const NAME = 'recovery';
const FAST = { lockMs: 1_000, stalledCheckMs: 300, redisCheckMs: 200 };
const DONE = { kind: 'done' } as const;

let port: number;
let password: string;
let directory: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  port = await freePort();
  password = PASSWORD;
  directory = temporaryDirectory('queue');
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  removeDirectory(directory);
});

async function startRedisHere(): Promise<ManagedProcess> {
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--requirepass',
    PASSWORD,
    '--save',
    '',
    '--dir',
    directory,
  ];
  const server = await startProcess({ command: 'redis-server', args, logFile: join(directory, 'redis.log') });
  cleanups.push(() => server.kill());
  return server;
}

async function answering(): Promise<void> {
  await eventually(() => redisCommand(info(), ['PING']), { intervalMs: 10 });
}

function info(): RedisInfo {
  return { host: '127.0.0.1', port, password, url: '', pid: 0 };
}

function newQueue(log: Logger = silentLogger): RunnableQueue {
  const queue = createKeyedQueue({
    name: NAME,
    connection: { host: '127.0.0.1', port, password: () => password },
    log,
  });
  cleanups.push(() => queue.close());
  return queue;
}

async function run(queue: RunnableQueue, reconcile: Reconciler, options: Partial<RunnerOptions> = {}): Promise<void> {
  const runner = createReconcilerRunner(queue, { reconcile, concurrency: 10, timing: FAST, ...options });
  cleanups.push(() => runner.stop(500));
  await runner.start();
}

const KEYS = Array.from({ length: 100 }, (_, index) => `argocd/app-${index}`);

describe('a worker killed with SIGKILL in the middle of its work', () => {
  it('loses nothing: what it had is done by the next worker within seconds (R6)', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const keys = ['hang/a', 'hang/b', 'quick/c'];
    await queue.enqueueMany(
      keys.map((key) => ({ key, priority: 'person', request: { level: 3, hardness: 1, since: 0 } })),
    );
    const child = await startWorker();
    await eventually(() => {
      for (const key of keys) expect(child.logTail()).toContain(`started ${key}`);
    });
    await child.kill('SIGKILL');
    const seen = new Map<string, number | undefined>();
    await run(queue, async (key) => {
      seen.set(key, (await queue.readRequest(key))?.hardness);
      return DONE;
    });
    await eventually(() => expect([...seen.keys()].sort()).toEqual(['hang/a', 'hang/b']), { timeoutMs: 20_000 });
    expect([...seen.values()]).toEqual([1, 1]);
  });

  it('an event that arrives before the take-over is not lost either', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    await queue.enqueue({ key: 'hang/a', priority: 'person' });
    const child = await startWorker();
    await eventually(() => expect(child.logTail()).toContain('started hang/a'));
    await child.kill('SIGKILL');
    await queue.enqueue({ key: 'hang/a', priority: 'person' });
    let count = 0;
    await run(queue, async () => {
      count += 1;
      return DONE;
    });
    await eventually(() => expect(count).toBe(2), { timeoutMs: 20_000 });
  });

  function startWorker(): Promise<ManagedProcess> {
    const testdata = join(dirname(fileURLToPath(import.meta.url)), '../testdata');
    return startProcess({
      command: process.execPath,
      args: [
        ...['--conditions=@tiphys/source', '--no-warnings', '--import', join(testdata, 'source-hooks.mjs')],
        ...[join(testdata, 'worker.mjs'), '127.0.0.1', `${port}`, PASSWORD, NAME],
      ],
      logFile: join(directory, 'worker.log'),
    });
  }
});

describe('FLUSHALL', () => {
  it('during 100 keys loses nothing: the owner is asked to enqueue them all again (R1)', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const state = new Map(KEYS.map((key) => [key, 1]));
    const applied = new Map<string, number>();
    const reasons: string[] = [];
    const running = new Set<string>();
    let overlaps = 0;
    let flushes = 0;
    const reconcile: Reconciler = async (key, signal) => {
      if (running.has(key)) overlaps += 1;
      running.add(key);
      const wanted = state.get(key) ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running.delete(key);
      signal.throwIfAborted();
      applied.set(key, wanted);
      if (applied.size % 40 === 0 && flushes < 3) {
        flushes += 1;
        await redisCommand(info(), ['FLUSHALL']);
      }
      return DONE;
    };
    const reseed = async (reason: string) => {
      reasons.push(reason);
      await queue.enqueueMany(KEYS.map((key) => ({ key, priority: 'periodic' })));
    };
    await run(queue, reconcile, { reseed });
    await eventually(() => expect(flushes).toBeGreaterThan(0));
    for (const key of KEYS) state.set(key, 2);
    await queue.enqueueMany(KEYS.map((key) => ({ key, priority: 'webhook' })));
    await redisCommand(info(), ['FLUSHALL']);
    await eventually(() => expect(Object.fromEntries(applied)).toEqual(Object.fromEntries(state)));
    expect(reasons[0]).toBe('start');
    expect(reasons).toContain('lost');
    expect(overlaps).toBe(0);
  });

  it('a reseed that fails is tried again', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const seen: string[] = [];
    let tries = 0;
    const reseed = async () => {
      tries += 1;
      if (tries === 1) throw new Error('the API server is away');
      await queue.enqueue({ key: 'k', priority: 'periodic' });
    };
    const reconcile: Reconciler = async (key) => {
      seen.push(key);
      return DONE;
    };
    await run(queue, reconcile, { reseed });
    await eventually(() => expect(seen).toEqual(['k']));
  });
});

describe('Redis away (R2)', () => {
  it('at start: the runner starts, and works once Redis is there', async () => {
    const queue = newQueue();
    await expect(queue.enqueue({ key: 'k', priority: 'person' })).rejects.toThrow(/check that Redis runs/);
    const seen: string[] = [];
    const reconcile: Reconciler = async (key) => {
      seen.push(key);
      return DONE;
    };
    const reseed = () => queue.enqueue({ key: 'k', priority: 'periodic' });
    await run(queue, reconcile, { reseed });
    await startRedisHere();
    await eventually(() => expect(seen).toEqual(['k']));
  });

  it('and back, empty: everything is enqueued again, and the worker works on', async () => {
    const first = await startRedisHere();
    await answering();
    const queue = newQueue();
    const seen: string[] = [];
    const reasons: string[] = [];
    const reconcile: Reconciler = async (key) => {
      seen.push(key);
      return DONE;
    };
    const reseed = async (reason: string) => {
      reasons.push(reason);
      await queue.enqueueMany(KEYS.map((key) => ({ key, priority: 'periodic' })));
    };
    await run(queue, reconcile, { reseed });
    await eventually(() => expect(new Set(seen).size).toBe(100));
    await first.kill();
    seen.splice(0);
    await startRedisHere();
    await eventually(() => expect(new Set(seen).size).toBe(100));
    expect(reasons).toEqual(['start', 'lost']);
    seen.splice(0);
    await queue.enqueue({ key: 'argocd/app-7', priority: 'person' });
    await eventually(() => expect(seen).toEqual(['argocd/app-7']));
  });

  it('its connections were cut: the owner enqueues what may have been missed', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const reasons: string[] = [];
    await run(queue, async () => DONE, { reseed: async (reason) => void reasons.push(reason) });
    await eventually(() => expect(reasons).toEqual(['start']));
    await redisCommand(info(), ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await eventually(() => expect(reasons).toEqual(['start', 'reconnected']));
  });

  it('it refused writes while its connections held: the owner enqueues what could not be enqueued', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const seen: string[] = [];
    const reasons: string[] = [];
    const reconcile: Reconciler = async (key) => {
      seen.push(key);
      return DONE;
    };
    const reseed = async (reason: string) => {
      reasons.push(reason);
      if (reason !== 'start') await queue.enqueue({ key: 'k', priority: 'periodic' });
    };
    await run(queue, reconcile, { reseed });
    await eventually(() => expect(reasons).toEqual(['start']));
    await redisCommand(info(), ['CONFIG', 'SET', 'maxmemory', '1000']);
    await expect(queue.enqueue({ key: 'k', priority: 'webhook' })).rejects.toThrow(/OOM/);
    await redisCommand(info(), ['CONFIG', 'SET', 'maxmemory', '0']);
    await eventually(() => expect(seen).toContain('k'));
    expect(new Set(reasons)).toEqual(new Set(['start', 'refused']));
  });

  it('its password was rotated: the worker goes on with the new one, without a restart', async () => {
    await startRedisHere();
    await answering();
    const queue = newQueue();
    const seen: string[] = [];
    await run(queue, async (key) => {
      seen.push(key);
      return DONE;
    });
    await queue.enqueue({ key: 'before', priority: 'person' });
    await eventually(() => expect(seen).toEqual(['before']));
    await redisCommand(info(), ['CONFIG', 'SET', 'requirepass', 'rotated']);
    password = 'rotated';
    await redisCommand(info(), ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await eventually(() => queue.enqueue({ key: 'after', priority: 'person' }));
    await eventually(() => expect(seen).toEqual(['before', 'after']));
  });
});

it('a worker that lost its lock aborts its work before another one may do it, and runs it again (R11)', async () => {
  await startRedisHere();
  await answering();
  const queue = newQueue();
  let starts = 0;
  let aborts = 0;
  const reconcile: Reconciler = (_key, signal) => {
    starts += 1;
    if (starts > 1) return Promise.resolve(DONE);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborts += 1;
        reject(signal.reason as Error);
      });
    });
  };
  await run(queue, reconcile, { timing: { ...FAST, lockMs: 400 } });
  await queue.enqueue({ key: 'k', priority: 'person' });
  await eventually(() => expect(starts).toBe(1));
  await eventually(async () => {
    await redisCommand(info(), [
      'EVAL',
      "for _, key in ipairs(redis.call('KEYS', '*:lock')) do redis.call('DEL', key) end",
      '0',
    ]);
    expect(aborts).toBe(1);
  });
  await eventually(() => expect(starts).toBeGreaterThanOrEqual(2));
});
