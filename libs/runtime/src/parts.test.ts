import { GitOpsError } from '@tiphys/model';
import { afterEach, describe, expect, it } from 'vitest';
import { backoff, retry } from './backoff.js';
import { fakeClock } from './clock.js';
import { createSemaphore, singleFlight } from './concurrency.js';
import { createGrpcServerMetrics } from './grpc-metrics.js';
import { createMetrics, registerBuildInfo } from './metrics.js';
import { type OpsServer, type OpsServerOptions, startOpsServer } from './ops-server.js';
import { loadTlsMaterial } from './tls.js';

describe('backoff', () => {
  it.each([
    { name: 'grows by the factor', options: {}, expected: [100, 200, 400, 800, 1_000, 1_000] },
    {
      name: 'takes away up to the jitter',
      options: { jitter: 0.5, random: () => 0.999_999 },
      expected: [50, 100, 200, 400, 500, 500],
    },
  ])('$name and is capped', ({ options, expected }) => {
    const delay = backoff({ baseMs: 100, capMs: 1_000, jitter: 0, ...options });
    expect([1, 2, 3, 4, 5, 50].map(delay)).toEqual(expected);
  });
});

describe('retry', () => {
  const delay = () => 0;
  it('calls until it works', async () => {
    const waits: number[] = [];
    const work = async (attempt: number) => {
      if (attempt < 3) throw new GitOpsError('Upstream', 'down');
      return attempt;
    };
    expect(await retry(work, { delay: (attempt) => attempt, onRetry: (_error, afterMs) => waits.push(afterMs) })).toBe(
      3,
    );
    expect(waits).toEqual([1, 2]);
  });

  it.each([
    {
      name: 'an error that must not be retried',
      error: new GitOpsError('InvalidSpec', 'wrong'),
      attempts: 9,
      calls: 1,
    },
    { name: 'the last attempt', error: new Error('down'), attempts: 3, calls: 3 },
  ])('gives up at $name', async ({ error, attempts, calls }) => {
    let count = 0;
    const work = async () => {
      count += 1;
      throw error;
    };
    await expect(retry(work, { delay, attempts })).rejects.toBe(error);
    expect(count).toBe(calls);
  });

  it('stops waiting when the signal aborts', async () => {
    const controller = new AbortController();
    const failing = retry(() => Promise.reject(new Error('down')), { delay: () => 60_000, signal: controller.signal });
    controller.abort();
    await expect(failing).rejects.toThrow();
  });
});

describe('createSemaphore', () => {
  it('runs at most as many as it has places, first come first served', async () => {
    const semaphore = createSemaphore(2);
    const order: number[] = [];
    let most = 0;
    const task = (id: number) => async () => {
      order.push(id);
      most = Math.max(most, semaphore.active);
      await new Promise((resolve) => setImmediate(resolve));
      if (id === 1) throw new Error('one fails');
    };
    const results = await Promise.allSettled([0, 1, 2, 3, 4].map((id) => semaphore.run(task(id))));
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect({ most, active: semaphore.active, waiting: semaphore.waiting }).toEqual({ most: 2, active: 0, waiting: 0 });
  });

  it('lets somebody who waits give up without losing a place', async () => {
    const semaphore = createSemaphore(1);
    let finish = (): void => undefined;
    const first = semaphore.run(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const controller = new AbortController();
    const second = semaphore.run(async () => 'never', controller.signal);
    controller.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    finish();
    await first;
    expect(await semaphore.run(async () => 'third')).toBe('third');
  });
});

describe('singleFlight', () => {
  it('shares the call in flight of a key and remembers nothing afterwards', async () => {
    const flights = singleFlight();
    let calls = 0;
    const work = async () => {
      calls += 1;
      return calls;
    };
    expect(await Promise.all([flights.run('a', work), flights.run('a', work), flights.run('b', work)])).toEqual([
      1, 1, 2,
    ]);
    expect(await flights.run('a', work)).toBe(3);
    const failing = () => Promise.reject(new Error('down'));
    await expect(Promise.all([flights.run('a', failing), flights.run('a', failing)])).rejects.toThrow('down');
    expect(flights.size).toBe(0);
  });

  it('a task that throws before its first await rejects instead of throwing', async () => {
    const broken = (): Promise<void> => {
      throw new Error('broken');
    };
    await expect(singleFlight().run('a', broken)).rejects.toThrow('broken');
  });
});

describe('the operations server', () => {
  let server: OpsServer | undefined;
  afterEach(() => server?.stop());

  async function ask(path: string, options: Partial<OpsServerOptions> = {}) {
    const metrics = createMetrics({ processMetrics: false });
    metrics.counter({ name: 'reconciles_total', help: 'Reconciles.', labels: ['phase'] }).inc({ phase: 'Sync' }, 2);
    metrics.gauge({ name: 'depth', help: 'Jobs.', collect: (gauge) => gauge.set(7) });
    server = await startOpsServer({ listen: { host: '127.0.0.1', port: 0 }, metrics, ...options });
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: answer.status, text: await answer.text() };
  }
  const failing = () => [
    { name: 'redis', ok: true },
    { name: 'git', ok: false, message: 'https://user:pass@host is down' },
  ];

  it.each([
    { name: 'healthy without checks', path: '/healthz', options: {}, status: 200, text: 'ok\n' },
    {
      name: 'ready as healthy',
      path: '/readyz',
      options: { health: failing },
      status: 503,
      text: 'ok redis\nfailed git: https://***@host is down\n',
    },
    {
      name: 'ready by its own check',
      path: '/readyz',
      options: { health: failing, ready: () => [] },
      status: 200,
      text: 'ok\n',
    },
    {
      name: 'unhealthy when the check throws',
      path: '/healthz',
      options: { health: () => Promise.reject(new Error('stuck')) },
      status: 503,
      text: 'failed check: stuck\n',
    },
    {
      name: 'checked in full when asked',
      path: '/healthz?full=true',
      options: { health: ({ full }: { full: boolean }) => [{ name: `full=${full}`, ok: true }] },
      status: 200,
      text: 'ok full=true\n',
    },
  ])('is $name', async ({ path, options, status, text }) => {
    expect(await ask(path, options)).toEqual({ status, text });
  });

  it('serves metrics, and says what there is elsewhere', async () => {
    expect((await ask('/metrics')).text).toMatch(/reconciles_total\{phase="Sync"\} 2[\s\S]*depth 7/);
    await server?.stop();
    expect(await ask('/')).toEqual({ status: 404, text: 'try /healthz, /readyz or /metrics\n' });
  });
});

it('counts can be forgotten, gauges stay (M02)', async () => {
  const metrics = createMetrics({ processMetrics: false });
  metrics.counter({ name: 'a_total', help: 'A.', labels: ['app'] }).inc({ app: 'gone' });
  metrics.histogram({ name: 'b_seconds', help: 'B.', labels: ['app'], buckets: [1] }).observe({ app: 'gone' }, 2);
  metrics.gauge({ name: 'c', help: 'C.', labels: ['app'] }).set({ app: 'kept' }, 1);
  registerBuildInfo(metrics, 'v1.2.3');
  metrics.resetCounts();
  const text = await metrics.render();
  expect(text).not.toContain('gone');
  expect(text).toContain('c{app="kept"} 1');
  expect(text).toContain('argocd_info{version="v1.2.3"} 1');
});

it('calls of a gRPC server are counted as go-grpc-prometheus does (M03)', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const counted = createGrpcServerMetrics(metrics, { timeHistogram: true });
  const call = { type: 'unary', service: 'application.ApplicationService', method: 'List' } as const;
  counted.started(call)(0);
  counted.started(call)(99);
  counted.received(call);
  counted.sent(call);
  const labels = 'grpc_type="unary",grpc_service="application.ApplicationService",grpc_method="List"';
  const lines = (await metrics.render()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      `grpc_server_started_total{${labels}} 2`,
      `grpc_server_handled_total{${labels},grpc_code="OK"} 1`,
      `grpc_server_handled_total{${labels},grpc_code="Unknown"} 1`,
      `grpc_server_msg_received_total{${labels}} 1`,
      `grpc_server_msg_sent_total{${labels}} 1`,
      `grpc_server_handling_seconds_count{${labels}} 2`,
    ]),
  );
});

it('loadTlsMaterial names the files that are missing and what to do', () => {
  expect(() => loadTlsMaterial('/nowhere')).toThrow(/lacks ca.crt, tls.crt, tls.key: mount/);
});

it('the fake clock moves only by hand', () => {
  const clock = fakeClock(new Date(0));
  clock.advance(1_500);
  expect(clock.now().getTime()).toBe(1_500);
  clock.set(new Date(7));
  expect(clock.now().getTime()).toBe(7);
});
