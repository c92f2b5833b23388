/**
 * The operation reconciler. An operation is written on the Application before anything is applied; every turn reads live
 * state, plans, does one step and records it, so another worker can go on after a crash (R6).
 */
import {
  advanceSync,
  mergePatch,
  recordStep,
  retryDueAt,
  type SyncStep,
  startRetry,
  withProgress,
} from '@tiphys/gitops-engine';
import {
  type AppKey,
  type Application,
  GitOpsError,
  type JsonObject,
  type OperationState,
  redact,
  toGitOpsError,
} from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { keyOf } from '../identity.js';
import type { ControllerSettings } from '../ports.js';
import { windowFor } from '../sync-window.js';
import { awaitKinds } from './await-kinds.js';
import { beginState, operationRunning, startedEvent } from './begin.js';
import { executeStep } from './execute-step.js';
import { type FinishDeps, finishAttempt, replaced } from './finish.js';
import { patchOperation } from './patch-operation.js';
import { type PrepareDeps, prepare } from './prepare.js';
import type { RunningOperation } from './running.js';

export interface OperationDeps extends PrepareDeps, FinishDeps {
  readonly settings: () => ControllerSettings;
  /** Picks up deletions: chosen before any sync. */
  readonly reconcileDeletion: (app: Application, signal: AbortSignal) => Promise<ReconcileOutcome>;
}

/** Live events wake a waiting operation at once; this is the safety net, closer while an event may have come before the wait. */
const RECHECK_MS = 5_000;
const FIRST_RECHECK_MS = 500;
const FIRST_SECONDS_MS = 10_000;
/** Windows open and close on whole minutes. */
const WINDOW_RECHECK_MS = 30_000;
/** More steps than any plan has: a planner that does not advance must not spin. */
const MAX_STEPS_PER_TURN = 1_000;

export function createOperationReconciler(
  deps: OperationDeps,
): (key: AppKey, signal: AbortSignal) => Promise<ReconcileOutcome> {
  return async function reconcileOperation(key, signal) {
    const app = deps.applications.get(key);
    if (app === undefined) return { kind: 'done' };
    if (app.metadata.deletionTimestamp !== undefined) return deps.reconcileDeletion(app, signal);
    if (app.operation === undefined) return { kind: 'done' };
    if (!operationRunning(app)) return run(deps, await begin(deps, app, signal), signal);
    const state = app.status?.operationState;
    const retryAt = state === undefined ? undefined : retryDueAt(state);
    if (state === undefined || retryAt === undefined) return run(deps, app, signal);
    const waitMs = retryAt.getTime() - deps.clock.now().getTime();
    if (waitMs > 0 && state.phase !== 'Terminating')
      return { kind: 'requeueAfter', ms: waitMs, reason: 'waiting to retry' };
    return run(deps, await beginRetry(deps, { app, state }, signal), signal);
  };
}

async function begin(deps: OperationDeps, app: Application, signal: AbortSignal): Promise<Application> {
  const operation = app.operation ?? {};
  const state = beginState(operation, deps.clock.now());
  const patch = { status: { operationState: replaced(state, app) } };
  const updated = await patchOperation(deps.applications, app, { patch, signal });
  deps.events.record(updated, startedEvent(operation));
  return updated;
}

/** The next attempt: results forgotten, and with `retry.refresh` the pinned revision too (D40). */
function beginRetry(
  deps: OperationDeps,
  { app, state }: { app: Application; state: OperationState },
  signal: AbortSignal,
): Promise<Application> {
  return patchOperation(deps.applications, app, {
    patch: { status: { operationState: replaced(startRetry(state), app) } },
    signal,
  });
}

async function run(deps: OperationDeps, app: Application, signal: AbortSignal): Promise<ReconcileOutcome> {
  const state = app.status?.operationState;
  if (state === undefined) return { kind: 'done' };
  const blocked = blockedByWindow(deps, app, state);
  if (blocked !== undefined) return blockedWait(deps, { app, state, message: blocked }, signal);
  try {
    return await runSteps(deps, await prepare(deps, { app, state }, signal), signal);
  } catch (error) {
    const failure = toGitOpsError(error);
    if (signal.aborted || failure.code === 'Conflict') throw error;
    const message = redact(failure.message);
    if (failure.retry === 'never') return finishAttempt(deps, { app, state, phase: 'Error', message }, signal);
    await noteState(deps, { app, state, message }, signal);
    throw error;
  }
}

interface Noted {
  readonly app: Application;
  readonly state: OperationState;
  readonly message: string;
}

/** Shows why the operation does not go on; not written twice. */
async function noteState(deps: OperationDeps, { app, state, message }: Noted, signal: AbortSignal): Promise<void> {
  if (state.message === message) return;
  await patchOperation(deps.applications, app, { patch: { status: { operationState: { message } } }, signal });
}

/** D47-D50: an operation that may not run now waits for its window. */
function blockedByWindow(deps: OperationDeps, app: Application, state: OperationState): string | undefined {
  if (state.phase === 'Terminating') return undefined;
  const isManual = state.operation.initiatedBy?.automated !== true;
  const window = windowFor(app, deps, { isManual, runningSince: new Date(state.startedAt) });
  return window.allowed ? undefined : `Sync operation blocked by sync window: ${window.reason}`;
}

async function blockedWait(deps: OperationDeps, noted: Noted, signal: AbortSignal): Promise<ReconcileOutcome> {
  await noteState(deps, noted, signal);
  return { kind: 'requeueAfter', ms: WINDOW_RECHECK_MS, reason: noted.message };
}

async function runSteps(deps: OperationDeps, start: RunningOperation, signal: AbortSignal): Promise<ReconcileOutcome> {
  let running = start;
  for (let count = 0; count < MAX_STEPS_PER_TURN; count++) {
    const turn = advanceSync(running.tasks, { ...running.progress, terminating: isTerminating(deps, running) });
    running = { ...running, progress: turn.progress };
    const { step } = turn;
    if (step.kind === 'complete') {
      const state = withProgress(running.state, running.progress);
      const { app, rendered } = running;
      return finishAttempt(deps, { app, state, rendered, phase: step.phase, message: step.message }, signal);
    }
    if (step.kind === 'wait') return wait(deps, running, { step, signal });
    if (step.kind === 'deleteHooks' || step.kind === 'releaseHooks')
      running = await persist(deps, running, { message: undefined, signal });
    const context = { cluster: running.cluster, signal };
    if (step.kind === 'apply') await awaitKinds(step.tasks, running.tasks, context);
    const outcomes = await executeStep(deps, step, context);
    running = { ...running, progress: recordStep(running.progress, step, outcomes) };
  }
  throw new GitOpsError(
    'Internal',
    `the sync of ${start.app.metadata.name ?? ''} did not advance after ${MAX_STEPS_PER_TURN} steps; please report it with the operation's resources`,
  );
}

/** Asked for by a person, or the operation took longer than `controller.sync.timeout.seconds` (D41, D42). */
function isTerminating(deps: OperationDeps, { app, state }: RunningOperation): boolean {
  const latest = deps.applications.get(keyOf(app)) ?? app;
  if (latest.status?.operationState?.phase === 'Terminating') return true;
  const { syncTimeoutMs } = deps.settings();
  return syncTimeoutMs > 0 && deps.clock.now().getTime() - Date.parse(state.startedAt) > syncTimeoutMs;
}

type WaitStep = { readonly step: Extract<SyncStep, { kind: 'wait' }>; readonly signal: AbortSignal };

async function wait(
  deps: OperationDeps,
  running: RunningOperation,
  { step, signal }: WaitStep,
): Promise<ReconcileOutcome> {
  await persist(deps, running, { message: step.reason, signal });
  const ranForMs = deps.clock.now().getTime() - Date.parse(running.state.startedAt);
  const ms = ranForMs < FIRST_SECONDS_MS ? FIRST_RECHECK_MS : RECHECK_MS;
  return { kind: 'requeueAfter', ms, reason: step.reason };
}

/** Writes the progress when it differs from what the Application shows. The phase is not touched: a user may have set Terminating. */
async function persist(
  deps: OperationDeps,
  running: RunningOperation,
  { message, signal }: { message: string | undefined; signal: AbortSignal },
): Promise<RunningOperation> {
  const state = { ...withProgress(running.state, running.progress), ...(message === undefined ? {} : { message }) };
  const { phase: _, ...written } = state;
  const { phase: __, ...known } = running.app.status?.operationState ?? { phase: 'Running' };
  const changed = mergePatch(known, written);
  if (changed === undefined) return running;
  const app = await patchOperation(deps.applications, running.app, {
    patch: { status: { operationState: changed as JsonObject } },
    signal,
  });
  return { ...running, app, state };
}
