/** What is in a repository: folders of applications, charts, branches and tags; and the plugins (N11, N14). */
import type { repositoryRoutes } from '@tiphys/api-contract';
import { credentialsFor, type RepositoryConnection } from '@tiphys/settings';
import { scopedObject } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext, Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { readContents } from './connection.js';
import type { RepositoryDeps } from './deps.js';
import { permittedProject } from './permitted.js';

type Routes = typeof repositoryRoutes;

export interface ContentsRequest {
  readonly user: Subject;
  readonly url: string;
  /** Project of the application that asks. */
  readonly appProject: string | undefined;
}

/** Checks access to the Secret that is used: the project's own, or the one of all projects. */
export function openRepository(deps: RepositoryDeps, request: ContentsRequest): RepositoryConnection {
  const { user, url, appProject = '' } = request;
  const asked = { url, ...(appProject === '' ? {} : { project: appProject }) };
  const { repository, template } = credentialsFor(asked, deps.settings.repositories());
  const object = scopedObject(repository?.project ?? template?.project, repository?.url ?? url);
  // Who may not read it must not learn from the message to which project it belongs (S18).
  if (!deps.authorizer(user, { resource: 'repositories', action: 'get', object })) {
    throw new ApiError('permissionDenied', 'permission denied');
  }
  return deps.repositoryAccess.connection(url, appProject);
}

/** Folders are searched only for those who may make an application of them: it costs a fetch. */
export function createListApps(deps: RepositoryDeps): Handler<Routes['apps']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { appName = '', appProject = '', revision = 'HEAD' } = query;
    const repository = openRepository(deps, { user, url: params.repo, appProject });
    const object = scopedObject(appProject, appName);
    const may = (action: 'create' | 'update') => deps.authorizer(user, { resource: 'applications', action, object });
    if (!may('create') && !may('update')) throw new ApiError('permissionDenied', 'permission denied');
    permittedProject(deps, { name: appProject, url: params.repo });
    const list = () => deps.repoServer.listApps({ repository, revision: revision || 'HEAD' }, signal);
    const { apps } = await readContents(deps, params.repo, list);
    const items = Object.entries(apps).map(([path, type]) => ({ path, type }));
    return { items: items.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  };
}

export function createListCharts(deps: RepositoryDeps): Handler<Routes['helmCharts']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const repository = openRepository(deps, { user, url: params.repo, appProject: query.appProject });
    const list = () => deps.repoServer.listCharts({ repository }, signal);
    const { charts } = await readContents(deps, params.repo, list);
    return { items: charts.map(({ name, versions }) => ({ name, versions: [...versions] })) };
  };
}

export function createListRefs(deps: RepositoryDeps): Handler<Routes['refs']['schemas']> {
  return ({ params, query }, context) => refsOf(deps, { url: params.repo, appProject: query.appProject }, context);
}

async function refsOf(
  deps: RepositoryDeps,
  address: Omit<ContentsRequest, 'user'>,
  { user, signal }: RequestContext,
): Promise<{ branches: string[]; tags: string[] }> {
  const repository = openRepository(deps, { ...address, user });
  const list = () => deps.repoServer.listRefs({ repository }, signal);
  const { branches, tags } = await readContents(deps, address.url, list);
  return { branches: [...branches], tags: [...tags] };
}

export function createListPlugins(deps: RepositoryDeps): Handler<Routes['plugins']['schemas']> {
  return async (_, { signal }) => {
    const { names } = await deps.repoServer.listPlugins({}, signal);
    return { plugins: names.map((name) => ({ name })) };
  };
}
