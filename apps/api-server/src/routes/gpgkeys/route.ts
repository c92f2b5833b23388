/** Binds the GPG key routes. */
import { gpgKeyRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import {
  createCreateGpgKeys,
  createDeleteGpgKey,
  createGetGpgKey,
  createListGpgKeys,
  type GpgKeyDeps,
} from './handlers.js';

export function registerGpgKeyRoutes(app: FastifyInstance, deps: GpgKeyDeps): void {
  bindRoute(app, routes.list, createListGpgKeys(deps));
  bindRoute(app, routes.create, createCreateGpgKeys(deps));
  bindRoute(app, routes.delete, createDeleteGpgKey(deps));
  bindRoute(app, routes.get, createGetGpgKey(deps));
}
