/** Binds the session routes; the cookies are set and cleared here, because handlers know no transport. */
import { sessionRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindPublicRoute } from '../../http/bind.js';
import { clientAddress } from '../../http/rate-key.js';
import { clearSessionCookies, setSessionCookies } from '../../http/session-cookies.js';
import { createCreateSession, createDeleteSession, createGetUserInfo, type SessionDeps } from './handlers.js';

/** Logins per client address and minute, before any password is looked at. */
export const LOGIN_RATE = { max: 120, timeWindow: 60_000 } as const;

export async function registerSessionRoutes(app: FastifyInstance, deps: SessionDeps): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onSend', async (request, reply, payload) => {
      if (request.method === 'DELETE') clearSessionCookies(request, reply);
      const token = request.method === 'POST' && reply.statusCode === 200 ? tokenIn(payload) : undefined;
      if (token !== undefined) setSessionCookies(request, reply, token);
      return payload;
    });
    bindPublicRoute(scope, routes.delete, createDeleteSession(deps));
    await scope.register(async (logins) => {
      // As a hook: the limiter looks at the options of routes before hooks of this scope could add one.
      logins.addHook('onRequest', logins.rateLimit({ ...LOGIN_RATE, keyGenerator: clientAddress }));
      logins.addHook('onRoute', (route) => {
        route.bodyLimit = 16 * 1024;
      });
      bindPublicRoute(logins, routes.create, createCreateSession(deps));
    });
  });
  bindPublicRoute(app, routes.userInfo, createGetUserInfo());
}

function tokenIn(payload: unknown): string | undefined {
  if (typeof payload !== 'string') return undefined;
  const { token } = JSON.parse(payload) as { readonly token?: unknown };
  return typeof token === 'string' ? token : undefined;
}
