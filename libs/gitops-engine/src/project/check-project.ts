/** What an application's project permits: its namespace (F04), sources (F01), destinations (F02), and the shape of the spec itself. */
import {
  type Application,
  type ApplicationCondition,
  type ApplicationDestination,
  type AppProject,
  isRepositoryPermitted,
  isSameGitUrl,
  matchesGlob,
  sourcesOf,
} from '@tiphys/model';
import { namespaceMatcher } from './app-namespace.js';
import type { EffectiveProject } from './effective-project.js';

/** The destination with both of its addresses where they are known: rules may name either. */
export interface ResolvedDestination {
  readonly server: string | undefined;
  readonly name: string | undefined;
  readonly namespace: string;
}

export interface ProjectCheckOptions {
  /** Server and name of the registered cluster that the destination means; the destination itself when absent. */
  readonly destination?: ResolvedDestination;
  /** Repositories whose Secret names this project: permitted without an entry in `sourceRepos` (F07). */
  readonly projectRepositories?: readonly string[];
  /** Applications elsewhere need an entry in the project's `sourceNamespaces` (F04); not asked when absent. */
  readonly controlPlaneNamespace?: string;
}

/** Every reason why the application may not be processed, as `InvalidSpecError` conditions; empty when it may. */
export function checkApplicationAgainstProject(
  app: Application,
  project: EffectiveProject,
  options: ProjectCheckOptions = {},
): readonly ApplicationCondition[] {
  const problems = [
    ...namespaceProblems(app, project, options.controlPlaneNamespace),
    ...sourceProblems(app, project, options.projectRepositories ?? []),
    ...destinationProblems(app.spec.destination, project, options.destination),
  ];
  return problems.map((message) => ({ type: 'InvalidSpecError', message }));
}

function namespaceProblems(
  { metadata }: Application,
  project: AppProject,
  home: string | undefined,
): readonly string[] {
  const { name = '', namespace = home } = metadata;
  if (home === undefined || namespace === undefined || namespace === home) return [];
  if (namespaceMatcher(project.spec.sourceNamespaces ?? [])(namespace)) return [];
  return [
    `application '${name}' in namespace '${namespace}' is not permitted to use project '${project.metadata.name ?? ''}'; add the namespace to the project's sourceNamespaces`,
  ];
}

type Source = ReturnType<typeof sourcesOf>[number];

function sourceProblems(app: Application, project: AppProject, permitted: readonly string[]): readonly string[] {
  const sources = effectiveSources(app);
  if (sources.length === 0) return ['spec.source or spec.sources is missing; name a repository to deploy from'];
  return sources.flatMap((source, index) => {
    const field = sources.length === 1 ? 'spec.source' : `spec.sources[${index}]`;
    const shape = shapeProblems(source, field);
    if (shape.length > 0) return shape;
    const { repoURL } = source;
    if (isSourcePermitted(project, repoURL) || permitted.some((own) => isSameGitUrl(own, repoURL))) return [];
    return [
      `application repo ${repoURL} is not permitted in project '${project.metadata.name ?? ''}'; add it to the project's sourceRepos`,
    ];
  });
}

/** Of a hydrated application, where its dry manifests come from and where the rendered ones are read (A05). */
function effectiveSources(app: Application): readonly Source[] {
  const hydrator = app.spec.sourceHydrator;
  if (hydrator === undefined) return sourcesOf(app.spec);
  const { repoURL, targetRevision, path } = hydrator.drySource;
  const { syncSource } = hydrator;
  const synced = {
    repoURL: syncSource.repoURL ?? repoURL,
    targetRevision: syncSource.targetBranch,
    path: syncSource.path,
  };
  return [{ repoURL, targetRevision, path }, synced];
}

function shapeProblems(source: Source, field: string): readonly string[] {
  const isSet = (text: string | undefined) => text !== undefined && text !== '';
  if (!isSet(source.repoURL)) return [`${field}.repoURL is missing; name the repository`];
  if (isSet(source.chart)) {
    if (isSet(source.path)) return [`${field}: path and chart are both set; keep one of them`];
    return isSet(source.targetRevision) ? [] : [`${field}.targetRevision is missing: a chart needs a version`];
  }
  if (isSet(source.path) || isSet(source.ref) || source.repoURL.startsWith('oci://')) return [];
  return [`${field}.repoURL and either path or chart are required; set ${field}.path ("." is the root)`];
}

/** `sourceRepos` (F01): some entry permits, and no `!` entry denies. */
export function isSourcePermitted(project: AppProject, repoURL: string): boolean {
  return isRepositoryPermitted(project.spec.sourceRepos ?? [], repoURL);
}

function destinationProblems(
  destination: ApplicationDestination,
  project: EffectiveProject,
  resolved: ResolvedDestination | undefined,
): readonly string[] {
  const { server = '', name = '', namespace = '' } = destination;
  if (server !== '' && name !== '') {
    return [`application destination can't have both name and server defined: ${name} ${server}; remove one of them`];
  }
  if (server === '' && name === '') {
    return ['Destination server missing from app spec; set spec.destination.server or spec.destination.name'];
  }
  const full = resolved ?? { server: server || undefined, name: name || undefined, namespace };
  return isDestinationPermitted(project, full) ? [] : [destinationMessage(destination, project)];
}

function destinationMessage({ server, name, namespace = '' }: ApplicationDestination, project: AppProject): string {
  const shown = `server '${server || (name ?? '')}' and namespace '${namespace}'`;
  return `application destination ${shown} do not match any of the allowed destinations in project '${project.metadata.name ?? ''}'; add it to the project's destinations${scopedHint(project)}`;
}

function scopedHint({ spec }: AppProject): string {
  if (spec.permitOnlyProjectScopedClusters !== true) return '';
  return '. It says permitOnlyProjectScopedClusters, so the cluster must belong to it, too';
}

/**
 * `destinations` (F02): some entry without `!` permits, and no `!` pattern denies, whatever else stands in its entry, as in
 * Argo CD. Then the cluster must be one of the project's own where the project says so (F07).
 */
export function isDestinationPermitted(project: EffectiveProject, destination: ResolvedDestination): boolean {
  const rules = project.spec.destinations ?? [];
  if (rules.some((rule) => isDeniedBy(rule, destination))) return false;
  if (!rules.some((rule) => !isDenial(rule) && isPermittedBy(rule, destination))) return false;
  return project.spec.permitOnlyProjectScopedClusters !== true || isProjectCluster(project, destination);
}

function isProjectCluster({ projectClusters = [] }: EffectiveProject, destination: ResolvedDestination): boolean {
  return projectClusters.some(({ server, name }) => server === destination.server || name === destination.name);
}

function isDenial(rule: ApplicationDestination): boolean {
  return [rule.server, rule.name, rule.namespace].some((pattern) => pattern?.startsWith('!') === true);
}

function isPermittedBy(rule: ApplicationDestination, { server, name, namespace }: ResolvedDestination): boolean {
  const matchesServer = matchesSet(rule.server, server) || matchesSet(rule.name, name);
  return matchesServer && matchesGlob(rule.namespace ?? '', namespace);
}

function matchesSet(pattern: string | undefined, value: string | undefined): boolean {
  return pattern !== undefined && pattern !== '' && value !== undefined && matchesGlob(pattern, value);
}

function isDeniedBy(rule: ApplicationDestination, { server, name, namespace }: ResolvedDestination): boolean {
  const denies = (pattern: string | undefined, value: string | undefined) =>
    pattern?.startsWith('!') === true && value !== undefined && matchesGlob(pattern.slice(1), value);
  return denies(rule.server, server) || denies(rule.name, name) || denies(rule.namespace, namespace);
}
