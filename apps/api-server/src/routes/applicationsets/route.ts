/** Binds the ApplicationSet routes. */
import { applicationSetRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute, bindStream } from '../../http/bind.js';
import type { ApplicationSetDeps } from './deps.js';
import { createDryRun, createGenerateApplications } from './generate.js';
import {
  createGetApplicationSet,
  createGetApplicationSetTree,
  createListApplicationSetEvents,
  createListApplicationSets,
} from './reads.js';
import { createWatchApplicationSets } from './watch.js';
import { createCreateApplicationSet, createDeleteApplicationSet } from './writes.js';

export function registerApplicationSetRoutes(app: FastifyInstance, deps: ApplicationSetDeps): void {
  bindRoute(app, routes.list, createListApplicationSets(deps));
  bindRoute(app, routes.create, createCreateApplicationSet(deps, createDryRun(deps)));
  bindRoute(app, routes.generate, createGenerateApplications(deps));
  bindRoute(app, routes.get, createGetApplicationSet(deps));
  bindRoute(app, routes.delete, createDeleteApplicationSet(deps));
  bindRoute(app, routes.events, createListApplicationSetEvents(deps));
  bindRoute(app, routes.resourceTree, createGetApplicationSetTree(deps));
  bindStream(app, routes.watch, createWatchApplicationSets(deps));
}
