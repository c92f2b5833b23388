/** The producing side: keys with a priority and a request go in, one job per key comes out. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GitOpsError } from '@tiphys/model';
import { type Logger, type RedisConnection, silentLogger } from '@tiphys/runtime';
import { connectRedis } from '@tiphys/runtime/redis';
import { type JobsOptions, Queue } from 'bullmq';
import { groupCommit } from './group-commit.js';
import { KEY_PREFIX, keyId, timerId } from './ids.js';
import { mergeEntries } from './merge-entries.js';
import { type Enqueue, type KeyedQueue, PRIORITIES } from './ports.js';
import { createRequestStore, type MergedPriority, type RequestStore } from './requests.js';

/** Which queue, and where. */
export interface QueueSettings {
  /** One of QUEUES (libs/model), or a name of a test's own; no `:`. */
  readonly name: string;
  readonly connection: RedisConnection;
  readonly log: Logger;
  /** Told of the keys that Redis has taken. */
  readonly onAdded?: (count: number) => void;
}

/** All that a job knows. The only work of a timer and of a batch is to enqueue what they name. */
export type JobData =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'timer'; readonly key: string; readonly priority: Enqueue['priority'] }
  | { readonly kind: 'batch'; readonly entries: readonly Enqueue[] };

/** Nobody reads BullMQ's event stream: keep it short. */
export const EVENTS_KEPT = 100;
const BATCH = 500;
const CLOSE_MS = 1_000;
const BASE_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const satisfies JobsOptions;

/** A queue that a runner can serve. */
export interface RunnableQueue extends KeyedQueue {
  readonly settings: QueueSettings;
  readonly requests: RequestStore;
  /** Calls `listener` after each entry that Redis did not take, until the returned function is called. */
  onRefused(listener: () => void): () => void;
}

/**
 * Connects in the background. While Redis is gone every method rejects with `Upstream` within about a second; nothing is
 * buffered, because whoever enqueues can enqueue again, and the runner's owner re-seeds when Redis is back.
 */
export function createKeyedQueue(settings: QueueSettings): RunnableQueue {
  const { name, connection, log } = settings;
  const redis = connectRedis({ connection, log, name: `queue-${name}` });
  // BullMQ never recovers from a first command that failed, so its connection waits; ours tells whether Redis is there.
  const patient = connectRedis({ connection, log: silentLogger, name: `jobs-${name}`, whenGone: 'wait' });
  const queue = new Queue<JobData>(name, {
    connection: patient,
    prefix: KEY_PREFIX,
    streams: { events: { maxLen: EVENTS_KEPT } },
  });
  queue.on('error', (error) => log.debug('queue connection', { queue: name, error }));
  const requests = createRequestStore(redis, name);
  const refusals = new Set<() => void>();
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (redis.status !== 'ready' || patient.status !== 'ready') await redis.ping();
      return await work();
    } catch (error) {
      return fail(settings, error);
    }
  };
  const guardEnqueue = async (work: () => Promise<void>): Promise<void> => {
    try {
      await guard(work);
    } catch (error) {
      for (const listener of refusals) listener();
      throw error;
    }
  };
  const enqueueMany = async (entries: readonly Enqueue[]): Promise<void> => {
    const merged = mergeEntries(entries);
    for (let start = 0; start < merged.length; start += BATCH) {
      await addBatch(queue, requests, merged.slice(start, start + BATCH));
    }
    settings.onAdded?.(merged.length);
  };
  // Many keys at once go their own way: a person's single one shall not wait behind a re-seed.
  const enqueueTogether = groupCommit((entries: readonly Enqueue[]) => guardEnqueue(() => enqueueMany(entries)));
  return {
    settings,
    requests,
    onRefused: (listener) => {
      refusals.add(listener);
      return () => refusals.delete(listener);
    },
    enqueue: enqueueTogether,
    enqueueMany: (entries) => guardEnqueue(() => enqueueMany(entries)),
    enqueueAfter: (entry, afterMs) => guardEnqueue(() => addTimer(queue, requests, { entry, afterMs })),
    enqueueManyAfter: (entries, afterMs) => guardEnqueue(() => addBatchLater(queue, entries, afterMs)),
    readRequest: (key) => guard(() => requests.read(key)),
    acknowledge: (key, token) => guard(() => requests.acknowledge(key, token)),
    depth: () => guard(() => countJobs(queue)),
    close: async () => {
      const closed = queue.close().catch((error: unknown) => log.debug('closing the queue', { queue: name, error }));
      // Without Redis it would wait.
      await Promise.race([closed, delay(CLOSE_MS, undefined, { ref: false })]);
      redis.disconnect();
      patient.disconnect();
    },
  };
}

/** The request is stored before its job: a crash in between loses the job only, and the next event of the key finds the request. */
async function addBatch(queue: Queue<JobData>, requests: RequestStore, entries: readonly Enqueue[]): Promise<void> {
  const priorities = await requests.merge(entries);
  const jobs = entries.map(({ key }, index) => ({
    name: 'key',
    data: { kind: 'key', key } as const,
    opts: {
      ...BASE_OPTIONS,
      jobId: randomUUID(),
      priority: priorities[index]?.merged ?? PRIORITIES.periodic,
      deduplication: { id: keyId(key), keepLastIfActive: true },
    },
  }));
  const [first] = jobs;
  const isOne = first !== undefined && jobs.length === 1;
  const added = isOne ? [await queue.add(first.name, first.data, first.opts)] : await queue.addBulk(jobs);
  const raised = added.map(async (job, index) => {
    const isNew = job.id === jobs[index]?.opts.jobId;
    const priority = priorities[index];
    if (!isNew && priority !== undefined && isStronger(priority)) await raise(job, priority.merged);
  });
  await Promise.all(raised);
}

function isStronger({ previous, merged }: MergedPriority): boolean {
  return previous !== 0 && merged < previous;
}

/** Moves a waiting job up. It may have started or ended meanwhile: then it needs no place in the line. */
async function raise(
  job: { changePriority(options: { priority: number }): Promise<void> },
  priority: number,
): Promise<void> {
  try {
    await job.changePriority({ priority });
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('Missing key for job'))) throw error;
  }
}

/**
 * `replace` swaps a timer that still waits for its time; `keepLastIfActive` keeps one that is set while the previous one
 * is firing. A timer that is due but has not been taken up yet swallows a new one: the key is enqueued at once then.
 */
async function addTimer(
  queue: Queue<JobData>,
  requests: RequestStore,
  timer: { readonly entry: Enqueue; readonly afterMs: number },
): Promise<void> {
  const { key, priority, request } = timer.entry;
  if (request !== undefined) await requests.mergeTimer(key, request);
  const data: JobData = { kind: 'timer', key, priority };
  await queue.add('timer', data, {
    ...BASE_OPTIONS,
    jobId: randomUUID(),
    delay: Math.max(1, Math.ceil(timer.afterMs)),
    priority: PRIORITIES.person,
    deduplication: { id: timerId(key), replace: true, keepLastIfActive: true },
  });
}

async function addBatchLater(queue: Queue<JobData>, entries: readonly Enqueue[], afterMs: number): Promise<void> {
  if (entries.length === 0) return;
  const data: JobData = { kind: 'batch', entries: mergeEntries(entries) };
  await queue.add('batch', data, {
    ...BASE_OPTIONS,
    delay: Math.max(1, Math.ceil(afterMs)),
    priority: PRIORITIES.person,
  });
}

async function countJobs(queue: Queue<JobData>): Promise<{ waiting: number; active: number; delayed: number }> {
  const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed');
  const of = (state: string): number => counts[state] ?? 0;
  return { waiting: of('waiting') + of('prioritized'), active: of('active'), delayed: of('delayed') };
}

function fail(settings: QueueSettings, error: unknown): never {
  const { host, port } = settings.connection;
  const reason = error instanceof Error ? error.message : String(error);
  const hint = 'check that Redis runs and that its password is right; the request can be repeated';
  throw new GitOpsError('Upstream', `queue ${settings.name}: Redis at ${host}:${port}: ${reason}: ${hint}`, {
    cause: error,
  });
}
