/** Authentication of every request: bearer token or session cookie; routes are closed unless they say `public`. */
import cookie from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { SessionTokens } from '../auth/session-tokens.js';
import { ApiError } from '../errors.js';
import type {} from '../http/types.js';
import { SESSION_COOKIE } from '../routes/session/route.js';

export interface AuthOptions {
  readonly tokens: Pick<SessionTokens, 'verify'>;
}

const MAX_TOKEN_BYTES = 16_384;

export const authPlugin = fastifyPlugin<AuthOptions>(async (app, { tokens }) => {
  await app.register(cookie);
  app.decorateRequest('user', undefined);
  app.decorateRequest('sessionToken', undefined);
  app.decorateRequest('recheckSession', async function recheck(this: FastifyRequest) {
    return this.sessionToken !== undefined && isValid(tokens, this.sessionToken);
  });
  app.addHook('onRequest', async (request) => {
    const { token, fromCookie } = tokenOf(request);
    if (token === undefined) {
      if (!isPublic(request)) throw new ApiError('unauthenticated', 'no session information');
      return;
    }
    request.sessionToken = token;
    if (fromCookie) checkOrigin(request);
    try {
      request.user = await tokens.verify(token);
    } catch (error) {
      if (!isPublic(request)) throw error;
    }
  });
});

function isPublic(request: FastifyRequest): boolean {
  return request.routeOptions.config.public === true || request.is404;
}

async function isValid(tokens: Pick<SessionTokens, 'verify'>, token: string): Promise<boolean> {
  try {
    await tokens.verify(token);
    return true;
  } catch {
    return false;
  }
}

function tokenOf(request: FastifyRequest): { readonly token: string | undefined; readonly fromCookie: boolean } {
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const token = bearer ?? request.cookies[SESSION_COOKIE];
  const usable = token !== undefined && token !== '' && token.length <= MAX_TOKEN_BYTES;
  return { token: usable ? token : undefined, fromCookie: bearer === undefined };
}

/** Browsers send cookies by themselves: a changing request from another site is refused (S25). */
function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined || request.method === 'GET' || request.method === 'HEAD') return;
  const forwarded = request.headers['x-forwarded-host'];
  const hosts = [request.headers.host, ...(typeof forwarded === 'string' ? [forwarded] : [])];
  const isOwn = URL.canParse(origin) && hosts.includes(new URL(origin).host);
  if (!isOwn) throw new ApiError('permissionDenied', `requests from the origin ${origin} are not accepted`);
}
