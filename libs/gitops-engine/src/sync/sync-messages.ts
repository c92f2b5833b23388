/** Messages of a sync, the same texts as Argo CD's, because people and scripts look for them. */
import type { SyncTask } from './types.js';

export const SYNC_MESSAGES = {
  allTasksRun: 'successfully synced (all tasks run)',
  noMoreTasks: 'successfully synced (no more tasks)',
  dryRunFailed: 'one or more objects failed to apply (dry run)',
  applyFailed: 'one or more objects failed to apply',
  tasksFailed: 'one or more synchronization tasks completed unsuccessfully',
  syncFailHooksFailed: 'one or more SyncFail hooks failed',
  terminated: 'Operation terminated',
  hookTerminated: 'Terminated',
  unchanged: 'unchanged',
  pruned: 'pruned',
  requiresPruning: 'ignored (requires pruning)',
  noPrune: 'ignored (no prune)',
  foreignPrune: 'ignored (tracked by another application)',
} as const;

/** `<message>, reason: <a>,<b>`; the message alone when there is no reason. Equal reasons are named once. */
export function withReasons(message: string, reasons: readonly string[]): string {
  const unique = [...new Set(reasons.filter((reason) => reason !== ''))];
  return unique.length === 0 ? message : `${message}, reason: ${unique.join(',')}`;
}

/** `waiting for healthy state of apps/Deployment/web and 2 more resources`. */
export function waitMessage(tasks: readonly SyncTask[], forWhat: 'completion' | 'deletion'): string {
  const hooks = tasks.filter((task) => task.hookType !== undefined);
  const [first] = hooks.length > 0 ? hooks : tasks;
  if (first === undefined) return 'waiting';
  const noun = hooks.length === tasks.length ? 'hooks' : 'resources';
  const { group, kind, name } = first.key;
  const more = tasks.length > 1 ? ` and ${tasks.length - 1} more ${noun}` : '';
  return `waiting for ${waitReason(hooks.length > 0, forWhat)} ${group}/${kind}/${name}${more}`;
}

function waitReason(hasHooks: boolean, forWhat: 'completion' | 'deletion'): string {
  if (forWhat === 'deletion') return hasHooks ? 'deletion of hook' : 'deletion of';
  return hasHooks ? 'completion of hook' : 'healthy state of';
}

export function confirmationMessage(tasks: readonly SyncTask[]): string {
  const [first] = tasks;
  const name = first === undefined ? '' : `${first.object.apiVersion}/${first.key.kind}/${first.key.name}`;
  const more = tasks.length > 1 ? ` and ${tasks.length - 1} more resources` : '';
  return `Waiting for pruning confirmation of ${name}${more}`;
}

/** What was done with an object, as kubectl says it: `deployment.apps/web configured`. */
export function applyMessage({ key }: Pick<SyncTask, 'key'>, done: string): string {
  const { group, kind, name } = key;
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name} ${done}`;
}

/** D28 */
export function sharedMessage(tasks: readonly SyncTask[]): string {
  const names = tasks.map(({ key, sharedWith }) => {
    return `${key.kind}/${key.name} is part of application ${sharedWith ?? ''}`;
  });
  return `Shared resource found: ${names.join(', ')}`;
}
