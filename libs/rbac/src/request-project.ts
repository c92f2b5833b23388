/** Objects of projects: how they are named, and to which project a request belongs. */
import { headOf } from './pattern.js';

export interface RbacRequest {
  readonly resource: string;
  readonly action: string;
  /** See {@link applicationObject} for what belongs to a project; the name for anything else. */
  readonly object: string;
}

/** Objects of a project: `<project>/<name>` in the control plane's namespace, `<project>/<namespace>/<name>` elsewhere (F16). */
export function applicationObject(
  application: { readonly project: string; readonly namespace: string; readonly name: string },
  controlPlaneNamespace: string,
): string {
  const { project, namespace, name } = application;
  return namespace === controlPlaneNamespace ? `${project}/${name}` : `${project}/${namespace}/${name}`;
}

const WITH_PROJECT: ReadonlySet<string> = new Set([
  'applications',
  'applicationsets',
  'clusters',
  'exec',
  'logs',
  'repositories',
]);

/** The project whose roles count for the request: the one that it names, or the one before the first `/` of the object. */
export function requestProject({ resource, object }: RbacRequest): string | undefined {
  if (resource === 'projects') return object;
  return WITH_PROJECT.has(resource) && object.includes('/') ? headOf(object) : undefined;
}

/** The project of `proj:<project>:<role>`; undefined for any other subject. */
export function projectOfSubject(subject: string): string | undefined {
  const parts = subject.split(':');
  return parts.length === 3 && parts[0] === 'proj' ? parts[1] : undefined;
}
