/** Clusters: list and get, with what is known of their state (N09). */
import type { ClusterBody, clusterRoutes } from '@tiphys/api-contract';
import { type Cluster, findCluster } from '@tiphys/settings';
import type { Handler } from '../../http/handler.js';
import { clusterBody } from './body.js';
import { type ClusterCheck, lastCheck } from './connection.js';
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

/** The cluster without credentials, with the last check of its connection and the number of its applications. */
export async function shownCluster(deps: ClusterDeps, cluster: Cluster): Promise<ClusterBody> {
  const check = await lastCheck(deps, cluster.server);
  const applicationsCount = countApplications(deps, cluster);
  const connectionState = stateOf(check, applicationsCount);
  const version = check === undefined ? {} : { serverVersion: check.serverVersion };
  return {
    ...clusterBody(cluster),
    ...{ connectionState, ...version },
    info: { connectionState, ...version, applicationsCount },
  };
}

function stateOf(
  check: ClusterCheck | undefined,
  applicationsCount: number,
): NonNullable<ClusterBody['connectionState']> {
  if (check !== undefined) {
    const { status, message, attemptedAt } = check;
    return { status, message, attemptedAt };
  }
  const reason =
    applicationsCount === 0
      ? 'Cluster has no applications and is not being monitored.'
      : 'The API server has not asked the cluster lately; invalidate its cache to ask it now.';
  return { status: 'Unknown', message: reason };
}

function countApplications({ store, settings }: ClusterDeps, { server }: Cluster): number {
  const clusters = settings.clusters();
  return store
    .list()
    .filter(({ application }) => findCluster(clusters, application.spec.destination)?.server === server).length;
}
