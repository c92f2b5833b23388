/** How an application is named: in access rules, and by the project and namespace of a request. */
import { type Application, DEFAULT_PROJECT } from '@tiphys/model';

/** An empty project is the project `default`. */
export function projectOf(application: Pick<Application, 'spec'>): string {
  return application.spec.project || DEFAULT_PROJECT;
}

/** `project/name`, or `project/namespace/name` outside the control-plane namespace (A31, F03). */
export function accessNameOf(
  application: Pick<Application, 'metadata' | 'spec'>,
  controlPlaneNamespace: string,
): string {
  const { name = '', namespace = controlPlaneNamespace } = application.metadata;
  const project = projectOf(application);
  return namespace === controlPlaneNamespace ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}
