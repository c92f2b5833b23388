/**
 * The operation reconciler. An operation is written on the Application before anything is applied; every turn reads live
 * state, plans, does one step and records it, so another worker can go on after a crash (R6).
 */
import {
  advanceSync,
  mergePatch,
  recordStep,
  retryDueAt,
  type SyncProgress,
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
import { isPaused } from '../paused.js';
import type { Clusters, ControllerSettings } from '../ports.js';
import type { CheckDeps } from '../refresh/check-spec.js';
import { windowFor } from '../sync-window.js';
import { awaitKinds } from './await-kinds.js';
import { beginState, operationRunning, startedEvent } from './begin.js';
import { checkOperation } from './check-operation.js';
import { type EndWatch, endingOf, untilTimeout, watchEnding } from './ending.js';
import { type ExecutableStep, executeStep } from './execute-step.js';
import { finishAttempt, replaced } from './finish.js';
import { patchOperation } from './patch-operation.js';
import { type PrepareDeps, prepare, withAttempted } from './prepare.js';
import type { RunningOperation } from './running.js';
import { type TerminateDeps, terminate } from './terminate.js';
import { appliedWave, noteApplied, type WaveDelay, type WaveTimes } from './wave-delay.js';

export interface OperationDeps extends PrepareDeps, TerminateDeps, CheckDeps {
  readonly clusters: Clusters;
  readonly settings: () => ControllerSettings;
  readonly waveTimes: WaveTimes;
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
    const found = deps.applications.get(key);
    if (found === undefined || isPaused(deps, found)) return { kind: 'done' };
    if (found.metadata.deletionTimestamp !== undefined) return deps.reconcileDeletion(found, signal);
    if (found.operation === undefined) {
      deps.waveTimes.delete(key);
      return { kind: 'done' };
    }
    const app = operationRunning(found) ? found : await begin(deps, found, signal);
    const state = app.status?.operationState;
    if (state === undefined) return { kind: 'done' };
    const watch = watchEnding(deps, { key, state }, signal);
    try {
      return await turn(deps, { app, state }, watch);
    } catch (error) {
      if (!watch.ended()) throw error;
    } finally {
      watch.stop();
    }
    return endNow(deps, { app, state }, signal);
  };
}

interface Current {
  readonly app: Application;
  readonly state: OperationState;
}

async function turn(deps: OperationDeps, { app, state }: Current, watch: EndWatch): Promise<ReconcileOutcome> {
  const why = endingOf(deps, keyOf(app), state);
  if (why !== undefined) return terminate(deps, { app, state, why }, watch.hard);
  const outcome = await turnOf(deps, { app, state }, watch);
  return outcome.kind === 'requeueAfter'
    ? { ...outcome, ms: Math.min(outcome.ms, untilTimeout(deps, state)) }
    : outcome;
}

async function turnOf(deps: OperationDeps, { app, state }: Current, watch: EndWatch): Promise<ReconcileOutcome> {
  const retryAt = retryDueAt(state);
  if (retryAt === undefined) return run(deps, app, watch);
  const waitMs = retryAt.getTime() - deps.clock.now().getTime();
  if (waitMs > 0) return { kind: 'requeueAfter', ms: waitMs, reason: 'waiting to retry' };
  return run(deps, await beginRetry(deps, { app, state }, watch.hard), watch);
}

/** The turn was cut short: what it recorded is on the Application, the rest is found in the cluster. */
function endNow(deps: OperationDeps, { app, state }: Current, signal: AbortSignal): Promise<ReconcileOutcome> {
  const latest = deps.applications.get(keyOf(app)) ?? app;
  const why = endingOf(deps, keyOf(app), state) ?? '';
  return terminate(deps, { app: latest, state: latest.status?.operationState ?? state, why }, signal);
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

async function run(deps: OperationDeps, app: Application, watch: EndWatch): Promise<ReconcileOutcome> {
  const state = app.status?.operationState;
  if (state === undefined) return { kind: 'done' };
  const signal = watch.hard;
  const blocked = blockedByWindow(deps, app, state);
  if (blocked !== undefined) return blockedWait(deps, { app, state, message: blocked }, signal);
  try {
    checkOperation(deps, { app, state });
    return await runSteps(deps, await prepare(deps, { app, state }, watch.soft), watch);
  } catch (error) {
    const failure = toGitOpsError(error);
    if (watch.soft.aborted || failure.code === 'Conflict') throw error;
    const message = redact(failure.message);
    if (failure.retry === 'never') {
      const attempted = withAttempted(app, state);
      return finishAttempt(deps, { app, state: attempted, phase: 'Error', message }, signal);
    }
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
  const isManual = state.operation.initiatedBy?.automated !== true;
  const window = windowFor(app, deps, { isManual, runningSince: new Date(state.startedAt) });
  return window.allowed ? undefined : `Sync operation blocked by sync window: ${window.reason}`;
}

async function blockedWait(deps: OperationDeps, noted: Noted, signal: AbortSignal): Promise<ReconcileOutcome> {
  await noteState(deps, noted, signal);
  return { kind: 'requeueAfter', ms: WINDOW_RECHECK_MS, reason: noted.message };
}

async function runSteps(deps: OperationDeps, start: RunningOperation, watch: EndWatch): Promise<ReconcileOutcome> {
  const key = keyOf(start.app);
  const signal = watch.hard;
  let running = start;
  for (let count = 0; count < MAX_STEPS_PER_TURN; count++) {
    const why = endingOf(deps, key, running.state);
    if (why !== undefined) {
      const state = withProgress(running.state, running.progress);
      return terminate(deps, { app: running.app, state, why }, signal);
    }
    const { step, progress } = advanceSync(running.tasks, withPause(deps, running));
    running = { ...running, progress };
    if (step.kind === 'complete') return complete(deps, running, { step, signal });
    if (step.kind === 'wait') return wait(deps, running, { step, signal });
    running = await perform(deps, running, { step, watch });
  }
  throw new GitOpsError(
    'Internal',
    `the sync of ${start.app.metadata.name ?? ''} did not advance after ${MAX_STEPS_PER_TURN} steps; please report it with the operation's resources`,
  );
}

/** One step, and its outcomes in the progress. */
async function perform(
  deps: OperationDeps,
  running: RunningOperation,
  { step, watch }: { readonly step: ExecutableStep; readonly watch: EndWatch },
): Promise<RunningOperation> {
  const isHookStep = step.kind === 'deleteHooks' || step.kind === 'releaseHooks';
  const current = isHookStep ? await persist(deps, running, { message: undefined, signal: watch.hard }) : running;
  const context = { cluster: current.cluster, signal: watch.hard, ending: watch.soft };
  if (step.kind === 'apply') await awaitKinds(step.tasks, current.tasks, { ...context, signal: watch.soft });
  const outcomes = await executeStep(deps, step, context);
  if (step.kind === 'apply') {
    const { state } = current;
    noteApplied(keyOf(current.app), { state, tasks: outcomes.map(({ task }) => task) }, waveDelay(deps));
  }
  return { ...current, progress: recordStep(current.progress, step, outcomes) };
}

function waveDelay({ waveTimes, clock, settings }: OperationDeps): WaveDelay {
  return { times: waveTimes, clock, delayMs: settings().waveDelayMs };
}

function withPause(deps: OperationDeps, running: RunningOperation): SyncProgress {
  const { appliedWave: _, ...progress } = running.progress;
  const applied = appliedWave(keyOf(running.app), running, waveDelay(deps));
  return applied === undefined ? progress : { ...progress, appliedWave: applied };
}

type CompleteStep = { readonly step: Extract<SyncStep, { kind: 'complete' }>; readonly signal: AbortSignal };

function complete(
  deps: OperationDeps,
  { app, state, rendered, progress }: RunningOperation,
  { step, signal }: CompleteStep,
): Promise<ReconcileOutcome> {
  deps.waveTimes.delete(keyOf(app));
  const { phase, message } = step;
  return finishAttempt(deps, { app, state: withProgress(state, progress), rendered, phase, message }, signal);
}

type WaitStep = { readonly step: Extract<SyncStep, { kind: 'wait' }>; readonly signal: AbortSignal };

async function wait(
  deps: OperationDeps,
  running: RunningOperation,
  { step, signal }: WaitStep,
): Promise<ReconcileOutcome> {
  await persist(deps, running, { message: step.reason, signal });
  const ranForMs = deps.clock.now().getTime() - Date.parse(running.state.startedAt);
  const ms = step.forMs ?? (ranForMs < FIRST_SECONDS_MS ? FIRST_RECHECK_MS : RECHECK_MS);
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
