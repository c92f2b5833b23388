/** Is the specification usable and permitted by its project? Checked again here, whatever the API server let through. */
import { checkApplicationAgainstProject } from '@tiphys/gitops-engine';
import { type Application, type ApplicationCondition, DEFAULT_PROJECT } from '@tiphys/model';
import type { Clusters, ProjectReader } from '../ports.js';

export interface CheckDeps {
  /** The control-plane namespace. */
  readonly namespace: string;
  readonly projects: ProjectReader;
  readonly clusters: Pick<Clusters, 'identify'>;
  /** Repositories whose Secret names the project (F07). */
  readonly projectRepositories: (project: string) => readonly string[];
}

export function checkSpec(app: Application, deps: CheckDeps): readonly ApplicationCondition[] {
  const name = app.spec.project === '' ? DEFAULT_PROJECT : app.spec.project;
  const project = deps.projects.get(name);
  if (project === undefined) {
    const message = `application references project ${name} which does not exist; create the AppProject or set spec.project to an existing one`;
    return [{ type: 'InvalidSpecError', message }];
  }
  const known = deps.clusters.identify(app.spec.destination);
  const { server, name: clusterName, namespace = '' } = app.spec.destination;
  const destination = { server: known?.server ?? server, name: known?.name ?? clusterName, namespace };
  return checkApplicationAgainstProject(app, project, {
    destination,
    projectRepositories: deps.projectRepositories(name),
    controlPlaneNamespace: deps.namespace,
  });
}
