/** The addresses of a login at the provider (N18): /auth/login, /auth/callback, /auth/logout; a browser comes to them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuthParts } from '../../auth/build.js';
import { baseUrlOf, permittedReturnUrl } from '../../auth/oidc/installation-urls.js';
import { STATE_COOKIE, STATE_SECONDS } from '../../auth/oidc/login-state.js';
import { joinToken } from '../../auth/session-cookies.js';
import { ISSUER } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import { clearSessionCookies, cookieOptions, setSessionCookies } from '../../http/session-cookies.js';
import type {} from '../../http/types.js';
import { LOGIN_RATE } from '../session/route.js';
import { logoutLocation } from './logout-location.js';

export type OidcRouteDeps = Pick<AuthParts, 'relyingParty' | 'tokens' | 'settings'>;

export async function registerOidcRoutes(app: FastifyInstance, deps: OidcRouteDeps): Promise<void> {
  const options = {
    ...{ config: { public: true, rateLimit: LOGIN_RATE }, schema: { hide: true } },
    // A HEAD request must not use up a code.
    exposeHeadRoute: false,
  } as const;
  app.get('/auth/login', options, (request, reply) => logIn(deps, request, reply));
  app.get('/auth/callback', options, (request, reply) => finishLogin(deps, request, reply));
  app.get('/auth/logout', options, (request, reply) => logOut(deps, request, reply));
}

async function logIn(deps: OidcRouteDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const urls = deps.settings.server();
  const base = baseUrlOf(urls, request.host);
  if (base === undefined) {
    const text = 'single sign-on is not configured: set url and oidc.config or dex.config in argocd-cm';
    throw new ApiError('notFound', text);
  }
  const { return_url: wanted } = request.query as { readonly return_url?: string | readonly string[] };
  const returnUrl = wanted === undefined || wanted === '' ? `${base}/` : permittedReturnUrl(String(wanted), urls);
  if (returnUrl === undefined) {
    const text = 'Invalid redirect URL: return_url must lie at or below url or one of additionalUrls of argocd-cm';
    throw new ApiError('invalidArgument', text);
  }
  const { location, state } = await deps.relyingParty.begin({ redirectUri: `${base}/auth/callback`, returnUrl });
  reply.setCookie(STATE_COOKIE, state, { ...cookieOptions(request), maxAge: STATE_SECONDS });
  return redirect(reply, location);
}

async function finishLogin(deps: OidcRouteDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const state = request.cookies[STATE_COOKIE];
  // Whatever becomes of it: it counts once.
  reply.clearCookie(STATE_COOKIE, cookieOptions(request));
  const { token, returnUrl } = await deps.relyingParty.complete({ search: searchOf(request), state });
  // As every later request will, so that nobody gets a session that does not count; the audit log learns who it is.
  request.user = await deps.tokens.verify(token);
  setSessionCookies(request, reply, token);
  return redirect(reply, returnUrl);
}

async function logOut(deps: OidcRouteDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const token = joinToken(request.cookies);
  if (token === undefined) throw new ApiError('invalidArgument', 'there is no session to end: no cookie argocd.token');
  clearSessionCookies(request, reply);
  // Set by the auth plugin when the token is valid.
  const atProvider = request.user !== undefined && request.user.issuer !== ISSUER;
  await deps.tokens.revoke(token);
  const base = baseUrlOf(deps.settings.server(), request.host) ?? '/';
  const { logoutUrl } = deps.settings.sso().oidc ?? {};
  const location = atProvider && logoutUrl !== undefined ? logoutLocation(logoutUrl, { token, base }) : base;
  return redirect(reply, location);
}

function redirect(reply: FastifyReply, location: string): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(location, 303);
}

function searchOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
