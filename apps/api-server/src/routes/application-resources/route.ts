/** Binds the routes of single resources and of logs (N04). */
import { applicationResourceRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import type { ApplicationResourceDeps } from './deps.js';
import { createDeleteResource, createGetResource, createPatchResource } from './resource.js';

export function registerApplicationResourceRoutes(app: FastifyInstance, deps: ApplicationResourceDeps): void {
  bindRoute(app, routes.getResource, createGetResource(deps));
  bindRoute(app, routes.patchResource, createPatchResource(deps));
  bindRoute(app, routes.deleteResource, createDeleteResource(deps));
}
