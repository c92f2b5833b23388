/** Which tasks of an apply step may run in parallel. */
import type { SyncTask } from './types.js';

/** Groups to be run one after the other: all prunes, then the applies kind by kind; inside a group the order is free. */
export function applyGroups(tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] {
  const groups: SyncTask[][] = [];
  let previous: string | undefined;
  for (const task of tasks) {
    const label = task.kind === 'prune' ? 'prune' : `apply ${task.key.group}/${task.key.kind}`;
    if (label === previous) groups.at(-1)?.push(task);
    else groups.push([task]);
    previous = label;
  }
  return groups;
}
