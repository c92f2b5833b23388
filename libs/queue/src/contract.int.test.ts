/** The queue contract of design 4.2, on a real Redis. */
import { GitOpsError } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import { eventually, type SharedRedis, sharedRedis, uniqueName } from '@tiphys/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createKeyedQueue,
  createReconcilerRunner,
  type Reconciler,
  type ReconcilerRunner,
  type RunnableQueue,
  type RunnerOptions,
} from './index.js';
import { DONE, gate, HARD, NORMAL } from './testing/reconciling.js';

let redis: SharedRedis;
beforeAll(async () => {
  redis = await sharedRedis();
});

const started: { queues: RunnableQueue[]; runners: ReconcilerRunner[] } = { queues: [], runners: [] };
afterEach(async () => {
  await Promise.all(started.runners.splice(0).map((runner) => runner.stop(1_000)));
  await Promise.all(started.queues.splice(0).map((queue) => queue.close()));
});

function newQueue(name = uniqueName('queue')): RunnableQueue {
  const { host, port, password } = redis;
  const queue = createKeyedQueue({ name, connection: { host, port, password: () => password }, log: silentLogger });
  started.queues.push(queue);
  return queue;
}

async function run(queue: RunnableQueue, reconcile: Reconciler, options: Partial<RunnerOptions> = {}) {
  const runner = createReconcilerRunner(queue, { reconcile, concurrency: 10, ...options });
  started.runners.push(runner);
  await runner.start();
  return runner;
}

async function idle(queue: RunnableQueue) {
  await eventually(async () => expect(await queue.depth()).toMatchObject({ waiting: 0, active: 0 }), {
    intervalMs: 10,
  });
}

describe('one key', () => {
  it('a burst of 1,000 events becomes at most 2 reconciles after the first', async () => {
    const queue = newQueue();
    const first = gate();
    const second = gate();
    let count = 0;
    await run(queue, async () => {
      count += 1;
      if (count === 1) await first.opened;
      if (count === 2) await second.opened;
      return DONE;
    });
    await queue.enqueue({ key: 'argocd/guestbook', priority: 'person' });
    await eventually(() => expect(count).toBe(1));
    const burst = Array.from({ length: 1_000 }, () => queue.enqueue({ key: 'argocd/guestbook', priority: 'webhook' }));
    await Promise.all(burst.slice(0, 500));
    first.open();
    await eventually(() => expect(count).toBe(2));
    await Promise.all(burst);
    second.open();
    await idle(queue);
    expect(count).toBeLessThanOrEqual(3);
  });

  it('never runs twice at once, whatever arrives', async () => {
    const queue = newQueue();
    const running = new Map<string, number>();
    let overlaps = 0;
    await run(queue, async (key) => {
      const now = (running.get(key) ?? 0) + 1;
      running.set(key, now);
      if (now > 1) overlaps += 1;
      await new Promise((resolve) => setImmediate(resolve));
      running.set(key, now - 1);
      return DONE;
    });
    const keys = Array.from({ length: 300 }, (_, index) => `argocd/app-${index % 7}`);
    await Promise.all(keys.map((key) => queue.enqueue({ key, priority: 'periodic' })));
    await idle(queue);
    expect(overlaps).toBe(0);
  });

  it.each(['argocd/guestbook', 'team:a/app', 'ns/ä ö@timer%2F', `ns/${'x'.repeat(253)}`])(
    'carries the key %s',
    async (key) => {
      const queue = newQueue();
      const seen: string[] = [];
      await run(queue, async (seenKey) => {
        seen.push(seenKey);
        return DONE;
      });
      await queue.enqueue({ key, priority: 'person' });
      await eventually(() => expect(seen).toEqual([key]));
      await queue.enqueueAfter({ key, priority: 'person' }, 20);
      await eventually(() => expect(seen).toEqual([key, key]));
    },
  );
});

describe('an event is always followed by a reconcile that read later state (R21)', () => {
  it('when the key is waiting', async () => {
    const queue = newQueue();
    let state = 1;
    const seen: number[] = [];
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    state = 2;
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await run(queue, async () => {
      seen.push(state);
      return DONE;
    });
    await idle(queue);
    await eventually(() => expect(seen).toEqual([2]));
  });

  it('when the key is active', async () => {
    const queue = newQueue();
    const held = gate();
    let state = 1;
    const seen: number[] = [];
    await run(queue, async () => {
      seen.push(state);
      if (seen.length === 1) await held.opened;
      return DONE;
    });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await eventually(() => expect(seen).toEqual([1]));
    state = 2;
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    held.open();
    await eventually(() => expect(seen).toEqual([1, 2]));
  });

  it('when the key is delayed: at once, and the timer still fires', async () => {
    const queue = newQueue();
    const runs: { at: number; delayed: number }[] = [];
    await run(queue, async () => {
      runs.push({ at: Date.now(), delayed: (await queue.depth()).delayed });
      return DONE;
    });
    const start = Date.now();
    await queue.enqueueAfter({ key: 'k', priority: 'periodic' }, 3_000);
    await queue.enqueue({ key: 'k', priority: 'webhook' });
    await eventually(() => expect(runs).toHaveLength(2));
    expect(runs.map(({ delayed }) => delayed)).toEqual([1, 0]);
    expect((runs[1]?.at ?? 0) - start).toBeGreaterThanOrEqual(2_990);
  });

  it('for every key of a random storm', async () => {
    const queue = newQueue();
    const state = new Map<string, number>();
    const seen = new Map<string, number>();
    await run(queue, async (key) => {
      const read = state.get(key) ?? 0;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      seen.set(key, Math.max(seen.get(key) ?? 0, read));
      return Math.random() < 0.3 ? { kind: 'requeueAfter', ms: 1 + Math.random() * 20, reason: 'again' } : DONE;
    });
    for (let round = 1; round <= 400; round += 1) {
      const key = `argocd/app-${Math.floor(Math.random() * 12)}`;
      state.set(key, round);
      const entry = { key, priority: 'webhook' } as const;
      await (Math.random() < 0.2 ? queue.enqueueAfter(entry, Math.random() * 10) : queue.enqueue(entry));
    }
    await eventually(() => expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(state)));
  });
});

describe('requests', () => {
  it('a hard refresh followed by a normal one stays hard, each part by maximum', async () => {
    const queue = newQueue();
    await queue.enqueue({ key: 'k', priority: 'person', request: { ...HARD, since: 10 } });
    await queue.enqueue({ key: 'k', priority: 'webhook', request: { ...NORMAL, since: 1_760_000_000_123 } });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    const expected = { level: 3, hardness: 1, since: 1_760_000_000_123 };
    expect(await queue.readRequest('k')).toEqual({ ...expected, token: expect.any(String) });
  });

  it('one that arrives during the work survives the acknowledgement and is followed by a reconcile', async () => {
    const queue = newQueue();
    const held = gate();
    const read: unknown[] = [];
    await run(queue, async (key) => {
      const pending = await queue.readRequest(key);
      read.push(pending && { level: pending.level, hardness: pending.hardness });
      if (read.length === 1) await held.opened;
      if (pending) await queue.acknowledge(key, pending.token);
      return DONE;
    });
    await queue.enqueue({ key: 'k', priority: 'periodic', request: NORMAL });
    await eventually(() => expect(read).toHaveLength(1));
    await queue.enqueue({ key: 'k', priority: 'person', request: HARD });
    held.open();
    await eventually(() => expect(read).toHaveLength(2));
    expect(read).toEqual([
      { level: 3, hardness: 0 },
      { level: 3, hardness: 1 },
    ]);
    await eventually(async () => expect(await queue.readRequest('k')).toBeUndefined());
  });

  it('are merged within one call too, one job per key', async () => {
    const queue = newQueue();
    await queue.enqueueMany([
      { key: 'a', priority: 'periodic', request: HARD },
      { key: 'b', priority: 'periodic' },
      { key: 'a', priority: 'person', request: NORMAL },
    ]);
    expect((await queue.depth()).waiting).toBe(2);
    expect(await queue.readRequest('a')).toMatchObject({ level: 3, hardness: 1 });
    expect(await queue.readRequest('b')).toBeUndefined();
  });

  it('of a timer wait for the timer', async () => {
    const queue = newQueue();
    await queue.enqueueAfter({ key: 'k', priority: 'periodic', request: HARD }, 50);
    await queue.enqueueAfter({ key: 'k', priority: 'periodic', request: NORMAL }, 100);
    expect(await queue.readRequest('k')).toBeUndefined();
    const read: unknown[] = [];
    await run(queue, async (key) => {
      read.push(await queue.readRequest(key));
      return DONE;
    });
    await eventually(() => expect(read).toEqual([{ level: 3, hardness: 1, since: 0, token: expect.any(String) }]));
  });
});

describe('priorities', () => {
  async function order(prepare: (queue: RunnableQueue) => Promise<void>) {
    const queue = newQueue();
    const held = gate();
    const keys: string[] = [];
    const reconcile: Reconciler = async (key) => {
      keys.push(key);
      if (keys.length === 1) await held.opened;
      return DONE;
    };
    await run(queue, reconcile, { concurrency: 1 });
    await queue.enqueue({ key: 'first', priority: 'periodic' });
    await eventually(() => expect(keys).toEqual(['first']));
    await prepare(queue);
    held.open();
    await idle(queue);
    return keys.slice(1);
  }

  it('person, webhook, self-heal, dependency, periodic', async () => {
    const priorities = ['periodic', 'selfHeal', 'person', 'dependency', 'webhook'] as const;
    const keys = await order(async (queue) => {
      for (const priority of priorities) await queue.enqueue({ key: priority, priority });
    });
    expect(keys).toEqual(['person', 'webhook', 'selfHeal', 'dependency', 'periodic']);
  });

  it('a waiting key moves up when a person asks for it, and never down', async () => {
    const keys = await order(async (queue) => {
      await queue.enqueueMany(['a', 'b', 'c'].map((key) => ({ key, priority: 'dependency' })));
      await queue.enqueue({ key: 'c', priority: 'person' });
      await queue.enqueue({ key: 'c', priority: 'periodic' });
    });
    expect(keys).toEqual(['c', 'a', 'b']);
  });

  it('what a person asks of an active key keeps its place although weaker events follow', async () => {
    const keys = await order(async (queue) => {
      await queue.enqueueMany(['a', 'b'].map((key) => ({ key, priority: 'webhook' })));
      await queue.enqueue({ key: 'first', priority: 'person' });
      await queue.enqueue({ key: 'first', priority: 'periodic' });
    });
    expect(keys).toEqual(['first', 'a', 'b']);
  });
});

describe('timers', () => {
  it('a later one replaces the earlier one of the key', async () => {
    const queue = newQueue();
    await queue.enqueueAfter({ key: 'k', priority: 'periodic' }, 60_000);
    await queue.enqueueAfter({ key: 'k', priority: 'periodic' }, 30);
    expect((await queue.depth()).delayed).toBe(1);
    let count = 0;
    await run(queue, async () => {
      count += 1;
      return DONE;
    });
    await eventually(() => expect(count).toBe(1));
    expect((await queue.depth()).delayed).toBe(0);
  });

  it('a batch is enqueued together after its time, as one entry, and an event of meanwhile is not held up by it', async () => {
    const queue = newQueue();
    const seen: { key: string; at: number; request: unknown }[] = [];
    const delayMs = 3_000;
    await run(queue, async (key) => {
      const pending = await queue.readRequest(key);
      seen.push({ key, at: performance.now(), request: pending && { ...pending, token: '' } });
      return DONE;
    });
    const keys = Array.from({ length: 50 }, (_, index) => `argocd/app-${index}`);
    const start = performance.now();
    await queue.enqueueManyAfter(
      keys.map((key) => ({ key, priority: 'dependency', request: HARD })),
      delayMs,
    );
    expect((await queue.depth()).delayed).toBe(1);
    await queue.enqueue({ key: 'argocd/app-7', priority: 'webhook' });
    await eventually(() => expect(seen).toHaveLength(51));
    expect(seen[0]).toMatchObject({ key: 'argocd/app-7', request: undefined });
    expect(new Set(seen.slice(1).map(({ key }) => key))).toEqual(new Set(keys));
    for (const { at, request } of seen.slice(1)) {
      expect(at - start).toBeGreaterThanOrEqual(delayMs - 10);
      expect(request).toEqual({ ...HARD, token: '' });
    }
  });

  it('the outcome requeueAfter runs the key again after its time', async () => {
    const queue = newQueue();
    const times: number[] = [];
    await run(queue, async () => {
      times.push(performance.now());
      return times.length < 4 ? { kind: 'requeueAfter', ms: 40, reason: 'not due' } : DONE;
    });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await eventually(() => expect(times).toHaveLength(4));
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(35);
    await idle(queue);
    expect((await queue.depth()).delayed).toBe(0);
  });
});

describe('errors', () => {
  it('are retried by their policy: back-off per key, reset by success', async () => {
    const queue = newQueue();
    const delays: (number | undefined)[] = [];
    let count = 0;
    const reconcile: Reconciler = async () => {
      count += 1;
      if (count !== 3 && count !== 5) throw new GitOpsError('Upstream', 'the Git host is down');
      return count === 3 ? { kind: 'requeueAfter', ms: 1, reason: 'once more' } : DONE;
    };
    const onError: RunnerOptions['onError'] = (_key, _error, afterMs) => delays.push(afterMs);
    await run(queue, reconcile, { retryDelay: (attempt) => attempt * 10, onError });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await eventually(() => expect(count).toBe(5));
    expect(delays).toEqual([10, 20, 10]);
  });

  it('of runs that events start before the retry is due neither slow the retries down nor put them off', async () => {
    const queue = newQueue();
    const dueAt: number[] = [];
    const reconcile: Reconciler = () => Promise.reject(new GitOpsError('Upstream', 'the repo-server is down'));
    const onError: RunnerOptions['onError'] = (_key, _error, afterMs = Number.NaN) =>
      dueAt.push(Math.round(performance.now() + afterMs));
    await run(queue, reconcile, { retryDelay: (attempt) => attempt * 60_000, onError });
    for (const events of [1, 2, 3]) {
      await queue.enqueue({ key: 'k', priority: 'webhook' });
      await eventually(() => expect(dueAt).toHaveLength(events));
    }
    const [first = Number.NaN, ...later] = dueAt;
    for (const at of later) expect(Math.abs(at - first)).toBeLessThanOrEqual(2);
  });

  it('that must not be retried leave the key alone until the next event', async () => {
    const queue = newQueue();
    let count = 0;
    const errors: unknown[] = [];
    const reconcile: Reconciler = async () => {
      count += 1;
      throw new GitOpsError('InvalidSpec', 'spec.source is missing: add it');
    };
    await run(queue, reconcile, { onError: (...values) => errors.push(values[2]) });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await eventually(() => expect(errors).toEqual([undefined]));
    await idle(queue);
    expect(await queue.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    await queue.enqueue({ key: 'k', priority: 'periodic' });
    await eventually(() => expect(count).toBe(2));
  });
});

describe('stopping', () => {
  it('waits for the active work, then aborts it, and the next runner does it again', async () => {
    const queue = newQueue();
    let active = false;
    let aborted = false;
    const reconcile: Reconciler = (_key, signal) =>
      new Promise((_, reject) => {
        active = true;
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason as Error);
        });
      });
    const runner = await run(queue, reconcile);
    await queue.enqueue({ key: 'k', priority: 'person' });
    await eventually(() => expect(active).toBe(true));
    await runner.stop(50);
    expect(aborted).toBe(true);
    const seen: string[] = [];
    await run(queue, async (key) => {
      seen.push(key);
      return DONE;
    });
    await eventually(() => expect(seen).toEqual(['k']), { timeoutMs: 7_000 });
  });
});

it('Redis does not grow with the work done', async () => {
  const queue = newQueue();
  let count = 0;
  await run(queue, async () => {
    count += 1;
    return DONE;
  });
  const keys = Array.from({ length: 1_000 }, (_, index) => `argocd/app-${index}`);
  await queue.enqueueMany(keys.map((key) => ({ key, priority: 'periodic' })));
  await eventually(() => expect(count).toBe(1_000));
  await idle(queue);
  const { name } = queue.settings;
  const stored = await redis.command('EVAL', `return #redis.call('KEYS', '*:${name}:*')`, '0');
  expect(Number(stored)).toBeLessThan(15);
  expect(Number(await redis.command('XLEN', `tiphys:queue:${name}:events`))).toBeLessThan(400);
});
