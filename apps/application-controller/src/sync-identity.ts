/** Writes of an application's resources as the service account of its project (D46); reads stay the controller's. */
import { syncIdentity } from '@tiphys/gitops-engine';
import { type Application, type AppProject, GitOpsError } from '@tiphys/model';
import type { ControllerSettings, DestinationCluster } from './ports.js';

export interface IdentityContext {
  readonly project: AppProject | undefined;
  readonly settings: Pick<ControllerSettings, 'impersonation'>;
  /** Namespace of the control plane. */
  readonly namespace: string;
}

/**
 * The cluster as the application may write to it.
 * @throws GitOpsError PermissionDenied when impersonation is on and the project names no usable service account.
 */
export function asSyncIdentity(
  cluster: DestinationCluster,
  app: Application,
  { project, settings, namespace }: IdentityContext,
): DestinationCluster {
  // Without its project nothing is written at all: that is refused where the tasks are checked.
  if (project === undefined) return cluster;
  const identity = syncIdentity({
    project,
    destination: { server: cluster.server, namespace: app.spec.destination.namespace ?? '' },
    applicationNamespace: app.metadata.namespace ?? namespace,
    settings: settings.impersonation,
  });
  if (identity.kind === 'controller') return cluster;
  if (identity.kind === 'refused') throw new GitOpsError('PermissionDenied', identity.message);
  return { ...cluster, cache: { ...cluster.cache, client: cluster.cache.client.as(identity.user) } };
}
