/**
 * Authentication of every request: bearer token or session cookies, of ours or of the login provider. Routes are closed
 * unless they say `public`. Who brings no token may be let in as nobody in particular; who brings a wrong one never is
 * (S15, CVE-2022-29165).
 */
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { joinToken, MAX_TOKEN_LENGTH } from '../auth/session-cookies.js';
import type { Sessions } from '../auth/sessions.js';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';
import { setSessionCookies } from '../http/session-cookies.js';
import type {} from '../http/types.js';
import type { LiveSettings } from '../kube/config-objects.js';

export interface AuthOptions {
  readonly sessions: Pick<Sessions, 'verify' | 'renew'>;
  readonly settings: Pick<LiveSettings, 'accounts' | 'server'>;
}

/** Has the permissions of the default role only (F21). */
const ANONYMOUS: Subject = {
  ...{ username: '', issuer: '', groups: [], issuedAt: 0, expiresAt: undefined, tokenId: undefined },
};

export const authPlugin = fastifyPlugin<AuthOptions>(async (app, options) => {
  await app.register(cookie);
  app.decorateRequest('user', undefined);
  app.decorateRequest('sessionToken', undefined);
  app.decorateRequest('recheckSession', async function recheck(this: FastifyRequest) {
    if (this.sessionToken === undefined) return this.user === ANONYMOUS && mayBeAnonymous(options);
    return isAuthDisabled(options) || isValid(options, this.sessionToken);
  });
  app.addHook('onRequest', (request, reply) => authenticate(options, request, reply));
});

async function authenticate(options: AuthOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.routeOptions.config.sessionless === true) return;
  const { token, fromCookie } = tokenOf(request);
  if (token === undefined || isAuthDisabled(options)) {
    // Public routes tell nobody in particular no more than they tell nobody.
    if (!isPublic(request)) request.user = requireAnonymous(options);
    return;
  }
  request.sessionToken = token;
  if (fromCookie) checkOrigin(request);
  try {
    request.user = await verify(options, token);
  } catch (error) {
    if (!isPublic(request)) throw error;
    return;
  }
  if (fromCookie) await renewCookies(options, request, reply);
}

function isPublic(request: FastifyRequest): boolean {
  return request.routeOptions.config.public === true || request.is404;
}

function requireAnonymous(options: AuthOptions): Subject {
  if (mayBeAnonymous(options)) return ANONYMOUS;
  throw new ApiError('unauthenticated', 'no session information');
}

function mayBeAnonymous(options: AuthOptions): boolean {
  return isAuthDisabled(options) || options.settings.accounts().anonymousEnabled;
}

function isAuthDisabled({ settings }: AuthOptions): boolean {
  return settings.server().authDisabled;
}

async function verify({ sessions }: AuthOptions, token: string): Promise<Subject> {
  if (token.length <= MAX_TOKEN_LENGTH) return sessions.verify(token);
  throw new ApiError('unauthenticated', 'invalid session: the token is too long; log in again');
}

async function isValid(options: AuthOptions, token: string): Promise<boolean> {
  try {
    await verify(options, token);
    return true;
  } catch {
    return false;
  }
}

async function renewCookies({ sessions }: AuthOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const renewed = request.sessionToken && (await sessions.renew(request.sessionToken));
  if (renewed) setSessionCookies(request, reply, renewed);
}

function tokenOf(request: FastifyRequest): { readonly token: string | undefined; readonly fromCookie: boolean } {
  const [, bearer] = /^Bearer\s+(.*\S)\s*$/is.exec(request.headers.authorization ?? '') ?? [];
  return { token: bearer ?? joinToken(request.cookies), fromCookie: bearer === undefined };
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
