/** Between the operation on the Application and the progress of the step machine: nothing else is remembered (R6). */
import {
  FINALIZERS,
  type KubernetesObject,
  type OperationState,
  type ResourceKeyString,
  type ResourceSyncResult,
  resourceKeyString,
} from '@tiphys/model';
import { boundedResults } from '../status/bounds.js';
import { SYNC_MESSAGES } from './sync-messages.js';
import { dryRunFailure, isDryRunFailure, resultOf, stateOf, syncResultKey } from './task-results.js';
import type { SyncProgress, SyncStep, SyncTask, TaskOutcome } from './types.js';

type Live = ReadonlyMap<ResourceKeyString, KubernetesObject>;

/**
 * Progress of an operation as another worker left it. The dry run counts as done when anything but the namespace was
 * written; done twice it does no harm.
 */
export function progressFrom(state: OperationState, live: Live): SyncProgress {
  const recorded = state.syncResult?.resources ?? [];
  const isNamespace = ({ kind, group, syncPhase, hookType }: ResourceSyncResult) =>
    kind === 'Namespace' && group === '' && syncPhase === 'PreSync' && hookType === undefined;
  return {
    dryRunDone: recorded.some((result) => !isDryRunFailure(result) && !isNamespace(result)),
    results: new Map(recorded.map((result) => [resultKeyOf(result), result])),
    terminating: state.phase === 'Terminating',
    live,
  };
}

function resultKeyOf(result: ResourceSyncResult): string {
  return syncResultKey({ phase: result.syncPhase ?? 'Sync', key: result });
}

/**
 * Progress after a step was executed. Outcomes of an `apply` become results; a `dryRun` leaves only refusals, which end
 * the sync; hooks deleted by a termination have failed. A task of the step without an outcome stays to be done.
 */
export function recordStep(progress: SyncProgress, step: SyncStep, outcomes: readonly TaskOutcome[]): SyncProgress {
  switch (step.kind) {
    case 'dryRun':
      return recordDryRun(progress, outcomes);
    case 'apply': {
      const pruned = outcomes.filter(({ code }) => code === 'Pruned').map(({ task }) => task);
      const live = withLive(terminating(progress.live, pruned), outcomes);
      return { ...withResults(progress, outcomes.map(resultOfOutcome)), live };
    }
    case 'deleteHooks':
      return {
        ...recordDeletedHooks(progress, step.tasks, outcomes),
        live: withLive(terminating(progress.live, step.tasks), outcomes),
      };
    case 'releaseHooks':
      return {
        ...recordHookFailures(progress, outcomes),
        live: withLive(released(progress.live, step.tasks), outcomes),
      };
    case 'wait':
    case 'complete':
      return progress;
  }
}

type KeyedResult = readonly [string, ResourceSyncResult];

function resultOfOutcome({ task, code, message }: TaskOutcome): KeyedResult {
  return [syncResultKey(task), resultOf(task, code, message)];
}

function withResults(progress: SyncProgress, results: readonly KeyedResult[]): SyncProgress {
  return { ...progress, results: new Map([...progress.results, ...results]) };
}

function recordDryRun(progress: SyncProgress, outcomes: readonly TaskOutcome[]): SyncProgress {
  const refusals = outcomes
    .filter(({ code }) => code === 'SyncFailed')
    .map(({ task, message }): KeyedResult => [syncResultKey(task), dryRunFailure(task, message)]);
  const answers = outcomes
    .filter(({ task, code }) => task.dryRunOnly && code !== 'SyncFailed')
    .map(({ task, code, message }): KeyedResult => {
      return [syncResultKey(task), { ...resultOf(task, code, message), hookPhase: 'Succeeded' }];
    });
  return { ...withResults(progress, [...refusals, ...answers]), dryRunDone: refusals.length === 0 };
}

/** A hook that could not be released or deleted is an error of its own. */
function recordHookFailures(progress: SyncProgress, outcomes: readonly TaskOutcome[]): SyncProgress {
  const failures = outcomes.filter(({ code }) => code === 'SyncFailed');
  return withResults(
    progress,
    failures.map(({ task, message }): KeyedResult => {
      const key = syncResultKey(task);
      const known = progress.results.get(key) ?? resultOf(task, 'Synced', '');
      return [key, { ...known, status: 'SyncFailed', hookPhase: 'Error', message }];
    }),
  );
}

/** Hooks that a termination deleted while they ran have failed. */
function recordDeletedHooks(
  progress: SyncProgress,
  tasks: readonly SyncTask[],
  outcomes: readonly TaskOutcome[],
): SyncProgress {
  const stopped = tasks.flatMap((task): readonly KeyedResult[] => {
    const known = progress.results.get(syncResultKey(task));
    if (!progress.terminating || known === undefined || stateOf(known) !== 'running') return [];
    return [[syncResultKey(task), { ...known, hookPhase: 'Failed', message: SYNC_MESSAGES.hookTerminated }]];
  });
  return recordHookFailures(withResults(progress, stopped), outcomes);
}

function withLive(live: Live, outcomes: readonly TaskOutcome[]): Live {
  const next = new Map(live);
  for (const { task, live: answer } of outcomes) {
    if (answer !== undefined) next.set(resourceKeyString(task.key), answer);
  }
  return next;
}

function released(live: Live, tasks: readonly SyncTask[]): Live {
  const next = new Map(live);
  for (const task of tasks) {
    const key = resourceKeyString(task.key);
    const object = next.get(key);
    if (object !== undefined) next.set(key, withoutOurFinalizer(object));
  }
  return next;
}

/** Until the next read a deleted object counts as on its way out, so that the next wave, or its new version, awaits it. */
function terminating(live: Live, tasks: readonly SyncTask[]): Live {
  const next = new Map(released(live, tasks));
  for (const task of tasks) {
    const key = resourceKeyString(task.key);
    const object = next.get(key);
    if (object === undefined) continue;
    const deletionTimestamp = object.metadata.deletionTimestamp ?? object.metadata.creationTimestamp ?? '';
    next.set(key, { ...object, metadata: { ...object.metadata, deletionTimestamp } });
  }
  return next;
}

function withoutOurFinalizer(object: KubernetesObject): KubernetesObject {
  const finalizers = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZERS.hook);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

/**
 * The operation with the progress in `syncResult.resources`, in the order in which the results came. Bounded: what is left
 * out is seen to be done by the next turn, since live is as Git has it.
 */
export function withProgress(state: OperationState, { results }: SyncProgress): OperationState {
  const resources = [...boundedResults([...results.values()])];
  return { ...state, syncResult: { ...(state.syncResult ?? { revision: '' }), resources } };
}
