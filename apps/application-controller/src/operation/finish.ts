/** The end of an attempt: record history, plan the retry, clear `.operation`, ask for a fresh comparison. */
import { appendHistory, boundedMessage, decideRetry, mergePatch } from '@tiphys/gitops-engine';
import {
  type Application,
  COMPARE_LEVELS,
  type JsonObject,
  kubernetesTime,
  type OperationState,
  type RevisionHistory,
  type SyncOperation,
  type SyncOperationResult,
} from '@tiphys/model';
import type { KeyedQueue, ReconcileOutcome } from '@tiphys/queue';
import type { Clock } from '@tiphys/runtime';
import { keyOf } from '../identity.js';
import type { ApplicationStore, Deployments, EventRecorder, RenderedManifests } from '../ports.js';
import { dropDeployments, keepDeployment } from './keep-deployment.js';
import { patchOperation } from './patch-operation.js';

export interface FinishDeps {
  readonly applications: ApplicationStore;
  readonly deployments: Deployments;
  readonly refreshQueue: KeyedQueue;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly onFinished: (app: Application, state: OperationState) => void;
}

export interface FinishedAttempt {
  readonly app: Application;
  readonly state: OperationState;
  readonly phase: 'Succeeded' | 'Failed' | 'Error';
  readonly message: string;
  /** Ended before its time: there is no retry (D41). */
  readonly terminated?: boolean;
  /** What was deployed; absent when the attempt failed before it was known. */
  readonly rendered?: RenderedManifests;
}

/** Also for an attempt that failed before its first step (render or comparison error). */
export async function finishAttempt(
  deps: FinishDeps,
  attempt: FinishedAttempt,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const now = deps.clock.now();
  const ended: OperationState = {
    ...attempt.state,
    phase: attempt.phase,
    message: boundedMessage(attempt.message),
    finishedAt: kubernetesTime(now),
  };
  const terminated = attempt.terminated === true || isTerminating(attempt.app);
  const retry = decideRetry(ended, { terminated, now });
  if (retry.kind === 'retry') {
    await patchOperation(deps.applications, attempt.app, {
      patch: { status: { operationState: replaced(retry.state, attempt.app) } },
      signal,
    });
    await refreshAfter(deps, attempt.app);
    return { kind: 'requeueAfter', ms: retry.retryAt.getTime() - now.getTime(), reason: 'retry' };
  }
  const history = historyAfter(attempt.app, ended, now);
  await keepDeployment(deps, { ...attempt, history }, signal);
  const patch: JsonObject = {
    operation: null,
    status: {
      operationState: replaced(retry.state, attempt.app),
      ...(history === undefined ? {} : { history: history as never }),
    },
  };
  const updated = await patchOperation(deps.applications, attempt.app, { patch, signal });
  await dropDeployments(deps, { ...attempt, history }, signal);
  announce(deps, updated, ended);
  await refreshAfter(deps, updated);
  return { kind: 'done' };
}

function isTerminating(app: Application): boolean {
  return app.status?.operationState?.phase === 'Terminating';
}

/** A merge patch keeps what it does not name, at every depth: what an earlier operation left is removed by naming it. */
export function replaced(state: OperationState, app: Application): JsonObject {
  return (mergePatch(app.status?.operationState ?? {}, state) ?? {}) as JsonObject;
}

/** Only successful full syncs count as deployments (D44). */
function historyAfter(app: Application, state: OperationState, now: Date): readonly RevisionHistory[] | undefined {
  if (state.phase !== 'Succeeded' || isPartial(state.operation.sync) || state.syncResult === undefined)
    return undefined;
  const entry = {
    ...deployedBy(state.syncResult),
    deployStartedAt: state.startedAt,
    deployedAt: kubernetesTime(now),
    initiatedBy: state.operation.initiatedBy ?? {},
  };
  return appendHistory(app.status ?? {}, entry, app.spec.revisionHistoryLimit).history;
}

function isPartial({ dryRun = false, resources = [] }: SyncOperation = {}): boolean {
  return dryRun || resources.length > 0;
}

/** One source in the singular fields, several in the plural ones, as in the specification. */
function deployedBy({ revision, revisions = [], source, sources = [] }: SyncOperationResult): Partial<RevisionHistory> {
  if (sources.length > 0) return { revisions, sources };
  return { revision, ...(source === undefined ? {} : { source }) };
}

function announce(deps: FinishDeps, app: Application, state: OperationState): void {
  const target = state.syncResult?.revision || state.syncResult?.revisions?.join(', ') || '';
  const succeeded = state.phase === 'Succeeded';
  const message = succeeded
    ? `Sync operation to ${target} succeeded`
    : `Sync operation to ${target} failed: ${state.message ?? ''}`;
  deps.events.record(app, { type: succeeded ? 'Normal' : 'Warning', reason: 'OperationCompleted', message });
  deps.onFinished(app, state);
}

async function refreshAfter(deps: FinishDeps, app: Application): Promise<void> {
  await deps.refreshQueue.enqueue({
    key: keyOf(app),
    priority: 'person',
    request: { level: COMPARE_LEVELS.indexOf('latest'), hardness: 0, since: 0 },
  });
}
