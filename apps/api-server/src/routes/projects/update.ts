/** PUT of a project (N10): what a change of its rules needs, and what it must not break. */
import { isDeepStrictEqual } from 'node:util';
import type { projectRoutes } from '@tiphys/api-contract';
import { globalProjectsOf, isDestinationPermitted, isSourcePermitted, withoutInherited } from '@tiphys/gitops-engine';
import {
  type Application,
  type AppProject,
  isSameGitUrl,
  sourcesOf,
  tokensOfRole,
  withEqualTokenLists,
} from '@tiphys/model';
import { findCluster } from '@tiphys/settings';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext, Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { projectRules } from '../../kube/effective-projects.js';
import { bodyOf, changeProject, type ProjectDeps } from './deps.js';
import { toProject } from './input.js';
import { validateProject } from './validate.js';

type Routes = typeof projectRoutes;

export function createUpdateProject(deps: ProjectDeps): Handler<Routes['update']['schemas']> {
  return async ({ params, body }, context) => {
    const { name } = body.project.metadata;
    if (name !== params.name) {
      throw new ApiError('invalidArgument', `metadata.name is "${name}" but the path says "${params.name}"`);
    }
    authorize(deps.authorizer, context.user, { resource: 'projects', action: 'update', object: name });
    return bodyOf(await updateProject(deps, context, toProject(body.project, deps.namespace)));
  };
}

/** Access, the rules of projects and the applications of this one are checked against the newest state. */
export async function updateProject(
  deps: ProjectDeps,
  context: RequestContext,
  wanted: AppProject,
): Promise<AppProject> {
  const { name = '' } = wanted.metadata;
  authorize(deps.authorizer, context.user, { resource: 'projects', action: 'update', object: name });
  return changeProject(deps, context, {
    ...{ name, reason: 'ResourceUpdated', action: 'updated project' },
    change: (current) => {
      const next = merged(deps, wanted, current);
      validateProject(next);
      requireRights(deps, context.user, { current, next });
      requireValidApplications(deps, { current, next });
      return next;
    },
  });
}

/** Metadata that the client left out stays; entries that it copied from global projects (F08) are not made its own. */
function merged(deps: ProjectDeps, wanted: AppProject, current: AppProject): AppProject {
  const metadata = { ...current.metadata, ...wanted.metadata };
  const globals = globalsOf(deps, { ...wanted, metadata });
  const { spec, status } = withoutInherited({ ...wanted, metadata }, globals, current);
  return withKeptTokens({ ...current, metadata, spec, ...(status === undefined ? {} : { status }) }, wanted, current);
}

/**
 * An update never adds a token: a client with an old copy must not bring a deleted one back (S15). It removes those that it
 * leaves out of both lists.
 */
function withKeptTokens(next: AppProject, wanted: AppProject, current: AppProject): AppProject {
  const listsTokens = wanted.status?.jwtTokensByRole !== undefined;
  const roles = (next.spec.roles ?? []).map(({ jwtTokens: _sent, ...role }) => {
    const sent = tokensOfRole(wanted, role.name);
    const isSent = (id: string | undefined, iat: number) =>
      sent.some((token) => (id ? token.id === id : token.iat === iat));
    const kept = tokensOfRole(current, role.name).filter(({ id, iat }) => !listsTokens || isSent(id, iat));
    return kept.length === 0 ? role : { ...role, jwtTokens: kept };
  });
  const { jwtTokensByRole: _lists, ...status } = next.status ?? {};
  const spec = next.spec.roles === undefined ? next.spec : { ...next.spec, roles };
  return withEqualTokenLists({ ...next, spec, ...(next.status === undefined ? {} : { status }) });
}

export function globalsOf(deps: Pick<ProjectDeps, 'settings' | 'projects'>, project: AppProject) {
  const { globalProjects } = deps.settings.server();
  return globalProjectsOf(project, { globalProjects, get: deps.projects.get });
}

interface Versions {
  readonly current: AppProject;
  readonly next: AppProject;
}

/** New clusters and repositories, and other kinds on clusters, need rights beyond the project's own (S19). */
function requireRights(deps: ProjectDeps, user: Subject, { current, next }: Versions): void {
  const added = (after: readonly string[], before: readonly string[]) => after.filter((text) => !before.includes(text));
  const kindsChanged = KIND_LISTS.some(
    (field) => !isDeepStrictEqual(current.spec[field] ?? [], next.spec[field] ?? []),
  );
  const clusters = kindsChanged ? clustersOf(next) : added(clustersOf(next), clustersOf(current));
  for (const object of clusters) authorize(deps.authorizer, user, { resource: 'clusters', action: 'update', object });
  for (const object of added(next.spec.sourceRepos ?? [], current.spec.sourceRepos ?? [])) {
    authorize(deps.authorizer, user, { resource: 'repositories', action: 'update', object });
  }
}

const KIND_LISTS = [
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceWhitelist',
  'namespaceResourceBlacklist',
] as const;

function clustersOf({ spec }: AppProject): readonly string[] {
  return [...new Set((spec.destinations ?? []).map(({ server, name }) => server || (name ?? '')))];
}

function requireValidApplications(deps: ProjectDeps, { current, next }: Versions): void {
  const name = current.metadata.name ?? '';
  const applications = deps.store
    .list()
    .flatMap(({ application }) => (application.spec.project === name ? [application] : []));
  const rules = projectRules(deps.projects, deps.settings);
  const [before, after] = [rules.of(current), rules.of(next)];
  const broken = (isPermitted: (project: AppProject, application: Application) => boolean) =>
    applications.filter((application) => isPermitted(before, application) && !isPermitted(after, application)).length;
  const sources = broken((project, application) => areSourcesPermitted(deps, project, application));
  const destinations = broken((project, application) => isTargetPermitted(deps, project, application));
  const parts = [
    ...(sources > 0 ? [`${sources} applications source became invalid`] : []),
    ...(destinations > 0 ? [`${destinations} applications destination became invalid`] : []),
  ];
  if (parts.length > 0) throw new ApiError('invalidArgument', `as a result of project update ${parts.join(' and ')}`);
}

function areSourcesPermitted({ settings }: ProjectDeps, project: AppProject, { spec }: Application): boolean {
  const own = settings.repositories().filter((repository) => repository.project === spec.project);
  return sourcesOf(spec).every(
    ({ repoURL }) => isSourcePermitted(project, repoURL) || own.some(({ url }) => isSameGitUrl(url, repoURL)),
  );
}

/** An application whose cluster nobody registered is broken already. */
function isTargetPermitted({ settings }: ProjectDeps, project: AppProject, { spec }: Application): boolean {
  const cluster = findCluster(settings.clusters(), spec.destination);
  if (cluster === undefined) return true;
  const { server, name } = cluster;
  return isDestinationPermitted(project, { server, name, namespace: spec.destination.namespace ?? '' });
}
