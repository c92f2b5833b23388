/** What is shown of the connection to a cluster (H06, G15). Pure. */
import type { ClusterBody } from '@tiphys/api-contract';
import type { ClusterInfo } from '@tiphys/model';
import type { ClusterCheck } from './connection.js';

export interface ClusterFacts {
  /** Of this API server, when somebody registered the cluster or asked for it. */
  readonly check: ClusterCheck | undefined;
  /** Of the controller, which watches clusters that applications need. */
  readonly seen: ClusterInfo | undefined;
  readonly applicationsCount: number;
}

export interface ShownState {
  readonly connectionState: NonNullable<ClusterBody['connectionState']>;
  readonly serverVersion: string | undefined;
}

/** The controller knows best, unless somebody asked the cluster after it last tried. */
export function clusterState({ check, seen, applicationsCount }: ClusterFacts): ShownState {
  if (seen !== undefined && seen.status !== 'Unknown' && !isNewer(check, seen)) {
    const { status, message, attemptedAt } = seen;
    const serverVersion = shortVersion(seen.kubeVersion) ?? check?.serverVersion;
    return { connectionState: { status, message, attemptedAt }, serverVersion };
  }
  if (check !== undefined) {
    const { status, message, attemptedAt, serverVersion } = check;
    return { connectionState: { status, message, attemptedAt }, serverVersion };
  }
  return { connectionState: { status: 'Unknown', message: whyUnknown(applicationsCount) }, serverVersion: undefined };
}

/** A check that failed after the controller began to watch says more than the watch, which may not have noticed yet. */
function isNewer(check: ClusterCheck | undefined, seen: ClusterInfo): boolean {
  return check?.status === 'Failed' && Date.parse(check.attemptedAt) > Date.parse(seen.attemptedAt);
}

function whyUnknown(applicationsCount: number): string {
  return applicationsCount === 0
    ? 'Cluster has no applications and is not being monitored.'
    : 'The controller has not told of the cluster lately: check that it runs, or invalidate the cache of the cluster to ask it now.';
}

/** `1.36`, as Argo CD shows it. */
function shortVersion(kubeVersion: string): string | undefined {
  return /^v(\d+\.\d+)/.exec(kubeVersion)?.[1];
}
