/** What is shown of a cluster (H06, G15). Pure. */
import type { ClusterCache } from '@tiphys/cluster';
import type { NodeSummary } from '@tiphys/gitops-engine';
import { redact } from '@tiphys/model';
import type { ClusterIdentity, ClusterState, DestinationCluster } from '../ports.js';

export interface Failure {
  readonly message: string;
  /** Unix ms. */
  readonly at: number;
}

export interface Attempt {
  readonly startedAt: number;
  readonly ready: DestinationCluster | undefined;
  readonly syncedAt: number | undefined;
}

const LISTED = 3;

/** The failure of the last try stays until a try succeeds. */
export function clusterState(
  { server, name, skipReconcile }: ClusterIdentity,
  attempt: Attempt | undefined,
  failure: Failure | undefined,
): ClusterState {
  const cache = attempt?.ready?.cache;
  return {
    ...{ server, name, cache, syncedAt: attempt?.syncedAt },
    ...(skipReconcile === undefined ? {} : { skipReconcile }),
    kubeVersion: cache?.discovery.kubeVersion ?? '',
    attemptedAt: attempt?.startedAt ?? failure?.at,
    ...(cache === undefined ? unreached(failure) : readability(cache)),
  };
}

type Verdict = Pick<ClusterState, 'status' | 'message'>;

function unreached(failure: Failure | undefined): Verdict {
  return failure === undefined
    ? { status: 'Unknown', message: '' }
    : { status: 'Failed', message: redact(failure.message) };
}

function readability(cache: ClusterCache<NodeSummary>): Verdict {
  const unreadable = cache.unreadable();
  if (unreadable.size === 0) return { status: 'Successful', message: '' };
  const [reason = ''] = unreadable.values();
  if (unreadable.size >= cache.stats.watches) return { status: 'Failed', message: redact(reason) };
  const kinds = [...unreadable.keys()].slice(0, LISTED).join(', ');
  const more = unreadable.size > LISTED ? ` and ${unreadable.size - LISTED} more` : '';
  return { status: 'Degraded', message: redact(`${kinds}${more} cannot be read: ${reason}`) };
}
