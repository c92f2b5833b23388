/** The step machine of a sync (D09-D17): from the plan and what is done to the one thing to do now. Pure: same input, same step. */
import { assessHealth } from '../health/assess-health.js';
import { hooksToDelete, hooksToRelease, oldHooksStep } from './hook-steps.js';
import { compareSteps, isCustomResourceDefinition, needsOf, providedBy } from './order-tasks.js';
import { confirmationMessage, SYNC_MESSAGES, sharedMessage, waitMessage, withReasons } from './sync-messages.js';
import { isDryRunFailure, liveOf, observedResult, type SeenTask, stateOf, syncResultKey } from './task-results.js';
import type { SyncProgress, SyncStep, SyncTask, SyncTurn } from './types.js';

interface View {
  readonly progress: SyncProgress;
  /** Tasks of the phases PreSync, Sync and PostSync whose turn has come. */
  readonly reached: readonly SeenTask[];
  /** Tasks of those phases still to be done, in order. */
  readonly pending: readonly SyncTask[];
  readonly syncFail: readonly SeenTask[];
  readonly tasks: readonly SyncTask[];
}

/**
 * The next step of a sync and the progress with everything observed on the way: record that progress before executing
 * `deleteHooks` or `releaseHooks`, whose objects may be gone afterwards. `tasks`: from `planSync`, in its order.
 */
export function advanceSync(tasks: readonly SyncTask[], progress: SyncProgress): SyncTurn {
  const view = viewOf(tasks, progress);
  const settled = settle(view);
  return { step: stepOf(view), progress: settled };
}

function stepOf(view: View): SyncStep {
  const { tasks, progress } = view;
  if (tasks.some((task) => task.dryRunOnly)) return dryRunOperation(view);
  const release = hooksToRelease([...view.reached, ...view.syncFail], progress);
  if (release.length > 0) return { kind: 'releaseHooks', tasks: release };
  if (progress.terminating) return terminate(view);
  const refused = [...progress.results.values()].filter(isDryRunFailure);
  if (refused.length > 0) {
    return failed(
      withReasons(
        SYNC_MESSAGES.dryRunFailed,
        refused.map((result) => result.message ?? ''),
      ),
    );
  }
  const shared = tasks.filter((task) => task.sharedWith !== undefined);
  if (shared.length > 0) return failed(sharedMessage(shared));
  const broken = failuresOf(view);
  if (broken.length > 0) return afterFailure(view, broken);
  return preparation(view) ?? (view.pending.length > 0 ? nextWave(view) : ending(view));
}

function viewOf(tasks: readonly SyncTask[], progress: SyncProgress): View {
  const seen = tasks.map((task): SeenTask => {
    const result = observedResult(task, progress);
    return { task, result, state: stateOf(result) };
  });
  const main = seen.filter(({ task }) => task.phase !== 'SyncFail');
  const pending = main.filter(({ state }) => state === 'pending').map(({ task }) => task);
  const [frontier] = pending;
  const recorded = ({ task }: SeenTask) => progress.results.has(syncResultKey(task)) || task.hookType !== undefined;
  const reached = main.filter((entry) => {
    if (entry.state === 'pending') return false;
    if (frontier === undefined) return true;
    return compareSteps(entry.task, frontier) < 0 || recorded(entry);
  });
  return { progress, reached, pending, syncFail: seen.filter(({ task }) => task.phase === 'SyncFail'), tasks };
}

function settle({ progress, reached, syncFail }: View): SyncProgress {
  const results = new Map(progress.results);
  for (const { task, result } of [...reached, ...syncFail]) {
    if (result !== undefined) results.set(syncResultKey(task), result);
  }
  return { ...progress, results };
}

/** D33: ask about everything, write nothing. */
function dryRunOperation({ tasks, progress }: View): SyncStep {
  const refused = [...progress.results.values()].filter((result) => result.status === 'SyncFailed');
  if (refused.length > 0) {
    return failed(
      withReasons(
        SYNC_MESSAGES.dryRunFailed,
        refused.map((result) => result.message ?? ''),
      ),
    );
  }
  const asked = tasks.filter((task) => task.changed);
  if (!progress.dryRunDone && asked.length > 0) return { kind: 'dryRun', tasks: asked };
  return { kind: 'complete', phase: 'Succeeded', message: SYNC_MESSAGES.allTasksRun };
}

/** D41: running hooks are deleted, then the operation has failed. */
function terminate({ reached, syncFail, progress }: View): SyncStep {
  const running = [...reached, ...syncFail].filter(
    ({ task, state }) => task.hookType !== undefined && state === 'running',
  );
  const tasks = hooksToDelete(running, progress);
  return tasks.length > 0 ? { kind: 'deleteHooks', tasks } : failed(SYNC_MESSAGES.terminated);
}

function failed(message: string): SyncStep {
  return { kind: 'complete', phase: 'Failed', message };
}

/** The namespace first (D30), then one dry run of all that will be applied (D16). A single write needs none: it is its own test. */
function preparation({ pending, progress, tasks }: View): SyncStep | undefined {
  if (progress.dryRunDone) return undefined;
  const first = pending.filter((task) => task.beforeDryRun);
  const [namespace] = first;
  if (namespace !== undefined) return { kind: 'apply', phase: namespace.phase, wave: namespace.wave, tasks: first };
  const writes = tasks.filter((task) => task.changed && !progress.results.has(syncResultKey(task)));
  const asked = writes.filter((task) => task.kind === 'apply' && !task.skipDryRun);
  return writes.length > 1 && asked.length > 0 ? { kind: 'dryRun', tasks: asked } : undefined;
}

/**
 * Tasks that ended badly. What was applied in the last step of a plan without hooks there is not judged by its health:
 * such a sync succeeds with the writes (D13).
 */
function failuresOf({ reached, pending, tasks }: View): readonly SeenTask[] {
  const main = tasks.filter((task) => task.phase !== 'SyncFail');
  const last = main.at(-1);
  const isLast = (task: SyncTask) => last !== undefined && compareSteps(task, last) === 0;
  const lastHasHooks = main.some((task) => isLast(task) && task.hookType !== undefined);
  const untried = pending.length === 0;
  return reached.filter(({ task, state, result }) => {
    if (state !== 'failed') return false;
    if (task.hookType !== undefined) return true;
    const byHealth = result?.status !== 'SyncFailed' || result.hookPhase === 'Error';
    if (!byHealth) return true;
    if (isLast(task)) return lastHasHooks;
    // Nothing is left to gate: an object that needed no write does not fail a sync that wrote all there was to write.
    return task.changed || !untried;
  });
}

function afterFailure(view: View, broken: readonly SeenTask[]): SyncStep {
  const { reached, syncFail, progress } = view;
  const running = [...reached, ...syncFail].filter(
    ({ task, state }) => task.hookType !== undefined && state === 'running',
  );
  if (running.length > 0) return waitFor(running.map(({ task }) => task));
  const ended = [...reached, ...syncFail.filter(({ state }) => state !== 'pending')];
  const hooks = ended.filter(({ task }) => task.hookDeletePolicies.includes('HookFailed'));
  const deletable = hooksToDelete(hooks, progress);
  if (deletable.length > 0) return { kind: 'deleteHooks', tasks: deletable };
  // Without its namespace nothing else can run, the SyncFail hooks included.
  const waiting = broken.every(({ task }) => task.beforeDryRun)
    ? []
    : syncFail.filter(({ state }) => state === 'pending').map(({ task }) => task);
  return waiting.length > 0 ? stepFor(waiting, view) : failed(failureMessage(broken, syncFail));
}

function failureMessage(broken: readonly SeenTask[], syncFail: readonly SeenTask[]): string {
  const refused = broken.filter(({ result }) => result?.status === 'SyncFailed');
  const message =
    refused.length > 0
      ? withReasons(
          SYNC_MESSAGES.applyFailed,
          refused.map(({ result }) => result?.message ?? ''),
        )
      : withReasons(SYNC_MESSAGES.tasksFailed, broken.map(named));
  const failedHooks = syncFail.filter(({ state }) => state === 'failed');
  if (failedHooks.length === 0) return message;
  return `${message}\n${withReasons(SYNC_MESSAGES.syncFailHooksFailed, failedHooks.map(named))}`;
}

function named({ task, result }: SeenTask): string {
  return [`${task.key.kind}/${task.key.name}`, result?.message ?? ''].filter((part) => part !== '').join(': ');
}

/** Everything reached must be healthy, and everything pruned gone, before the next wave begins (D12). */
function nextWave(view: View): SyncStep {
  const running = view.reached.filter(({ task, state }) => state === 'running' && !isOwnGate(task, view));
  if (running.length > 0) return waitFor(running.map(({ task }) => task));
  const deleting = view.reached.filter(({ task, result }) => {
    const isDeleting = liveOf(task, view.progress)?.metadata.deletionTimestamp !== undefined;
    return task.kind === 'prune' && result?.status === 'Pruned' && isDeleting;
  });
  if (deleting.length > 0) {
    const tasks = deleting.map(({ task }) => task);
    return { kind: 'wait', reason: waitMessage(tasks, 'deletion'), tasks };
  }
  return waveDelay(view) ?? stepFor(view.pending, view);
}

/** D11: other controllers get a moment to see what a wave wrote, before the next wave asks whether it is healthy. */
function waveDelay({ pending: [frontier], progress: { appliedWave } }: View): SyncStep | undefined {
  if (frontier === undefined || appliedWave === undefined || appliedWave.delayLeftMs <= 0) return undefined;
  if (compareSteps(appliedWave, frontier) >= 0) return undefined;
  const reason = `waiting a moment after wave ${appliedWave.wave} of ${appliedWave.phase}`;
  return { kind: 'wait', reason, tasks: [], forMs: appliedWave.delayLeftMs };
}

/** A task of the wave that is only half done (CRDs before their resources) does not wait for itself. */
function isOwnGate(task: SyncTask, { pending }: View): boolean {
  const [frontier] = pending;
  return frontier !== undefined && task.hookType === undefined && compareSteps(task, frontier) === 0;
}

function waitFor(tasks: readonly SyncTask[]): SyncStep {
  return { kind: 'wait', reason: waitMessage(tasks, 'completion'), tasks };
}

/** The first (phase, wave) of the pending tasks: confirmations, old hooks out of the way, prunes first, CRDs before their resources. */
function stepFor(pending: readonly SyncTask[], { tasks, progress }: View): SyncStep {
  const [frontier] = pending;
  if (frontier === undefined) return failed(SYNC_MESSAGES.noMoreTasks);
  const batch = pending.filter((task) => compareSteps(task, frontier) === 0);
  const unconfirmed = batch.filter((task) => task.awaitsConfirmation);
  if (unconfirmed.length > 0) return { kind: 'wait', reason: confirmationMessage(unconfirmed), tasks: unconfirmed };
  const old = oldHooksStep(batch, progress);
  if (old !== undefined) return old;
  const { ready, crds } = splitAtDefinitions(batch, { tasks, progress });
  if (ready.length === 0) return waitForDefinitions(crds, progress);
  const { phase, wave } = frontier;
  const prunes = ready.filter((task) => task.kind === 'prune');
  return { kind: 'apply', phase, wave, tasks: [...prunes, ...ready.filter((task) => task.kind === 'apply')] };
}

/** D17: custom resources wait until the definition that the same sync brings is established. */
function splitAtDefinitions(
  batch: readonly SyncTask[],
  { tasks, progress }: Pick<View, 'tasks' | 'progress'>,
): { readonly ready: readonly SyncTask[]; readonly crds: readonly SyncTask[] } {
  const crds = tasks.filter(
    (task) => task.kind === 'apply' && isCustomResourceDefinition(task) && !isEstablished(task, progress),
  );
  const missing = new Set(crds.map(providedBy));
  const ready = batch.filter((task) => task.kind === 'prune' || !needsOf(task).some((need) => missing.has(need)));
  const needed = new Set(batch.flatMap(needsOf));
  return { ready, crds: crds.filter((task) => needed.has(providedBy(task) ?? '')) };
}

function isEstablished(task: SyncTask, progress: SyncProgress): boolean {
  const live = liveOf(task, progress);
  return live !== undefined && assessHealth(live)?.status === 'Healthy';
}

function waitForDefinitions(crds: readonly SyncTask[], progress: SyncProgress): SyncStep {
  const names = crds.map((task) => task.key.name).join(', ');
  const rejected = crds.flatMap((task) => {
    const live = liveOf(task, progress);
    const health = live === undefined ? undefined : assessHealth(live);
    return health?.status === 'Degraded' ? [`${task.key.name}: ${health.message ?? ''}`] : [];
  });
  if (rejected.length > 0) return failed(withReasons(SYNC_MESSAGES.tasksFailed, rejected));
  return { kind: 'wait', reason: `waiting for custom resource definitions to be established: ${names}`, tasks: crds };
}

/** Nothing is left to write: hooks run to their end, are cleaned up as they ask, and the sync has succeeded. */
function ending({ reached, progress, tasks }: View): SyncStep {
  const hooks = reached.filter(({ task }) => task.hookType !== undefined);
  const running = hooks.filter(({ state }) => state === 'running');
  if (running.length > 0) return waitFor(running.map(({ task }) => task));
  const deletable = hooksToDelete(
    hooks.filter(({ task }) => task.hookDeletePolicies.includes('HookSucceeded')),
    progress,
  );
  if (deletable.length > 0) return { kind: 'deleteHooks', tasks: deletable };
  const last = tasks.filter((task) => task.phase !== 'SyncFail').at(-1);
  const message =
    last === undefined || last.hookType !== undefined ? SYNC_MESSAGES.noMoreTasks : SYNC_MESSAGES.allTasksRun;
  return { kind: 'complete', phase: 'Succeeded', message };
}
