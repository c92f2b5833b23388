/** Binds the deep links. */
import { linkRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import {
  createListApplicationLinks,
  createListProjectLinks,
  createListResourceLinks,
  type LinkDeps,
} from './handlers.js';

export function registerLinkRoutes(app: FastifyInstance, deps: LinkDeps): void {
  bindRoute(app, routes.application, createListApplicationLinks(deps));
  bindRoute(app, routes.resource, createListResourceLinks(deps));
  bindRoute(app, routes.project, createListProjectLinks(deps));
}
