/** Binds the session routes; the cookie is set and cleared here, because handlers know no transport. */
import { sessionRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bindPublicRoute } from '../../http/bind.js';
import { createCreateSession, createDeleteSession, createGetUserInfo, type SessionDeps } from './handlers.js';

export const SESSION_COOKIE = 'argocd.token';
/** Logins per client address and minute, before any password is looked at. */
const LOGINS_PER_MINUTE = 120;

export async function registerSessionRoutes(app: FastifyInstance, deps: SessionDeps): Promise<void> {
  const options = (request: FastifyRequest) =>
    ({ path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure(request) }) as const;
  await app.register(async (scope) => {
    scope.addHook('onSend', async (request, reply, payload) => {
      if (request.method === 'DELETE') reply.clearCookie(SESSION_COOKIE, options(request));
      const token = request.method === 'POST' && reply.statusCode === 200 ? tokenIn(payload) : undefined;
      if (token !== undefined) reply.setCookie(SESSION_COOKIE, token, options(request));
      return payload;
    });
    scope.addHook('onRoute', (route) => {
      if (route.method !== 'POST') return;
      route.bodyLimit = 16 * 1024;
      route.config = { ...route.config, rateLimit: { max: LOGINS_PER_MINUTE, timeWindow: 60_000 } };
    });
    bindPublicRoute(scope, routes.create, createCreateSession(deps));
    bindPublicRoute(scope, routes.delete, createDeleteSession(deps));
  });
  bindPublicRoute(app, routes.userInfo, createGetUserInfo());
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
}

function tokenIn(payload: unknown): string | undefined {
  if (typeof payload !== 'string') return undefined;
  const { token } = JSON.parse(payload) as { readonly token?: unknown };
  return typeof token === 'string' ? token : undefined;
}
