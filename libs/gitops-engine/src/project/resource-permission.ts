/** Which kinds an application of a project may manage (F03). */
import { matchesGlob, type ResourceKey, type ResourceRestriction } from '@tiphys/model';
import { isDestinationPermitted, type ResolvedDestination } from './check-project.js';
import type { EffectiveProject } from './effective-project.js';

export interface PermissionQuery {
  /** Namespace is empty for cluster-scoped resources. */
  readonly key: ResourceKey;
  readonly clusterScoped: boolean;
  readonly destination: ResolvedDestination;
}

/**
 * Cluster-scoped kinds must be listed in `clusterResourceWhitelist`; namespaced kinds are permitted unless a
 * `namespaceResourceWhitelist` exists and does not list them. The blacklists win. A namespaced resource must also lie in
 * a namespace that the project's destinations permit.
 */
export function isResourcePermitted(project: EffectiveProject, query: PermissionQuery): boolean {
  const { key, clusterScoped, destination } = query;
  const { spec } = project;
  const listed = (rules: readonly ResourceRestriction[] | undefined) =>
    rules?.some((rule) => matches(rule, key)) === true;
  if (clusterScoped) return listed(spec.clusterResourceWhitelist) && !listed(spec.clusterResourceBlacklist);
  const isAllowed = spec.namespaceResourceWhitelist === undefined || listed(spec.namespaceResourceWhitelist);
  if (!isAllowed || listed(spec.namespaceResourceBlacklist)) return false;
  if (key.namespace === '') return true;
  return isDestinationPermitted(project, { ...destination, namespace: key.namespace });
}

function matches({ group, kind, name }: ResourceRestriction, key: ResourceKey): boolean {
  if (!matchesGlob(group, key.group) || !matchesGlob(kind, key.kind)) return false;
  return name === undefined || name === '' || matchesGlob(name, key.name);
}
