/** The orphaned resources of an application as its project asks for them (C18). */
import type { CachedResource } from '@tiphys/cluster';
import { findOrphans, type NodeSummary, orphanWarning } from '@tiphys/gitops-engine';
import type { Application, ApplicationCondition, ResourceKey } from '@tiphys/model';
import { instanceOf } from '../identity.js';
import type { ApplicationStore, DestinationCluster, ProjectReader } from '../ports.js';

export interface OrphanDeps {
  readonly applications: Pick<ApplicationStore, 'list'>;
  readonly projects: ProjectReader;
  readonly namespace: string;
}

export interface Orphans {
  /** With all that they own; undefined when the project does not look for orphans. */
  readonly nodes: readonly CachedResource<NodeSummary>[] | undefined;
  readonly conditions: readonly Pick<ApplicationCondition, 'type' | 'message'>[];
}

const NONE: Orphans = { nodes: undefined, conditions: [] };

/** `managed`: keys of what the application has in Git or live. */
export function orphansOf(
  deps: OrphanDeps,
  app: Application,
  { cluster, managed }: { readonly cluster: DestinationCluster; readonly managed: readonly ResourceKey[] },
): Orphans {
  const project = deps.projects.get(app.spec.project);
  const { namespace = '' } = app.spec.destination;
  if (project?.spec.orphanedResources === undefined || namespace === '') return NONE;
  const instances = new Set(deps.applications.list().map((other) => instanceOf(other, deps.namespace)));
  const { server, name, cache } = cluster;
  const roots = findOrphans({
    ...{ project, managed, resources: cache.resourcesIn(namespace), destination: { server, name } },
    isApplication: (instance) => instances.has(instance),
  });
  if (roots === undefined) return NONE;
  const below = cache.descendants(roots.map(({ key }) => key)).filter((node) => !roots.includes(node));
  const nodes = [...roots, ...below];
  const warning = orphanWarning(project, nodes.length);
  return { nodes, conditions: warning === undefined ? [] : [warning] };
}
