/**
 * The consuming side: runs the reconciler for each key, one at a time per key, turns its outcome into a timer and its
 * errors into retries. No job is ever retried by BullMQ (`attempts: 1`); the queue's next job of the key is the retry.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { backoff, type Logger } from '@tiphys/runtime';
import { connectRedis } from '@tiphys/runtime/redis';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { KEY_PREFIX, queueKeys } from './ids.js';
import { EVENTS_KEPT, type JobData, type RunnableQueue } from './keyed-queue.js';
import type { Priority, ReconcileOutcome, ReconcilerRunner, RunnerOptions, RunnerTiming } from './ports.js';
import { createRedisWatch, type RedisWatch } from './redis-watch.js';
import { retryAfterMs } from './retry-policy.js';
import { createRuns, type Run, type Runs } from './runs.js';

const TIMING: RunnerTiming = { lockMs: 8_000, stalledCheckMs: 3_000, redisCheckMs: 5_000 };
const RETRY_DELAY = backoff({ baseMs: 5_000, capMs: 300_000 });
/** Priority of retries and timers whose reconciler names none. */
const LATER: Priority = 'dependency';
/** Seconds that an idle worker blocks on Redis; each end of it is a wake-up. */
const IDLE_BLOCK_SECONDS = 30;
/** After an abort, and for the last answers of Redis. */
const CLOSE_MS = 2_000;

interface Context {
  readonly queue: RunnableQueue;
  readonly options: RunnerOptions;
  readonly log: Logger;
  readonly runs: Runs;
  /** Failed attempts in a row, per key, and when the next one is due. */
  readonly attempts: Map<string, Attempts>;
  stopping: boolean;
}

/** One runner per queue and process. Its work survives the death of the process and, with `reseed`, of Redis. */
export function createReconcilerRunner(queue: RunnableQueue, options: RunnerOptions): ReconcilerRunner {
  const log = queue.settings.log.child({ queue: queue.settings.name });
  const context: Context = { queue, options, log, runs: createRuns(), attempts: new Map(), stopping: false };
  let parts:
    | {
        readonly redis: Redis;
        readonly worker: Worker<JobData>;
        readonly watch: RedisWatch;
        readonly forgetRefusals: () => void;
      }
    | undefined;
  return {
    start: async () => {
      if (parts !== undefined) throw new Error(`the runner of ${queue.settings.name} has already been started`);
      const redis = connectRedis({ ...queue.settings, name: `runner-${queue.settings.name}`, whenGone: 'wait' });
      const watch = watchRedis(context, redis);
      const worker = createWorker(context, redis, watch);
      parts = { redis, worker, watch, forgetRefusals: queue.onRefused(watch.refused) };
      worker.run().catch((error: unknown) => log.error('the worker ended', { error }));
      watch.start();
    },
    stop: async (graceMs) => {
      if (parts === undefined) return;
      const { redis, worker, watch, forgetRefusals } = parts;
      forgetRefusals();
      watch.stop();
      context.stopping = true;
      await worker.pause(true);
      if (!(await context.runs.idle(graceMs))) {
        context.runs.abort(new Error('the service is stopping'));
        await context.runs.idle(CLOSE_MS);
      }
      // Without Redis the worker would wait for ever to report its jobs; what it cannot report is recovered as stalled.
      await Promise.race([worker.close(context.runs.size > 0), delay(CLOSE_MS, undefined, { ref: false })]);
      redis.disconnect();
    },
  };
}

function createWorker(context: Context, redis: Redis, watch: RedisWatch): Worker<JobData> {
  const { queue, options, log, runs } = context;
  const timing = { ...TIMING, ...options.timing };
  const worker = new Worker<JobData>(queue.settings.name, (job) => handleJob(context, job), {
    connection: redis,
    prefix: KEY_PREFIX,
    autorun: false,
    concurrency: options.concurrency,
    lockDuration: timing.lockMs,
    stalledInterval: timing.stalledCheckMs,
    // A job that was lost twice would fail and its key be forgotten: there is no such thing as too often.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    drainDelay: IDLE_BLOCK_SECONDS,
    runRetryDelay: 1_000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', (error) => {
    log.debug('worker', { error });
    if (error.message.includes('Missing key for job')) watch.check();
  });
  worker.on('lockRenewalFailed', (jobIds: string[]) => {
    log.warn('lost the lock of jobs; their reconciles are aborted and run again', { jobs: jobIds.length });
    runs.abort(new Error('the lock of the job was lost'), jobIds);
    watch.check();
  });
  return worker;
}

function watchRedis(context: Context, redis: Redis): RedisWatch {
  const { queue, options, log } = context;
  const keys = queueKeys(queue.settings.name);
  return createRedisWatch({
    redis,
    log,
    sentinelKey: `${keys.alive}:${randomUUID()}`,
    intervalMs: options.timing?.redisCheckMs ?? TIMING.redisCheckMs,
    reseed: async (reason) => {
      // Without this BullMQ would keep 10,000 events after a loss.
      await redis.hset(keys.meta, 'opts.maxLenEvents', EVENTS_KEPT);
      await options.reseed?.(reason);
    },
  });
}

async function handleJob(context: Context, job: Job<JobData>): Promise<void> {
  const { queue } = context;
  switch (job.data.kind) {
    case 'timer':
      await queue.requests.fireTimer(job.data.key);
      await queue.enqueue({ key: job.data.key, priority: job.data.priority });
      return;
    case 'batch':
      await queue.enqueueMany(job.data.entries);
      return;
    case 'key':
      await handleKey(context, job.data.key, job);
  }
}

async function handleKey(context: Context, key: string, job: Pick<Job, 'id' | 'timestamp'>): Promise<void> {
  if (context.stopping) {
    // Fetched just before the stop: somebody else's now.
    await enqueueAgain(context, { key, afterMs: 0 });
    return;
  }
  const run = context.runs.begin(key, job.id ?? '');
  if (run === undefined) return;
  context.options.onStarted?.(key, Date.now() - job.timestamp);
  try {
    await forgetPriority(context, key);
    await reconcile(context, run);
  } finally {
    context.runs.end(run);
    if (run.again) await enqueueAgain(context, { key, afterMs: 0 });
  }
}

/** Only the place in the line depends on it. */
async function forgetPriority(context: Context, key: string): Promise<void> {
  await context.queue.requests.forgetPriority(key).catch((error: unknown) => {
    context.log.debug('forgetting the priority', { key, error });
  });
}

async function reconcile(context: Context, run: Run): Promise<void> {
  const { options } = context;
  const started = performance.now();
  let outcome: ReconcileOutcome | undefined;
  try {
    run.signal.throwIfAborted();
    outcome = await options.reconcile(run.key, run.signal);
    context.attempts.delete(run.key);
  } catch (error) {
    await retryLater(context, run, error);
  }
  options.onSettled?.(run.key, performance.now() - started, outcome);
  if (outcome?.kind !== 'requeueAfter') return;
  await enqueueAgain(context, { key: run.key, afterMs: outcome.ms, priority: outcome.priority });
}

async function retryLater(context: Context, run: Run, error: unknown): Promise<void> {
  const { options, attempts, log } = context;
  if (run.signal.aborted) {
    // Not a failure of the key: whoever has it next starts at once.
    await enqueueAgain(context, { key: run.key, afterMs: 0 });
    return;
  }
  const now = performance.now();
  const { count, early } = countAttempt(attempts.get(run.key), now);
  const wanted = retryAfterMs(error, count, options.retryDelay ?? RETRY_DELAY);
  // Events that come faster than the retries must not put them off for ever.
  const afterMs = wanted === undefined || early === undefined ? wanted : Math.min(wanted, early);
  if (afterMs === undefined) attempts.delete(run.key);
  else attempts.set(run.key, { count, dueAt: now + afterMs });
  if (options.onError === undefined) log.warn('a reconcile failed', { key: run.key, error, retryAfterMs: afterMs });
  else options.onError(run.key, error, afterMs);
  if (afterMs !== undefined) await enqueueAgain(context, { key: run.key, afterMs });
}

interface Attempts {
  readonly count: number;
  readonly dueAt: number;
}

/** Clocks and timers of Redis and of this process differ by less. */
const TIMER_ERROR_MS = 5;

interface Counted {
  readonly count: number;
  /** Until the retry that is due anyway, for a run that an event started before it. */
  readonly early?: number;
}

/** A run that an event started before the retry was due does not count: a burst of events must not slow the retries down. */
function countAttempt(before: Attempts | undefined, now: number): Counted {
  if (before === undefined) return { count: 1 };
  const early = before.dueAt - now;
  return early > TIMER_ERROR_MS ? { count: before.count, early } : { count: before.count + 1 };
}

interface Again {
  readonly key: string;
  readonly afterMs: number;
  readonly priority?: Priority | undefined;
}

/** When Redis is gone the key comes back with the reseed that follows. */
async function enqueueAgain(context: Context, { key, afterMs, priority = LATER }: Again): Promise<void> {
  const { queue, log } = context;
  try {
    if (afterMs > 0) await queue.enqueueAfter({ key, priority }, afterMs);
    else await queue.enqueue({ key, priority });
  } catch (error) {
    log.warn('a key could not be enqueued again; it will be when Redis is back', { key, error });
  }
}
