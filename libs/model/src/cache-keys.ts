/** Keys of the values that one service writes and another reads from the cache (all JSON, all authenticated). */

/** `ApplicationTree` of one application, written by the controller, read by the API server. */
export function resourceTreeCacheKey(instanceName: string): string {
  return `app:tree:${instanceName}`;
}

/** `ManagedResourceView[]` (Argo CD's ResourceDiff shape, secrets masked), written by the controller. */
export function managedResourcesCacheKey(instanceName: string): string {
  return `app:managed:${instanceName}`;
}

/** Redis channel on which the controller announces that an application's tree or managed resources changed. */
export const TREE_CHANGED_CHANNEL = 'app:changed';

/** Names of the BullMQ queues; the key of every job is an AppKey. */
export const QUEUES = { refresh: 'app-refresh', operation: 'app-operation' } as const;

/** Tracking name of an application: its name, or `<namespace>_<name>` outside the control-plane namespace (A31). */
export function instanceNameOf(
  application: { readonly namespace: string; readonly name: string },
  controlPlaneNamespace: string,
): string {
  return application.namespace === controlPlaneNamespace
    ? application.name
    : `${application.namespace}_${application.name}`;
}
