/** Live changes to refresh keys: a managed object asks for a comparison, anything below it only for a new tree. */
import type { ClusterChange } from '@tiphys/cluster';
import { equalJson, type IgnoreRules, isIgnoredUpdate, type NodeSummary } from '@tiphys/gitops-engine';
import { type AppKey, appKey, COMPARE_LEVELS } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';

/** `<namespace>_<name>` to its key; a plain name belongs to the control-plane namespace (A31). */
export function keyOfInstance(instance: string, controlPlaneNamespace: string): AppKey {
  const separator = instance.indexOf('_');
  return separator < 0
    ? appKey(controlPlaneNamespace, instance)
    : appKey(instance.slice(0, separator), instance.slice(separator + 1));
}

/**
 * True when a managed object changed in nothing but fields that `ignoreResourceUpdates` names, and is as healthy as before:
 * no comparison, and no operation that waits for it, would see anything else (C19).
 */
export function isIgnoredChange({ current, previous }: ClusterChange<NodeSummary>, rules: IgnoreRules): boolean {
  if (current?.object === undefined || previous?.object === undefined || current.uid !== previous.uid) return false;
  if (!equalJson(current.summary, previous.summary) || current.trackedBy !== previous.trackedBy) return false;
  return isIgnoredUpdate(previous.object, current.object, rules);
}

export function refreshesFor(change: ClusterChange, controlPlaneNamespace: string): readonly Enqueue[] {
  return change.instances.map(({ instance, managed }) => ({
    key: keyOfInstance(instance, controlPlaneNamespace),
    priority: managed ? 'selfHeal' : 'dependency',
    request: { level: COMPARE_LEVELS.indexOf(managed ? 'recent' : 'nothing'), hardness: 0, since: 0 },
  }));
}
