/** What the endpoints of OAuth 2.0 need that the others do not: forms, and errors with a code of the RFC (6749, 5.2). */
import type { FastifyInstance } from 'fastify';
import { OAuthError } from './oauth-error.js';
import { clientAddress } from './rate-key.js';

const FAILED_PRECONDITION = 9;
const MAX_BODY_BYTES = 32 * 1024;

/**
 * Forms as well as JSON for the routes of this scope, which must not look at a session: a page of another site can send
 * a form. `perMinute` requests of one client address. Errors carry `error` and `error_description`; none of the answers may be kept.
 */
export function acceptOAuth(scope: FastifyInstance, perMinute: number): void {
  const options = { parseAs: 'string', bodyLimit: MAX_BODY_BYTES } as const;
  scope.addContentTypeParser('application/x-www-form-urlencoded', options, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  scope.addHook('onRequest', scope.rateLimit({ max: perMinute, timeWindow: 60_000, keyGenerator: clientAddress }));
  scope.addHook('onRoute', (route) => {
    route.bodyLimit = MAX_BODY_BYTES;
    route.config = { ...route.config, anyContentType: true };
  });
  scope.addHook('onSend', async (_request, reply, payload) => {
    reply.header('cache-control', 'no-store');
    return payload;
  });
  scope.setErrorHandler((error, _request, reply) => {
    // Everything else is shown as everywhere.
    if (!(error instanceof OAuthError)) throw error;
    const { oauthCode, message } = error;
    const body = { error: oauthCode, error_description: message, code: FAILED_PRECONDITION, message };
    return reply.code(400).type('application/json; charset=utf-8').send(JSON.stringify(body));
  });
}
