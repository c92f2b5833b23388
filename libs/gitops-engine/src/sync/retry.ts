/** Retrying an operation that failed (A11, D35, D39, D40): the state stays Running with `finishedAt` set until it is due. */
import {
  kubernetesTime,
  type OperationState,
  parseDuration,
  type RetryStrategy,
  type SyncOperationResult,
} from '@tiphys/model';

const DEFAULTS = { durationMs: 5_000, factor: 2, maxMs: 180_000 };

export type RetryDecision =
  /** The operation is over; `state` has the final message. */
  | { readonly kind: 'stop'; readonly state: OperationState }
  /** Try again at `retryAt`; `state` is what to write until then. */
  | { readonly kind: 'retry'; readonly retryAt: Date; readonly state: OperationState };

/** Wait before retry number `retryCount` + 1. */
export function retryDelayMs(retry: RetryStrategy | undefined, retryCount: number): number {
  const durationMs = durationOr(retry?.backoff?.duration, DEFAULTS.durationMs);
  const maxMs = durationOr(retry?.backoff?.maxDuration, DEFAULTS.maxMs);
  const factor = retry?.backoff?.factor ?? DEFAULTS.factor;
  return Math.min(maxMs, durationMs * factor ** retryCount);
}

function durationOr(text: string | undefined, fallbackMs: number): number {
  // A bare number is seconds, as Argo CD takes it.
  if (text !== undefined && /^\d+$/.test(text)) return Number(text) * 1_000;
  return parseDuration(text ?? '') ?? fallbackMs;
}

/**
 * What follows the end of an attempt. `state` is the finished state with its phase and message. A success, a terminated
 * operation and one without retries left stop; a limit below 0 never runs out.
 */
export function decideRetry(state: OperationState, options: { terminated: boolean; now: Date }): RetryDecision {
  const finishedAt = kubernetesTime(options.now);
  const retries = state.retryCount ?? 0;
  const message = state.message ?? '';
  const unsuccessful = state.phase === 'Failed' || state.phase === 'Error';
  if (!unsuccessful || options.terminated || !hasRetriesLeft(state)) {
    const suffix = unsuccessful && retries > 0 ? ` (retried ${retries} times).` : '';
    return { kind: 'stop', state: { ...state, finishedAt, message: `${message}${suffix}` } };
  }
  const retryAt = new Date(Date.parse(finishedAt) + retryDelayMs(state.operation.retry, retries));
  const announced = `${message}. Retrying attempt #${retries + 1} at ${kubernetesTime(retryAt)}.`;
  const waiting = { ...state, phase: 'Running', finishedAt, retryCount: retries + 1, message: announced } as const;
  return { kind: 'retry', retryAt, state: waiting };
}

function hasRetriesLeft({ operation, retryCount = 0 }: OperationState): boolean {
  const limit = operation.retry?.limit ?? 0;
  return limit < 0 || retryCount < limit;
}

/** When an attempt that waits is due; `undefined`: the operation is not waiting for a retry. */
export function retryDueAt(state: OperationState): Date | undefined {
  if (state.phase !== 'Running' || state.finishedAt === undefined) return undefined;
  const done = Math.max(0, (state.retryCount ?? 1) - 1);
  return new Date(Date.parse(state.finishedAt) + retryDelayMs(state.operation.retry, done));
}

/**
 * The state with which the next attempt begins: results forgotten, and with `retry.refresh` the pinned revisions too
 * (D40). An operation without a revision is resolved anew by every attempt; one with a revision keeps it. What the last
 * attempt deployed stays known as {@link lastAttempted}, so that no stale answer takes the application back behind it.
 */
export function startRetry(state: OperationState): OperationState {
  const { finishedAt: _finished, syncResult, ...rest } = state;
  const { sync, retry } = state.operation;
  const isUnpinned = retry?.refresh === true && sync !== undefined;
  const next = { ...rest, message: retryMessage(state.retryCount ?? 0, isUnpinned), ...attemptedOnly(syncResult) };
  if (!isUnpinned) return next;
  const { revision: _revision, revisions: _revisions, ...unpinned } = sync;
  return { ...next, operation: { ...state.operation, sync: unpinned } };
}

/** Argo CD's text. */
function retryMessage(retryCount: number, isUnpinned: boolean): string {
  return `Retrying operation${isUnpinned ? ' with latest revisions' : ''}. Attempt #${retryCount}`;
}

function attemptedOnly(syncResult: OperationState['syncResult']): Pick<OperationState, 'syncResult'> {
  if (syncResult === undefined) return {};
  const { resources: _resources, ...attempted } = syncResult;
  return { syncResult: attempted };
}

/** Revisions that the running attempt is bound to, one per source; undefined until its first render. */
export function boundRevisions({ syncResult }: OperationState): readonly string[] | undefined {
  return syncResult?.resources === undefined ? undefined : revisionsOf(syncResult);
}

/** Revisions that the attempt before this one deployed; undefined for a first attempt and for one that is bound itself. */
export function lastAttempted({ syncResult }: OperationState): readonly string[] | undefined {
  return syncResult === undefined || syncResult.resources !== undefined ? undefined : revisionsOf(syncResult);
}

function revisionsOf({ revision, revisions = [] }: SyncOperationResult): readonly string[] | undefined {
  if (revisions.length > 0) return revisions;
  return revision === '' ? undefined : [revision];
}
