/** The keyed queue of design 4.2: jobs carry a key only; requests are merged beside it and acknowledged after the work. */

/** Lower runs first. */
export const PRIORITIES = { person: 1, webhook: 2, selfHeal: 3, dependency: 4, periodic: 5 } as const;
export type Priority = keyof typeof PRIORITIES;

/** Three numbers, each merged by maximum. The caller owns their meaning. */
export interface QueueRequest {
  /** What to compare: index into COMPARE_LEVELS (0-3). */
  readonly level: number;
  /** How hard to refresh: index into REFRESH_TYPES (0-1). */
  readonly hardness: number;
  /** Unix ms: a revision resolved at the Git host before this moment is too old (a push webhook's arrival); 0: any. */
  readonly since: number;
}

export interface PendingRequest extends QueueRequest {
  /** Opaque; acknowledging with it keeps any request that arrived later. */
  readonly token: string;
}

export type ReconcileOutcome =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'requeueAfter';
      readonly ms: number;
      readonly reason: string;
      /** In the line once the time has come; default `dependency`. */
      readonly priority?: Priority;
    };

/** Level-based and idempotent: gets a key, reads the newest state itself. A thrown error is retried with back-off by its retry policy. */
export type Reconciler = (key: string, signal: AbortSignal) => Promise<ReconcileOutcome>;

export interface Enqueue {
  readonly key: string;
  readonly priority: Priority;
  readonly request?: QueueRequest;
}

export interface KeyedQueue {
  enqueue(entry: Enqueue): Promise<void>;
  enqueueMany(entries: readonly Enqueue[]): Promise<void>;
  /** One timer per key: a later call replaces it. When it fires, the key is enqueued. */
  enqueueAfter(entry: Enqueue, afterMs: number): Promise<void>;
  /**
   * Enqueues all of them together once the time has passed; one entry in Redis, however many keys, and nothing replaces
   * it. For work that must not compete with something urgent that has just been enqueued.
   */
  enqueueManyAfter(entries: readonly Enqueue[], afterMs: number): Promise<void>;
  readRequest(key: string): Promise<PendingRequest | undefined>;
  acknowledge(key: string, token: string): Promise<void>;
  depth(): Promise<{ readonly waiting: number; readonly active: number; readonly delayed: number }>;
  close(): Promise<void>;
}

/**
 * Why the owner must enqueue everything again: the runner has started, Redis lost its data (FLUSHALL, a restart), the
 * connection broke, so that events of meanwhile may not have been enqueued, or Redis refused an entry of this process
 * (out of memory, a replica after a failover, its disk full) while the connection held.
 */
export type ReseedReason = 'start' | 'lost' | 'reconnected' | 'refused';

export interface RunnerOptions {
  readonly reconcile: Reconciler;
  readonly concurrency: number;
  /**
   * Enqueues every key. Requests that were only in Redis are gone after `lost`, so ask for level `latest` and
   * `since` now. A rejection is repeated with back-off until it works. Without it a lost Redis means lost work.
   */
  readonly reseed?: (reason: ReseedReason) => Promise<void>;
  /**
   * Of thrown errors whose policy is `backoff`; default 5 s doubling to 5 min. Counts per key, reset by success; what an event
   * starts before a retry is due does not count.
   */
  readonly retryDelay?: (attempt: number) => number;
  readonly timing?: Partial<RunnerTiming>;
  /** `waitedMs`: since the job came into the line. */
  readonly onStarted?: (key: string, waitedMs: number) => void;
  readonly onError?: (key: string, error: unknown, retryAfterMs: number | undefined) => void;
  readonly onSettled?: (key: string, durationMs: number, outcome: ReconcileOutcome | undefined) => void;
}

/** Milliseconds. A job of a killed worker is taken over within about `lockMs` + 2 x `stalledCheckMs`. */
export interface RunnerTiming {
  /** How long a job stays ours without a sign of life; a sign is given every half of it. */
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  /** How often the runner looks whether Redis still has its data. */
  readonly redisCheckMs: number;
}

export interface ReconcilerRunner {
  /** Returns at once; work begins when Redis answers, also if that is later. */
  start(): Promise<void>;
  /** Stops taking jobs, waits for active ones up to `graceMs`, then aborts their signals. */
  stop(graceMs: number): Promise<void>;
}
