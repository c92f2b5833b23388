/** Binds the project routes. */
import { projectRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import { createCreateProject, createGetProject, createListProjects, type ProjectDeps } from './handlers.js';

export function registerProjectRoutes(app: FastifyInstance, deps: ProjectDeps): void {
  bindRoute(app, routes.list, createListProjects(deps));
  bindRoute(app, routes.create, createCreateProject(deps));
  bindRoute(app, routes.get, createGetProject(deps));
}
