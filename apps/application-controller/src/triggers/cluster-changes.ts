/** Live changes to refresh keys: a managed object asks for a comparison, anything below it only for a new tree. */
import type { ClusterChange } from '@tiphys/cluster';
import { type AppKey, appKey, COMPARE_LEVELS } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';

/** `<namespace>_<name>` to its key; a plain name belongs to the control-plane namespace (A31). */
export function keyOfInstance(instance: string, controlPlaneNamespace: string): AppKey {
  const separator = instance.indexOf('_');
  return separator < 0
    ? appKey(controlPlaneNamespace, instance)
    : appKey(instance.slice(0, separator), instance.slice(separator + 1));
}

export function refreshesFor(change: ClusterChange, controlPlaneNamespace: string): readonly Enqueue[] {
  return change.instances.map(({ instance, managed }) => ({
    key: keyOfInstance(instance, controlPlaneNamespace),
    priority: managed ? 'selfHeal' : 'dependency',
    request: { level: COMPARE_LEVELS.indexOf(managed ? 'recent' : 'nothing'), hardness: 0, since: 0 },
  }));
}
