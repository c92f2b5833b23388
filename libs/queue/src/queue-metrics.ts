/** Metrics of the queues under the names of client-go's work queues, which Argo CD's controller has (M01). */
import { type Metrics, singleFlight } from '@tiphys/runtime';
import type { KeyedQueue, ReconcileOutcome } from './ports.js';

export interface QueueMetrics {
  /** For QueueSettings. */
  readonly onAdded: (count: number) => void;
  /** For RunnerOptions. */
  readonly onStarted: (key: string, waitedMs: number) => void;
  readonly onSettled: (key: string, durationMs: number, outcome: ReconcileOutcome | undefined) => void;
  /** Its depth is read at each scrape. */
  readonly watch: (queue: Pick<KeyedQueue, 'depth'>) => void;
}

/** controller-runtime's: from 10 ns, each ten times the one before. */
const SECONDS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1_000];
const labels = ['name'] as const;

/** Once per process; the result gives the metrics of one queue, by the name that Argo CD's has. */
export function createQueueMetrics(metrics: Metrics): (name: string) => QueueMetrics {
  const queues = new Map<string, Pick<KeyedQueue, 'depth'>>();
  const running = new Map<string, Map<string, number>>();
  const counts = registerCounts(metrics);
  registerDepth(metrics, queues);
  registerRunning(metrics, running);
  return (name) => {
    const starts = new Map<string, number>();
    running.set(name, starts);
    return {
      onAdded: (count) => counts.adds.inc({ name }, count),
      onStarted: (key, waitedMs) => {
        starts.set(key, performance.now());
        counts.queued.observe({ name }, Math.max(0, waitedMs) / 1_000);
      },
      onSettled: (key, durationMs, outcome) => {
        starts.delete(key);
        counts.worked.observe({ name }, durationMs / 1_000);
        if (outcome === undefined) counts.retries.inc({ name });
      },
      watch: (queue) => queues.set(name, queue),
    };
  };
}

function registerCounts(metrics: Metrics) {
  return {
    adds: metrics.counter({
      name: 'workqueue_adds_total',
      help: 'Total number of adds handled by workqueue',
      labels,
    }),
    retries: metrics.counter({
      name: 'workqueue_retries_total',
      help: 'Total number of retries handled by workqueue',
      labels,
    }),
    queued: metrics.histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long in seconds an item stays in workqueue before being requested',
      labels,
      buckets: SECONDS,
    }),
    worked: metrics.histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long in seconds processing an item from workqueue takes.',
      labels,
      buckets: SECONDS,
    }),
  };
}

type Depth = Awaited<ReturnType<KeyedQueue['depth']>>;

/** While Redis is gone nobody knows them: there is no sample then, and the scrape goes on. */
function registerDepth(metrics: Metrics, queues: ReadonlyMap<string, Pick<KeyedQueue, 'depth'>>): void {
  const flights = singleFlight();
  const each = async (show: (name: string, depth: Depth) => void): Promise<void> => {
    const reads = [...queues].map(async ([name, queue]) => {
      const depth = await flights.run(name, () => queue.depth()).catch(() => undefined);
      if (depth !== undefined) show(name, depth as Depth);
    });
    await Promise.all(reads);
  };
  metrics.gauge({
    name: 'workqueue_depth',
    help: 'Current depth of workqueue',
    labels,
    collect: (gauge) => {
      gauge.reset();
      return each((name, { waiting }) => gauge.set({ name }, waiting));
    },
  });
  metrics.gauge({
    name: 'tiphys_queue_depth',
    help: 'Jobs by queue and state',
    labels: ['queue', 'state'],
    collect: (gauge) => {
      gauge.reset();
      return each((queue, depth) => {
        for (const [state, count] of Object.entries(depth)) gauge.set({ queue, state }, count);
      });
    },
  });
}

function registerRunning(metrics: Metrics, running: ReadonlyMap<string, ReadonlyMap<string, number>>): void {
  const secondsOf = (starts: ReadonlyMap<string, number>): readonly number[] => {
    const now = performance.now();
    return [...starts.values()].map((start) => (now - start) / 1_000);
  };
  metrics.gauge({
    name: 'workqueue_unfinished_work_seconds',
    help: 'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
    labels,
    collect: (gauge) => {
      for (const [name, starts] of running)
        gauge.set(
          { name },
          secondsOf(starts).reduce((sum, next) => sum + next, 0),
        );
    },
  });
  metrics.gauge({
    name: 'workqueue_longest_running_processor_seconds',
    help: 'How many seconds has the longest running processor for workqueue been running.',
    labels,
    collect: (gauge) => {
      for (const [name, starts] of running) gauge.set({ name }, Math.max(0, ...secondsOf(starts)));
    },
  });
}
