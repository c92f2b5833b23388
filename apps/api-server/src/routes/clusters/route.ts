/** Binds the cluster routes. */
import { clusterRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import type { ClusterDeps } from './deps.js';
import { createRotateAuth } from './rotate-auth.js';
import { createGetCluster, createListClusters } from './views.js';
import { createCreateCluster, createDeleteCluster, createInvalidateCache, createUpdateCluster } from './writes.js';

export function registerClusterRoutes(app: FastifyInstance, deps: ClusterDeps): void {
  bindRoute(app, routes.list, createListClusters(deps));
  bindRoute(app, routes.create, createCreateCluster(deps));
  bindRoute(app, routes.get, createGetCluster(deps));
  bindRoute(app, routes.update, createUpdateCluster(deps));
  bindRoute(app, routes.delete, createDeleteCluster(deps));
  bindRoute(app, routes.invalidateCache, createInvalidateCache(deps));
  bindRoute(app, routes.rotateAuth, createRotateAuth(deps));
}
