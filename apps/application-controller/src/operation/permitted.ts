/** Project rules on resources, enforced again where they matter: just before the cluster is written (F03). */
import { isResourcePermitted, type SyncTask } from '@tiphys/gitops-engine';
import { type Application, type AppProject, GitOpsError } from '@tiphys/model';
import type { DestinationCluster } from '../ports.js';

export interface PermissionContext {
  readonly app: Application;
  readonly project: AppProject | undefined;
  readonly cluster: DestinationCluster;
}

/** @throws GitOpsError PermissionDenied naming every resource that the project forbids; nothing is applied then. */
export function assertPermitted(tasks: readonly SyncTask[], { app, project, cluster }: PermissionContext): void {
  const refused = tasks.filter(({ key }) => {
    const destination = { server: cluster.server, name: cluster.name, namespace: key.namespace };
    return (
      project === undefined || !isResourcePermitted(project, { key, clusterScoped: key.namespace === '', destination })
    );
  });
  if (refused.length === 0) return;
  const names = refused.map(
    ({ key }) => `${key.group}/${key.kind} ${key.namespace === '' ? '' : `${key.namespace}/`}${key.name}`,
  );
  throw new GitOpsError(
    'PermissionDenied',
    `project ${app.spec.project} does not permit ${names.join(', ')}; allow them in the AppProject or remove them from Git`,
  );
}
