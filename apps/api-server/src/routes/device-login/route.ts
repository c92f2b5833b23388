/** Binds device logins: the machine's requests, the person's decision, and the page that shows what is decided. */
import { federationRoutes as routes } from '@tiphys/api-contract';
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { normalizeUserCode } from '../../auth/federation/device-logins.js';
import { ApiError } from '../../errors.js';
import { bindPublicRoute } from '../../http/bind.js';
import { displayNameOf } from '../../http/context.js';
import { acceptOAuth } from '../../http/oauth.js';
import { clientAddress } from '../../http/rate-key.js';
import { PAGE_SCRIPT, PAGE_STYLE } from './assets.js';
import type { DeviceLoginDeps } from './deps.js';
import { createDecideDeviceLogin, createDeviceToken, createStartDeviceLogin, DEVICE_PAGE } from './handlers.js';
import { renderDevicePage } from './page.js';

/** Per client address and minute. */
const STARTS_PER_MINUTE = 30;
const POLLS_PER_MINUTE = 300;
/** Per user and minute: codes cannot be guessed by trying (34 bits, ten minutes). */
const CODES_PER_MINUTE = 20;

export async function registerDeviceLoginRoutes(app: FastifyInstance, deps: DeviceLoginDeps): Promise<void> {
  await app.register(async (scope) => {
    acceptOAuth(scope, STARTS_PER_MINUTE);
    bindPublicRoute(scope, routes.startDeviceLogin, createStartDeviceLogin(deps));
  });
  await app.register(async (scope) => {
    acceptOAuth(scope, POLLS_PER_MINUTE);
    bindPublicRoute(scope, routes.deviceToken, createDeviceToken(deps));
  });
  await app.register(async (scope) => {
    const keyGenerator = (request: FastifyRequest) => request.user?.username ?? clientAddress(request);
    scope.addHook('onRequest', scope.rateLimit({ max: CODES_PER_MINUTE, timeWindow: 60_000, keyGenerator }));
    scope.addHook('onRequest', requireOrigin);
    scope.get<{ Querystring: { readonly user_code?: string } }>(
      DEVICE_PAGE,
      { config: { public: true }, schema: { hide: true } },
      (request, reply) => sendPage(deps, request, reply),
    );
    bindPublicRoute(scope, routes.decideDeviceLogin, createDecideDeviceLogin(deps));
  });
  for (const [name, type, text] of [
    ['page.js', 'text/javascript', PAGE_SCRIPT],
    ['page.css', 'text/css', PAGE_STYLE],
  ] as const) {
    const options = { config: { public: true }, schema: { hide: true } };
    app.get(`${DEVICE_PAGE}/${name}`, options, async (_, reply) => reply.type(`${type}; charset=utf-8`).send(text));
  }
}

/** A cookie decides only for our own page: unlike elsewhere a request without an origin is refused too (S25). */
async function requireOrigin({ headers, method }: FastifyRequest): Promise<void> {
  if (method !== 'POST' || headers.authorization !== undefined || headers.origin !== undefined) return;
  throw new ApiError('permissionDenied', 'a decision needs the header "origin", which browsers send');
}

const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
].join('; ');

async function sendPage(
  deps: DeviceLoginDeps,
  request: FastifyRequest<{ Querystring: { readonly user_code?: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { user_code: asked } = request.query;
  const userCode = typeof asked === 'string' ? normalizeUserCode(asked) : undefined;
  const username = request.user && displayNameOf(request.user);
  const page = renderDevicePage({
    ...{ username, userCode, wasAsked: asked !== undefined },
    waiting: username === undefined || userCode === undefined ? undefined : await deps.logins.find(userCode),
    ssoUrl: ssoUrl(deps, userCode),
    basePath: basePath(deps),
  });
  return reply
    .headers({ 'content-security-policy': POLICY, 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(page);
}

function basePath({ settings }: DeviceLoginDeps): string {
  const { url } = settings.server();
  return url === undefined ? '' : new URL(url).pathname.replace(/\/$/, '');
}

/** Undefined: nobody can log in but with a password. */
function ssoUrl(deps: DeviceLoginDeps, userCode: string | undefined): string | undefined {
  const data = deps.settings.configMap(CONFIG_OBJECTS.settings);
  const { url } = deps.settings.server();
  if (url === undefined || !(data['oidc.config'] || data['dex.config'])) return undefined;
  const back = `${url}${DEVICE_PAGE}${userCode === undefined ? '' : `?user_code=${userCode}`}`;
  return `${basePath(deps)}/auth/login?return_url=${encodeURIComponent(back)}`;
}
