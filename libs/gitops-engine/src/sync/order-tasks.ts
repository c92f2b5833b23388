/** Where tasks stand: prune waves swapped and moved last (D14, D15), dependencies before what needs them, then the sort (D10). */
import { SYNC_PHASES } from '@tiphys/model';
import { textAt } from '../health/fields.js';
import { kindOrder } from './kind-order.js';
import type { SyncTask } from './types.js';

/** Order of execution: phase, wave, kind, namespace and name. Stable and total, so that a resumed plan is the same. */
export function sortTasks(tasks: readonly SyncTask[]): readonly SyncTask[] {
  return [...tasks].sort(compareTasks);
}

export function compareTasks(a: SyncTask, b: SyncTask): number {
  return (
    compareSteps(a, b) ||
    kindOrder(a.key.kind) - kindOrder(b.key.kind) ||
    compareText(a.key.kind, b.key.kind) ||
    compareText(a.key.name, b.key.name) ||
    compareText(a.key.namespace, b.key.namespace) ||
    compareText(a.key.group, b.key.group)
  );
}

/** Order of the (phase, wave) steps that two tasks belong to. */
export function compareSteps(a: Pick<SyncTask, 'phase' | 'wave'>, b: Pick<SyncTask, 'phase' | 'wave'>): number {
  return SYNC_PHASES.indexOf(a.phase) - SYNC_PHASES.indexOf(b.phase) || a.wave - b.wave;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Prunes run in reverse order of their waves, by swapping first with last (D14); PruneLast after everything (D15). */
export function placePrunes(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const isPrune = (task: SyncTask) => task.kind === 'prune';
  const waves = [...new Set(tasks.filter(isPrune).map((task) => task.wave))].sort((a, b) => a - b);
  const swapped = tasks.map((task) => (isPrune(task) ? { ...task, wave: mirrored(waves, task.wave) } : task));
  const last = Math.max(0, ...swapped.filter((task) => task.phase === 'Sync').map((task) => task.wave)) + 1;
  return swapped.map((task) => (isPrune(task) && task.options.pruneLast ? { ...task, wave: last } : task));
}

function mirrored(waves: readonly number[], wave: number): number {
  return waves[waves.length - 1 - waves.indexOf(wave)] ?? wave;
}

/**
 * A namespace or a CRD is needed by what lives in it or is of its kind: it moves to the phase and wave of the first
 * task that needs it, when that one comes earlier.
 */
export function bringDependenciesForward(sorted: readonly SyncTask[]): readonly SyncTask[] {
  const firstUser = new Map<string, SyncTask>();
  for (const task of sorted) {
    for (const need of task.kind === 'apply' ? needsOf(task) : []) {
      if (!firstUser.has(need)) firstUser.set(need, task);
    }
  }
  return sorted.map((task) => {
    const provided = task.kind === 'apply' ? providedBy(task) : undefined;
    const user = provided === undefined ? undefined : firstUser.get(provided);
    if (user === undefined || compareSteps(task, user) <= 0) return task;
    return { ...task, phase: user.phase, wave: user.wave };
  });
}

/** Name of what a task makes available to others: `namespace:<name>` or `kind:<group>/<kind>`. */
export function providedBy(task: SyncTask): string | undefined {
  const { group, kind, name } = task.key;
  if (group === '' && kind === 'Namespace') return `namespace:${name}`;
  return isCustomResourceDefinition(task) ? `kind:${definedKind(task)}` : undefined;
}

export function needsOf(task: SyncTask): readonly string[] {
  const { group, kind, namespace } = task.key;
  return [...(namespace === '' ? [] : [`namespace:${namespace}`]), `kind:${group}/${kind}`];
}

export function isCustomResourceDefinition({ key }: Pick<SyncTask, 'key'>): boolean {
  return key.group === 'apiextensions.k8s.io' && key.kind === 'CustomResourceDefinition';
}

function definedKind({ object }: SyncTask): string {
  return `${textAt(object, 'spec', 'group') ?? ''}/${textAt(object, 'spec', 'names', 'kind') ?? ''}`;
}
