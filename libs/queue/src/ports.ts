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
  | { readonly kind: 'requeueAfter'; readonly ms: number; readonly reason: string };

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
  readRequest(key: string): Promise<PendingRequest | undefined>;
  acknowledge(key: string, token: string): Promise<void>;
  depth(): Promise<{ readonly waiting: number; readonly active: number; readonly delayed: number }>;
  close(): Promise<void>;
}

export interface RunnerOptions {
  readonly reconcile: Reconciler;
  readonly concurrency: number;
  readonly onError?: (key: string, error: unknown, retryAfterMs: number | undefined) => void;
  readonly onSettled?: (key: string, durationMs: number, outcome: ReconcileOutcome | undefined) => void;
}

export interface ReconcilerRunner {
  start(): Promise<void>;
  /** Stops taking jobs, waits for active ones up to `graceMs`, then aborts their signals. */
  stop(graceMs: number): Promise<void>;
}
