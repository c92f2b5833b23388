/** Orphaned resources (C18): what lies in an application's namespace and belongs to no application. */
import {
  type ApplicationCondition,
  type AppProject,
  matchesGlob,
  type ResourceKey,
  resourceKeyString,
} from '@tiphys/model';
import { isResourcePermitted } from '../project/resource-permission.js';
import type { TreeObject } from './build-tree.js';

export interface OrphanQuestion<T extends OrphanCandidate> {
  readonly project: AppProject;
  /** Everything in the destination namespace of the application. */
  readonly resources: readonly T[];
  /** Keys of the application's own resources, live or in Git. */
  readonly managed: readonly ResourceKey[];
  readonly destination: { readonly server: string; readonly name: string };
  /** True for the instance name of an application that exists. */
  readonly isApplication: (instance: string) => boolean;
}

export interface OrphanCandidate extends Pick<TreeObject, 'key' | 'ownerReferences'> {
  /** Instance name in the tracking mark of the object, if any. */
  readonly trackedBy: string | undefined;
}

/** The top-level orphans; what they own belongs to them. Undefined when the project does not look for orphans. */
export function findOrphans<T extends OrphanCandidate>(question: OrphanQuestion<T>): readonly T[] | undefined {
  const { project, resources, managed, isApplication } = question;
  if (project.spec.orphanedResources === undefined) return undefined;
  const known = new Set(managed.map(resourceKeyString));
  return resources.filter(({ key, ownerReferences, trackedBy }) => {
    if (ownerReferences.length > 0 || known.has(resourceKeyString(key)) || key.namespace === '') return false;
    if (trackedBy !== undefined && isApplication(trackedBy)) return false;
    return isLookedFor(key, question);
  });
}

/** Made by Kubernetes itself in every namespace. */
const BUILT_IN: readonly (Pick<ResourceKey, 'kind' | 'name'> & Partial<ResourceKey>)[] = [
  { kind: 'Service', name: 'kubernetes', namespace: 'default' },
  { kind: 'ServiceAccount', name: 'default' },
  { kind: 'ConfigMap', name: 'kube-root-ca.crt' },
];

function isLookedFor(
  key: ResourceKey,
  { project, destination }: Pick<OrphanQuestion<never>, 'project' | 'destination'>,
): boolean {
  const isBuiltIn = BUILT_IN.some(
    ({ kind, name, namespace = key.namespace }) =>
      key.group === '' && key.kind === kind && key.name === name && key.namespace === namespace,
  );
  if (isBuiltIn) return false;
  const place = { ...destination, namespace: key.namespace };
  if (!isResourcePermitted(project, { key, clusterScoped: false, destination: place })) return false;
  const { ignore = [] } = project.spec.orphanedResources ?? {};
  return !ignore.some(({ group = '', kind = '', name = '' }) => {
    const named = (pattern: string, text: string) => pattern === '' || matchesGlob(pattern, text);
    return named(kind, key.kind) && matchesGlob(group, key.group) && named(name, key.name);
  });
}

/** Argo CD's warning, unless the project says `warn: false`. `count`: what orphans own included. */
export function orphanWarning(
  project: AppProject,
  count: number,
): Pick<ApplicationCondition, 'type' | 'message'> | undefined {
  if (count === 0 || project.spec.orphanedResources?.warn === false) return undefined;
  return { type: 'OrphanedResourceWarning', message: `Application has ${count} orphaned resources` };
}
