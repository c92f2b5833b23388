/** Binds the exchange of tokens; forms are what clients of OAuth send. */
import { federationRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindPublicRoute } from '../../http/bind.js';
import { acceptOAuth } from '../../http/oauth.js';
import { createExchangeToken, type TokenExchangeDeps } from './handlers.js';

/** Per client address and minute: runners of a CI system share addresses. */
const EXCHANGES_PER_MINUTE = 300;

export async function registerTokenExchangeRoutes(app: FastifyInstance, deps: TokenExchangeDeps): Promise<void> {
  await app.register(async (scope) => {
    acceptOAuth(scope, EXCHANGES_PER_MINUTE);
    bindPublicRoute(scope, routes.exchangeToken, createExchangeToken(deps));
  });
}
