/** Clusters: list and get, with what is known of their state (N09). */
import type { ClusterBody, clusterRoutes } from '@tiphys/api-contract';
import { type Cluster, findCluster } from '@tiphys/settings';
import type { Handler } from '../../http/handler.js';
import { clusterBody } from './body.js';
import { clusterState } from './cluster-state.js';
import { lastCheck, lastSeen } from './connection.js';
import { type ClusterDeps, findForUse, matcherOf, mayUse } from './deps.js';

type Routes = typeof clusterRoutes;

export function createListClusters(deps: ClusterDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    const id = query['id.value'];
    const matches = id ? matcherOf({ id, type: query['id.type'] }) : () => true;
    const visible = deps.settings
      .clusters()
      .filter((cluster) => matches(cluster) && (!query.name || cluster.name === query.name))
      .filter(({ server }) => !query.server || server === query.server.replace(/\/+$/, ''))
      .filter(({ server, project }) => mayUse(deps, user, { action: 'get', server, project }));
    return { metadata: {}, items: await Promise.all(visible.map((cluster) => shownCluster(deps, cluster))) };
  };
}

export function createGetCluster(deps: ClusterDeps): Handler<Routes['get']['schemas']> {
  return async ({ params, query }, { user }) =>
    shownCluster(deps, findForUse(deps, user, { id: params.id, type: query['id.type'], action: 'get' }));
}

/** The cluster without credentials, with what the controller and the last check know of it, and the number of its applications. */
export async function shownCluster(deps: ClusterDeps, cluster: Cluster): Promise<ClusterBody> {
  const [check, seen] = await Promise.all([lastCheck(deps, cluster.server), lastSeen(deps, cluster.server)]);
  const applicationsCount = countApplications(deps, cluster);
  const { connectionState, serverVersion } = clusterState({ check, seen, applicationsCount });
  const version = serverVersion === undefined ? {} : { serverVersion };
  const { resourcesCount, apisCount } = seen ?? {};
  const counts =
    resourcesCount === undefined || apisCount === undefined ? {} : { cacheInfo: { resourcesCount, apisCount } };
  return {
    ...clusterBody(cluster),
    ...{ connectionState, ...version },
    info: { connectionState, ...version, ...counts, applicationsCount },
  };
}

function countApplications({ store, settings }: ClusterDeps, { server }: Cluster): number {
  const clusters = settings.clusters();
  return store
    .list()
    .filter(({ application }) => findCluster(clusters, application.spec.destination)?.server === server).length;
}
