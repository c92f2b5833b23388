/** Binds the application routes (N01, N03). */
import { applicationRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import type { ApplicationDeps } from '../../applications/deps.js';
import { bindRoute, bindStream } from '../../http/bind.js';
import { createCreateApplication } from './create.js';
import { createDeleteApplication } from './delete.js';
import { createGetApplication } from './get.js';
import { createListApplications } from './list.js';
import { createRollbackApplication, createSyncApplication, createTerminateOperation } from './operations.js';
import { createPatchApplication, createUpdateApplication, createUpdateSpec } from './update.js';
import { createWatchApplications } from './watch.js';

export function registerApplicationRoutes(app: FastifyInstance, deps: ApplicationDeps): void {
  bindRoute(app, routes.list, createListApplications(deps));
  bindRoute(app, routes.create, createCreateApplication(deps));
  bindRoute(app, routes.get, createGetApplication(deps));
  bindRoute(app, routes.update, createUpdateApplication(deps));
  bindRoute(app, routes.updateSpec, createUpdateSpec(deps));
  bindRoute(app, routes.patch, createPatchApplication(deps));
  bindRoute(app, routes.delete, createDeleteApplication(deps));
  bindRoute(app, routes.sync, createSyncApplication(deps));
  bindRoute(app, routes.rollback, createRollbackApplication(deps));
  bindRoute(app, routes.terminateOperation, createTerminateOperation(deps));
  bindStream(app, routes.watch, createWatchApplications(deps));
}
