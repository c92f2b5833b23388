/** Ending an operation early (D41): only what it left running is looked at, so that neither Git nor a renderer is needed. */
import {
  HOOK_TYPES,
  type KubernetesObject,
  type OperationState,
  type ResourceKeyString,
  resourceKeyOf,
  resourceKeyString,
  type SyncPhase,
  versionOf,
} from '@tiphys/model';
import { hookDeletePoliciesOf, syncPhasesOf, syncWaveOf } from './hooks.js';
import { HOOK_OPERATION_ANNOTATION, hookMark } from './plan-sync.js';
import { parseSyncOptions } from './sync-options.js';
import { stateOf } from './task-results.js';
import type { SyncTask } from './types.js';

/**
 * The hooks of the running attempt that may still run, as tasks for `advanceSync` with a progress that is terminating.
 * Those that carry the attempt's mark count too: their worker may have died, or been told to end, before it recorded them.
 */
export function planTermination(
  state: OperationState,
  live: ReadonlyMap<ResourceKeyString, KubernetesObject>,
): readonly SyncTask[] {
  const mark = hookMark(state.startedAt, state.retryCount ?? 0);
  const recorded = new Map(
    (state.syncResult?.resources ?? [])
      .filter((result) => result.hookType !== undefined && stateOf(result) === 'running')
      .map((result) => [resourceKeyString(result), result.syncPhase ?? 'Sync'] as const),
  );
  return [...live].flatMap(([id, object]): readonly SyncTask[] => {
    const isMarked = object.metadata.annotations?.[HOOK_OPERATION_ANNOTATION] === mark;
    const phase = recorded.get(id) ?? (isMarked ? syncPhasesOf(object)[0] : undefined);
    return phase === undefined ? [] : [hookTask(object, phase)];
  });
}

function hookTask(object: KubernetesObject, phase: SyncPhase): SyncTask {
  return {
    ...{ key: resourceKeyOf(object), version: versionOf(object.apiVersion), phase, wave: syncWaveOf(object) },
    ...{ kind: 'apply', object, live: object, options: parseSyncOptions([], object) },
    hookType: HOOK_TYPES.find((type) => type === phase),
    hookDeletePolicies: hookDeletePoliciesOf(object),
    ...{ changed: true, unchangedResult: undefined, awaitsConfirmation: false, beforeDryRun: false },
    ...{ skipDryRun: true, sharedWith: undefined, dryRunOnly: false },
  };
}
