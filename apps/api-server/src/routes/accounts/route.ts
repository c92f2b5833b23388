/** Binds the account routes. */
import { accountRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import type { AccountDeps } from './deps.js';
import { createCanI, createGetAccount, createListAccounts, createUpdatePassword } from './handlers.js';
import { createCreateToken, createDeleteToken } from './tokens.js';

export function registerAccountRoutes(app: FastifyInstance, deps: AccountDeps): void {
  bindRoute(app, routes.list, createListAccounts(deps));
  bindRoute(app, routes.canI, createCanI(deps));
  bindRoute(app, routes.updatePassword, createUpdatePassword(deps));
  bindRoute(app, routes.get, createGetAccount(deps));
  bindRoute(app, routes.createToken, createCreateToken(deps));
  bindRoute(app, routes.deleteToken, createDeleteToken(deps));
}
