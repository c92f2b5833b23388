/** Binds the project routes. */
import { projectRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import type { ProjectDeps } from './deps.js';
import { createCreateProject, createDeleteProject, createGetProject, createListProjects } from './handlers.js';
import { createCreateProjectToken, createDeleteProjectToken } from './tokens.js';
import { createUpdateProject } from './update.js';
import {
  createGetDetailedProject,
  createGetProjectSyncWindows,
  createListGlobalProjects,
  createListProjectEvents,
} from './views.js';

export function registerProjectRoutes(app: FastifyInstance, deps: ProjectDeps): void {
  bindRoute(app, routes.list, createListProjects(deps));
  bindRoute(app, routes.create, createCreateProject(deps));
  bindRoute(app, routes.get, createGetProject(deps));
  bindRoute(app, routes.update, createUpdateProject(deps));
  bindRoute(app, routes.delete, createDeleteProject(deps));
  bindRoute(app, routes.detailed, createGetDetailedProject(deps));
  bindRoute(app, routes.events, createListProjectEvents(deps));
  bindRoute(app, routes.globalProjects, createListGlobalProjects(deps));
  bindRoute(app, routes.syncWindows, createGetProjectSyncWindows(deps));
  bindRoute(app, routes.createToken, createCreateProjectToken(deps));
  bindRoute(app, routes.deleteToken, createDeleteProjectToken(deps));
}
