/** What is shown of a project besides itself (N10): scoped resources, Events, global projects, windows. */
import type { projectRoutes } from '@tiphys/api-contract';
import { RESOURCES } from '@tiphys/cluster';
import { isSyncWindowActive, withGlobalProjects } from '@tiphys/gitops-engine';
import { withEqualTokenLists } from '@tiphys/model';
import type { Handler } from '../../http/handler.js';
import { clusterBody } from '../clusters/body.js';
import { bodyOf, findProject, type ProjectDeps } from './deps.js';
import { globalsOf } from './update.js';

type Routes = typeof projectRoutes;

const MAX_EVENTS = 500;

/** Repositories and clusters of the project only, without credentials (S21). */
export function createGetDetailedProject(deps: ProjectDeps): Handler<Routes['detailed']['schemas']> {
  return async ({ params: { name } }, { user }) => {
    const project = findProject(deps, user, name);
    const globals = globalsOf(deps, project);
    const repositories = deps.settings.repositories().filter((repository) => repository.project === name);
    const clusters = deps.settings.clusters().filter((cluster) => cluster.project === name);
    return {
      globalProjects: globals.map(bodyOf),
      project: bodyOf(withGlobalProjects(withEqualTokenLists(project), globals)),
      repositories: repositories.map(({ url, type, name: title = '' }) => ({
        ...{ repo: url, type, name: title, project: name },
      })),
      clusters: clusters.map((cluster) => ({ ...clusterBody(cluster) })),
    };
  };
}

export function createListProjectEvents(deps: ProjectDeps): Handler<Routes['events']['schemas']> {
  return async ({ params }, { user, signal }) => {
    const { name = '', uid = '', namespace = deps.namespace } = findProject(deps, user, params.name).metadata;
    const fields = { name, uid, namespace };
    const selector = Object.entries(fields).map(([field, value]) => `involvedObject.${field}=${value}`);
    const page = await deps.kube.list(RESOURCES.events, {
      ...{ namespace: deps.namespace, fieldSelector: selector.join(','), limit: MAX_EVENTS, signal },
    });
    return { metadata: { resourceVersion: page.resourceVersion }, items: page.items.map((item) => ({ ...item })) };
  };
}

export function createListGlobalProjects(deps: ProjectDeps): Handler<Routes['globalProjects']['schemas']> {
  return async ({ params: { name } }, { user }) => {
    return { items: globalsOf(deps, findProject(deps, user, name)).map(bodyOf) };
  };
}

/** The windows that are active now. */
export function createGetProjectSyncWindows(deps: ProjectDeps): Handler<Routes['syncWindows']['schemas']> {
  return async ({ params: { name } }, { user }) => {
    const { syncWindows = [] } = findProject(deps, user, name).spec;
    const now = deps.clock.now();
    return {
      windows: syncWindows.filter((window) => isSyncWindowActive(window, now)).map((window) => ({ ...window })),
    };
  };
}
