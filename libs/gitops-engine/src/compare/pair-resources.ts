/** Pairs the targets with the live objects, and finds what is live without being in Git. */
import {
  groupKindString,
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyOf,
  resourceKeyString,
} from '@tiphys/model';
import { hookTypesOf, isHook } from '../sync/hooks.js';
import type { PreparedTarget } from './prepare-targets.js';
import { isTrackedBy } from './tracking.js';
import type { ComparisonInput } from './types.js';

export interface ResourcePair {
  readonly key: ResourceKey;
  readonly target: PreparedTarget | undefined;
  readonly live: KubernetesObject | undefined;
  /** The kind could not be read: what is live is not known. */
  readonly unreadable: boolean;
}

type Input = Pick<ComparisonInput, 'instanceName' | 'live' | 'unreadable' | 'settings'>;

/**
 * Sorted by group, kind, namespace and name. Live objects without a target count only when their tracking mark is their
 * own (A27) and nothing owns them: copies made by controllers are not the application's. Helm's test hooks are left out.
 */
export function pairResources(targets: readonly PreparedTarget[], input: Input): readonly ResourcePair[] {
  const isUnreadable = (key: ResourceKey) => input.unreadable.has(groupKindString(key));
  const paired = new Map<ResourceKeyString, ResourcePair>();
  for (const target of targets) {
    if (isIgnoredHook(target.object)) continue;
    const { key } = target;
    const id = resourceKeyString(key);
    paired.set(id, { key, target, live: input.live.get(id), unreadable: isUnreadable(key) });
  }
  const known = new Set(targets.map(({ key }) => resourceKeyString(key)));
  for (const [id, live] of input.live) {
    if (known.has(id) || !isExtraneous(live, input)) continue;
    const key = resourceKeyOf(live);
    paired.set(id, { key, target: undefined, live, unreadable: isUnreadable(key) });
  }
  return [...paired.values()].sort(byKey);
}

function isExtraneous(live: KubernetesObject, { instanceName, settings }: Input): boolean {
  const isOwned = (live.metadata.ownerReferences ?? []).length > 0;
  return !isOwned && !isIgnoredHook(live) && isTrackedBy(live, instanceName, settings);
}

/** Hooks that no phase runs (Helm's `test`): never applied, never compared. */
function isIgnoredHook(object: KubernetesObject): boolean {
  return isHook(object) && hookTypesOf(object).length === 0;
}

function byKey(a: ResourcePair, b: ResourcePair): number {
  return (
    compareText(a.key.group, b.key.group) ||
    compareText(a.key.kind, b.key.kind) ||
    compareText(a.key.namespace, b.key.namespace) ||
    compareText(a.key.name, b.key.name)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
