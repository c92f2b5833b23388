/** What a plan itself brings that a dry run cannot know yet: namespaces and kinds that are still missing (D17, D21). */
import { needsOf, providedBy } from './order-tasks.js';
import type { SyncTask } from './types.js';

/** A test for tasks whose namespace or custom resource definition is created by the same plan. */
export function missingPrerequisites(tasks: readonly SyncTask[]): (task: SyncTask) => boolean {
  const coming = new Set(
    tasks.filter((task) => task.kind === 'apply' && task.live === undefined && !task.beforeDryRun).map(providedBy),
  );
  return (task) => task.kind === 'apply' && needsOf(task).some((need) => coming.has(need));
}
