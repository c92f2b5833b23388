/** Results of single tasks: making them, reading a task's state from them, and observing what runs. */
import type { HealthStatus, KubernetesObject, OperationPhase, ResourceSyncResult, ResultCode } from '@tiphys/model';
import { resourceKeyString } from '@tiphys/model';
import { assessHealth } from '../health/assess-health.js';
import { imagesOf } from '../tree/images.js';
import { HOOK_OPERATION_ANNOTATION } from './plan-sync.js';
import type { SyncProgress, SyncResultKey, SyncTask } from './types.js';

export type TaskState = 'pending' | 'running' | 'succeeded' | 'failed';

/** A task with its result as observed now. */
export interface SeenTask {
  readonly task: SyncTask;
  readonly result: ResourceSyncResult | undefined;
  readonly state: TaskState;
}

export function syncResultKey(task: Pick<SyncTask, 'phase' | 'key'>): SyncResultKey {
  return `${task.phase}/${resourceKeyString(task.key)}`;
}

const PHASES: Readonly<Record<ResultCode, OperationPhase>> = {
  Synced: 'Running',
  SyncFailed: 'Failed',
  Pruned: 'Succeeded',
  PruneSkipped: 'Succeeded',
};

/** The result of a task that was just done. What was written runs until it is seen healthy. */
export function resultOf(task: SyncTask, code: ResultCode, message: string): ResourceSyncResult {
  const images = imagesOf(task.object);
  return {
    group: task.key.group,
    version: task.version,
    kind: task.key.kind,
    namespace: task.key.namespace,
    name: task.key.name,
    status: code,
    message,
    ...(task.hookType === undefined ? {} : { hookType: task.hookType }),
    hookPhase: PHASES[code],
    syncPhase: task.phase,
    ...(images.length === 0 ? {} : { images: [...images] }),
  };
}

/** A refusal before anything was written (dry run): it has no phase. */
export function dryRunFailure(task: SyncTask, message: string): ResourceSyncResult {
  const { hookPhase: _, ...result } = resultOf(task, 'SyncFailed', message);
  return result;
}

export function isDryRunFailure(result: ResourceSyncResult): boolean {
  return result.status === 'SyncFailed' && result.hookPhase === undefined;
}

export function stateOf(result: ResourceSyncResult | undefined): TaskState {
  if (result === undefined) return 'pending';
  if (result.status === 'SyncFailed') return 'failed';
  switch (result.hookPhase) {
    case 'Failed':
    case 'Error':
      return 'failed';
    case 'Succeeded':
      return 'succeeded';
    default:
      return 'running';
  }
}

export function liveOf(task: SyncTask, progress: SyncProgress): KubernetesObject | undefined {
  return progress.live.get(resourceKeyString(task.key));
}

/** The recorded result, brought up to date with what live state shows; `undefined`: the task has not run. */
export function observedResult(task: SyncTask, progress: SyncProgress): ResourceSyncResult | undefined {
  const known = progress.results.get(syncResultKey(task)) ?? impliedResult(task, progress);
  if (known === undefined || stateOf(known) !== 'running') return known;
  const live = liveOf(task, progress);
  if (live === undefined) return missing(task, known);
  const health = assessHealth(live, progress.healthOverrides);
  const phase = task.hookType === undefined ? resourcePhase(health) : hookPhase(health);
  if (phase === 'Running') return known;
  return { ...known, hookPhase: phase, message: health?.message ?? known.message ?? '' };
}

/** A task that needs no write, or a hook that this very attempt wrote before its worker died (R6). */
function impliedResult(task: SyncTask, progress: SyncProgress): ResourceSyncResult | undefined {
  if (!task.changed) {
    const { code, message } = task.unchangedResult ?? { code: 'Synced', message: '' };
    return resultOf(task, code, message);
  }
  const mark = task.object.metadata.annotations?.[HOOK_OPERATION_ANNOTATION];
  if (task.hookType === undefined || mark === undefined) return undefined;
  const created = liveOf(task, progress)?.metadata.annotations?.[HOOK_OPERATION_ANNOTATION] === mark;
  return created ? resultOf(task, 'Synced', `${task.key.name} created`) : undefined;
}

function missing(task: SyncTask, known: ResourceSyncResult): ResourceSyncResult {
  const { group, kind, name } = task.key;
  const message = `Resource ${group}/${kind}/${name} is missing, it might have been deleted`;
  return { ...known, status: 'SyncFailed', hookPhase: 'Error', message };
}

/** A resource in a wave: only Healthy lets go on and only Degraded fails (D12). */
function resourcePhase(health: HealthStatus | undefined): OperationPhase {
  if (health === undefined || health.status === 'Healthy') return 'Succeeded';
  return health.status === 'Degraded' ? 'Failed' : 'Running';
}

/** A hook must come to an end. */
function hookPhase(health: HealthStatus | undefined): OperationPhase {
  switch (health?.status) {
    case undefined:
    case 'Healthy':
      return 'Succeeded';
    case 'Degraded':
    case 'Unknown':
      return 'Failed';
    default:
      return 'Running';
  }
}
