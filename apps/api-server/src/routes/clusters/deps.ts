/** What the cluster handlers work with, and who may act on which cluster (H01, F18). */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { KubeClient } from '@tiphys/cluster';
import type { AccessAction, KubernetesObject } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Cluster } from '@tiphys/settings';
import type { ApplicationStore } from '../../applications/store.js';
import { type Authorizer, scopedObject } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { LiveSettings } from '../../kube/config-objects.js';

export interface ClusterDeps {
  readonly namespace: string;
  /** Of the control plane's cluster. */
  readonly kube: KubeClient;
  readonly settings: Pick<LiveSettings, 'clusters'>;
  readonly observe: (kind: 'secrets', object: KubernetesObject) => void;
  readonly store: Pick<ApplicationStore, 'list'>;
  readonly cache: Pick<AuthenticatedCache, 'getJson' | 'setJson'>;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ClusterAddress {
  readonly id: string;
  /** `name`, `name_escaped`; anything else: `id` is the server's URL. */
  readonly type: string | undefined;
}

export interface ClusterAccess {
  readonly action: AccessAction;
  readonly server: string;
  readonly project: string | undefined;
}

export function mayUse({ authorizer }: ClusterDeps, user: Subject, access: ClusterAccess): boolean {
  const { action, server, project } = access;
  return authorizer(user, { resource: 'clusters', action, object: scopedObject(project, server) });
}

/** Throws `permissionDenied` in the same words as for a cluster that does not exist: nobody learns which ones do. */
export function requireUse(deps: ClusterDeps, user: Subject, access: ClusterAccess): void {
  if (!mayUse(deps, user, access)) throw new ApiError('permissionDenied', 'permission denied');
}

/** Throws `permissionDenied` for a cluster that is not there, too. */
export function findForUse(
  deps: ClusterDeps,
  user: Subject,
  { action, ...address }: ClusterAddress & Pick<ClusterAccess, 'action'>,
): Cluster {
  const matches = matcherOf(address);
  const cluster = deps.settings.clusters().find(matches);
  if (cluster === undefined) throw new ApiError('permissionDenied', 'permission denied');
  requireUse(deps, user, { action, server: cluster.server, project: cluster.project });
  return cluster;
}

export function matcherOf({ id, type }: ClusterAddress): (cluster: Cluster) => boolean {
  if (type === 'name') return ({ name }) => name === id;
  if (type === 'name_escaped') return ({ name }) => name === unescaped(id);
  return ({ server }) => server === id.replace(/\/+$/, '');
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new ApiError('invalidArgument', `failed to unescape cluster name: "${text}" is not URL-escaped`);
  }
}
