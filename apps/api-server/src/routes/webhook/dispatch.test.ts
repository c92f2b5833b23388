/** From a delivery to entries of the queue: which, when, how many at a time, and what is announced. */
import { announcedRevisionKey } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import { describe, expect, it, vi } from 'vitest';
import { batchesOf } from './spread.js';
import { requestOf, SECRET, SECRETS, sampleDelivery } from './testing/deliveries.js';
import { ARRIVED_AT, webhookSubject } from './testing/subject.js';

const WAIT = { timeout: 15_000 };
const REPO = 'https://git.example.com/shop/deploy';
const A = '6f1c0d3a9b4e5f60718293a4b5c6d7e8f9012345';
const B = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
const keysOf = (entries: readonly Enqueue[]) => entries.map(({ key }) => key).sort();
const push = () => requestOf(sampleDelivery('github-push'), { secret: SECRET });
const source = (path: string, targetRevision = 'main') => ({ repoURL: REPO, path, targetRevision });

describe('a push into a repository that many applications use', () => {
  const sources = { web: source('web'), api: source('api'), jobs: source('jobs'), old: source('web', 'v1') };

  it('enqueues the application whose files changed at once, the others a moment later', async () => {
    const { handle, enqueued, heldBack } = webhookSubject({ settings: SECRETS, sources });
    handle(push());
    await vi.waitFor(() => expect(keysOf(heldBack)).toEqual(['argocd/api', 'argocd/jobs']), WAIT);
    const request = { level: 3, hardness: 0, since: ARRIVED_AT };
    expect(enqueued).toEqual([{ key: 'argocd/web', priority: 'webhook', request }]);
  });

  it('holds nobody back when the payload names no files (J04)', async () => {
    const { handle, enqueued, heldBack } = webhookSubject({ settings: SECRETS, sources });
    handle(requestOf(sampleDelivery('github-forced-push'), { secret: SECRET }));
    await vi.waitFor(() => expect(keysOf(enqueued)).toEqual(['argocd/api', 'argocd/jobs', 'argocd/web']), WAIT);
    expect(heldBack).toEqual([]);
  });

  it('says what the revision means now, before anybody is enqueued', async () => {
    const order: string[] = [];
    const { handle, announced } = webhookSubject({
      ...{ settings: SECRETS, sources },
      deps: {
        cache: { getJson: async () => undefined, setJson: async (key) => void order.push(key) },
        queue: {
          enqueueMany: async () => void order.push('enqueued'),
          enqueueManyAfter: async () => void order.push('later'),
        },
      },
    });
    handle(push());
    await vi.waitFor(() => expect(order).toHaveLength(3), WAIT);
    expect(order[0]).toBe(announcedRevisionKey(source('web')));
    expect(announced.size).toBe(0);
  });

  it('with the commits of before and after', async () => {
    const { handle, announced } = webhookSubject({ settings: SECRETS, sources: { ...sources, head: source('x', '') } });
    handle(push());
    const revision = { before: A, after: [B], at: ARRIVED_AT };
    const expected = new Map([
      [announcedRevisionKey(source('web')), revision],
      [announcedRevisionKey(source('', 'HEAD')), revision],
    ]);
    await vi.waitFor(() => expect(announced).toEqual(expected), WAIT);
  });

  it('HEAD is not announced by who does not say which branch that is', async () => {
    const repoURL = 'git@bitbucket.org:shop/deploy.git';
    const head = { repoURL, path: '.', targetRevision: 'HEAD' };
    const { handle, announced, enqueued } = webhookSubject({
      settings: SECRETS,
      sources: { head, main: { ...head, targetRevision: 'main' } },
    });
    handle(requestOf(sampleDelivery('bitbucket-push'), { secret: SECRET }));
    await vi.waitFor(() => expect(keysOf(enqueued)).toContain('argocd/main'), WAIT);
    expect(keysOf(enqueued)).toContain('argocd/head');
    expect([...announced.keys()]).toEqual([announcedRevisionKey({ ...head, targetRevision: 'main' })]);
  });

  it('what a later push has announced stays, when the delivery of the one before it is late', async () => {
    const sample = sampleDelivery('github-push');
    const { handle, announced, enqueued } = webhookSubject({ settings: SECRETS, sources });
    const first = JSON.stringify({ ...sample.payload, before: 'c'.repeat(40), after: A, head_commit: { id: A } });
    handle(push());
    await vi.waitFor(() => expect(enqueued).toHaveLength(1), WAIT);
    handle(requestOf(sample, { secret: SECRET, body: first }));
    await vi.waitFor(() => expect(enqueued).toHaveLength(2), WAIT);
    expect([...announced.values()]).toEqual([{ before: A, after: [B], at: ARRIVED_AT }]);
  });

  it('a cache that is away keeps nobody from being enqueued', async () => {
    const cache = { getJson: async () => undefined, setJson: () => Promise.reject(new Error('away')) };
    const { handle, enqueued } = webhookSubject({ settings: SECRETS, sources, deps: { cache } });
    handle(push());
    await vi.waitFor(() => expect(keysOf(enqueued)).toEqual(['argocd/web']), WAIT);
  });

  it('the same delivery once more asks for the same, which the queue merges', async () => {
    const { handle, enqueued } = webhookSubject({ settings: SECRETS, sources });
    handle(push());
    handle(push());
    await vi.waitFor(() => expect(enqueued).toHaveLength(2), WAIT);
    expect(enqueued[1]).toEqual(enqueued[0]);
  });
});

describe('limits (J06)', () => {
  it('no more deliveries are handled at a time than permitted, and too many are refused', async () => {
    let running = 0;
    let most = 0;
    const finish: (() => void)[] = [];
    const enqueueMany = () => {
      running += 1;
      most = Math.max(most, running);
      return new Promise<void>((resolve) => finish.push(resolve)).finally(() => void (running -= 1));
    };
    const { handle } = webhookSubject({
      ...{ settings: { ...SECRETS, parallelism: 2 }, sources: { web: source('web') } },
      deps: { queue: { enqueueMany, enqueueManyAfter: enqueueMany } },
    });
    for (let sent = 0; sent < 1_002; sent += 1) handle(push());
    expect(() => handle(push())).toThrow(/1000 webhooks wait for Redis/);
    for (let done = 0; done < 20; done += 1) {
      await vi.waitFor(() => expect(finish.length).toBeGreaterThan(0), WAIT);
      finish.shift()?.();
    }
    expect(most).toBe(2);
  });

  it('no more writes at a time than workers', async () => {
    let running = 0;
    let most = 0;
    const sources = Object.fromEntries(Array.from({ length: 1_600 }, (_, index) => [`web-${index}`, source('web')]));
    const keys = new Set<string>();
    const enqueueMany = async (entries: readonly Enqueue[]) => {
      running += 1;
      most = Math.max(most, running);
      for (const { key } of entries) keys.add(key);
      await Promise.resolve();
      running -= 1;
    };
    const { handle } = webhookSubject({
      ...{ settings: { ...SECRETS, refreshWorkers: 2 }, sources },
      deps: { queue: { enqueueMany, enqueueManyAfter: enqueueMany } },
    });
    handle(push());
    await vi.waitFor(() => expect(keys.size).toBe(1_600), WAIT);
    expect(most).toBe(2);
  });
});

describe('spreading refreshes (J07)', () => {
  const entries = (count: number, priority: Enqueue['priority']) =>
    Array.from({ length: count }, (_, index): Enqueue => ({ key: `argocd/${priority}-${index}`, priority }));
  const sizes = (batches: ReturnType<typeof batchesOf>) =>
    batches.map(({ entries: { length }, afterMs }) => [length, afterMs]);
  const random = (...values: readonly number[]) => {
    let next = 0;
    return () => values[next++ % values.length] ?? 0;
  };

  it.each([
    [
      'urgent ones go first',
      2,
      3,
      0,
      [
        [2, 0],
        [3, 1_000],
      ],
    ],
    ['without urgent ones nobody is held back', 0, 3, 0, [[3, 0]]],
    [
      'without a jitter many go together, in batches',
      501,
      0,
      0,
      [
        [500, 0],
        [1, 0],
      ],
    ],
    ['below the threshold there is no jitter', 9, 0, 60_000, [[9, 0]]],
    [
      'from the threshold on they are spread',
      10,
      0,
      60_000,
      [
        [5, 0],
        [5, 30_000],
      ],
    ],
    [
      'those that are held back are spread behind',
      5,
      5,
      60_000,
      [
        [3, 0],
        [2, 30_000],
        [2, 1_000],
        [3, 31_000],
      ],
    ],
  ])('%s', (...[, urgent, others, jitterMs, expected]) => {
    const all = [...entries(urgent, 'webhook'), ...entries(others, 'dependency')];
    const options = { jitterMs, jitterThreshold: 10, random: random(0, 0.5) };
    expect(sizes(batchesOf(all, options))).toEqual(expected);
  });

  it('nobody is lost and nobody begins after the jitter', () => {
    const all = [...entries(3_000, 'webhook'), ...entries(2_000, 'dependency')];
    const batches = batchesOf(all, { jitterMs: 60_000, jitterThreshold: 10, random: Math.random });
    expect(keysOf(batches.flatMap((batch) => batch.entries))).toEqual(keysOf(all));
    expect(Math.max(...batches.map(({ afterMs }) => afterMs))).toBeLessThan(61_000);
  });
});
