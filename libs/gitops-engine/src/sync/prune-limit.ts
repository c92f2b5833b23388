/** The blast-radius guard (design 9): how much an automatic prune may delete without a confirmation. */
import { ANNOTATIONS, type Application } from '@tiphys/model';
import type { ManagedResource } from '../compare/types.js';
import { isHook, isSkipped } from './hooks.js';
import { parseSyncOptions } from './sync-options.js';

const DEFAULT_SHARE = 0.5;
const DEFAULT_COUNT = 10;

export interface PruneVerdict {
  readonly exceeded: boolean;
  readonly pruned: number;
  readonly live: number;
  /** The limit in words, for messages. */
  readonly limit: string;
}

/** Resources that a sync with prune would delete. */
export function prunableResources(
  resources: readonly ManagedResource[],
  syncOptions: readonly string[],
): readonly ManagedResource[] {
  return resources.filter(({ requiresPruning, unreadable, live, hooks }) => {
    if (!requiresPruning || unreadable || live === undefined || hooks.length > 0) return false;
    if (isHook(live) || isSkipped(live)) return false;
    return parseSyncOptions(syncOptions, live).prune !== false;
  });
}

/**
 * Compares the objects that would be deleted with the limit of the `tiphys.dev/prune-limit` annotation: a share of the
 * live objects (`50%`) or a number. Without one, or when it cannot be read: more than 50 % and more than 10 objects.
 */
export function checkPruneLimit(
  app: Application,
  resources: readonly ManagedResource[],
  syncOptions: readonly string[],
): PruneVerdict {
  const pruned = prunableResources(resources, syncOptions).length;
  const live = resources.filter((resource) => resource.live !== undefined && resource.hooks.length === 0).length;
  const text = app.metadata.annotations?.[ANNOTATIONS.pruneLimit]?.trim() ?? '';
  const percent = /^(\d{1,3})\s*%$/.exec(text)?.[1];
  if (percent !== undefined) return { exceeded: pruned * 100 > live * Number(percent), pruned, live, limit: text };
  if (/^\d{1,9}$/.test(text)) return { exceeded: pruned > Number(text), pruned, live, limit: `${text} objects` };
  const exceeded = pruned > DEFAULT_COUNT && pruned > live * DEFAULT_SHARE;
  return { exceeded, pruned, live, limit: '50% and more than 10 objects' };
}
