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

/** What the controller last saw of a cluster (H06, G15), for the API server. */
export interface ClusterInfo {
  readonly status: 'Successful' | 'Degraded' | 'Failed' | 'Unknown';
  /** Why it is not `Successful`. */
  readonly message: string;
  /** `gitVersion`; empty when it was never reached. */
  readonly kubeVersion: string;
  readonly resourcesCount: number;
  readonly apisCount: number;
  /** RFC 3339, of the last try to read the cluster. */
  readonly attemptedAt: string;
}

export function clusterInfoCacheKey(server: string): string {
  return `cluster:info:${server}`;
}
