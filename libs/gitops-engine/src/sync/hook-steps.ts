/** Hook objects around their run (D05, D06): old ones out of the way, completed ones released or deleted. */
import { FINALIZERS, type KubernetesObject } from '@tiphys/model';
import { waitMessage } from './sync-messages.js';
import { liveOf, type SeenTask } from './task-results.js';
import type { SyncProgress, SyncStep, SyncTask } from './types.js';

/** Those of the hooks whose object is there and not already on its way out. A deletion that failed is not tried again. */
export function hooksToDelete(hooks: readonly SeenTask[], progress: SyncProgress): readonly SyncTask[] {
  return hooks
    .filter(({ task, result }) => result?.hookPhase !== 'Error' && isDeletable(liveOf(task, progress)))
    .map(({ task }) => task);
}

/** Completed hooks that still carry our finalizer. */
export function hooksToRelease(hooks: readonly SeenTask[], progress: SyncProgress): readonly SyncTask[] {
  return hooks
    .filter(({ task, state }) => task.hookType !== undefined && (state === 'succeeded' || state === 'failed'))
    .filter(({ task, result }) => result?.hookPhase !== 'Error' && isHeld(liveOf(task, progress)))
    .map(({ task }) => task);
}

/** Objects of an earlier sync: deleted before creation, and awaited until they are gone. `undefined`: none in the way. */
export function oldHooksStep(batch: readonly SyncTask[], progress: SyncProgress): SyncStep | undefined {
  const inTheWay = batch.filter(
    (task) => task.hookDeletePolicies.includes('BeforeHookCreation') && liveOf(task, progress) !== undefined,
  );
  if (inTheWay.length === 0) return undefined;
  const deletable = inTheWay.filter((task) => isDeletable(liveOf(task, progress)));
  if (deletable.length > 0) return { kind: 'deleteHooks', tasks: deletable };
  return { kind: 'wait', reason: waitMessage(inTheWay, 'deletion'), tasks: inTheWay };
}

function isDeletable(live: KubernetesObject | undefined): boolean {
  return live !== undefined && (live.metadata.deletionTimestamp === undefined || isHeld(live));
}

function isHeld(live: KubernetesObject | undefined): boolean {
  return live?.metadata.finalizers?.includes(FINALIZERS.hook) === true;
}
