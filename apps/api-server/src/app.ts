/** Builds the HTTP application from its dependencies; nothing listens yet, so tests call `inject`. */

import type { RequestListener, Server } from 'node:http';
import rateLimit from '@fastify/rate-limit';
import { systemClock } from '@tiphys/runtime';
import Fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import type { ApiServerDeps } from './deps.js';
import { toJson } from './http/json.js';
import type { OpenStreams } from './http/stream.js';
import type {} from './http/types.js';
import { lazyValidatorCompiler } from './http/validation.js';
import { auditPlugin, requestIds } from './plugins/audit.js';
import { authPlugin } from './plugins/auth.js';
import { bodyBudgetPlugin } from './plugins/body-budget.js';
import { contentTypePlugin } from './plugins/content-type.js';
import { deadlinePlugin } from './plugins/deadline.js';
import { errorsPlugin } from './plugins/errors.js';
import { metricsPlugin } from './plugins/metrics.js';
import { openApiPlugin } from './plugins/openapi.js';
import { answerBadUrl, securityHeadersPlugin } from './plugins/security-headers.js';
import { tracingPlugin } from './plugins/tracing.js';
import { isWebSocketUpgrade, webSocketPlugin } from './plugins/web-sockets.js';
import { registerAccountRoutes } from './routes/accounts/route.js';
import { registerApplicationResourceRoutes } from './routes/application-resources/route.js';
import { registerApplicationStateRoutes } from './routes/application-state/route.js';
import { registerApplicationRoutes } from './routes/applications/route.js';
import { startApplicationSets } from './routes/applicationsets/build.js';
import { registerApplicationSetRoutes } from './routes/applicationsets/route.js';
import { registerBadgeRoute } from './routes/badge/route.js';
import { registerCertificateRoutes } from './routes/certificates/route.js';
import { registerClusterRoutes } from './routes/clusters/route.js';
import { registerDeviceLoginRoutes } from './routes/device-login/route.js';
import { registerDexProxy } from './routes/dex/route.js';
import { registerExtensionRoutes } from './routes/extensions/route.js';
import { registerGpgKeyRoutes } from './routes/gpgkeys/route.js';
import { registerInstallationRoutes } from './routes/installation/route.js';
import { registerLinkRoutes } from './routes/links/route.js';
import { registerNotificationRoutes } from './routes/notifications/route.js';
import { registerOidcRoutes } from './routes/oidc/route.js';
import { registerPodLogsRoutes } from './routes/pod-logs/route.js';
import { registerProjectRoutes } from './routes/projects/route.js';
import { registerRepositoryRoutes } from './routes/repositories/route.js';
import { registerResourceActionRoutes } from './routes/resource-actions/route.js';
import { registerSessionRoutes } from './routes/session/route.js';
import { registerTerminalRoute } from './routes/terminal/route.js';
import { registerTokenExchangeRoutes } from './routes/token-exchange/route.js';
import { registerWebhookRoute } from './routes/webhook/route.js';

/** An Application object is at most 1.5 MiB in etcd; local manifests of a sync may be larger. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** Addresses of repositories and clusters are parts of paths. */
const MAX_PARAM_LENGTH = 2_048;
/** Tokens of login providers with many groups come in several cookies (F21); server-side diff takes manifests in its query. */
const MAX_HEADER_BYTES = 128 * 1024;
const SESSION_RECHECK_MS = 30_000;

export async function buildApp(deps: ApiServerDeps): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    logger: false,
    trustProxy: deps.installation.trustProxy,
    genReqId: requestIds(deps.installation.trustProxy),
    requestIdHeader: false,
    frameworkErrors: answerBadUrl(deps.installation.settings.http),
    forceCloseConnections: 'idle',
    ...serverOptions(deps),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
  });
  const streams: OpenStreams = new Set();
  app.decorate('streams', streams);
  app.decorate('sessionRecheckMs', deps.installation.sessionRecheckMs ?? SESSION_RECHECK_MS);
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.close();
  });
  app.setValidatorCompiler(lazyValidatorCompiler);
  // No schemas of answers: objects pass through whole, also with fields that no schema knows.
  app.setSerializerCompiler(() => toJson);
  await registerPlugins(app, deps);
  await registerRoutes(app, deps);
  return app;
}

function serverOptions({ publicServer }: ApiServerDeps): FastifyHttpOptions<Server> {
  const http = { maxHeaderSize: MAX_HEADER_BYTES, shouldUpgradeCallback: isWebSocketUpgrade };
  if (publicServer === undefined) return { http };
  return { serverFactory: (handler) => publicServer(handler as RequestListener, http) };
}

async function registerPlugins(app: FastifyInstance, deps: ApiServerDeps): Promise<void> {
  const { http } = deps.installation.settings;
  await app.register(auditPlugin, { trail: deps.auditTrail, clock: systemClock });
  await app.register(tracingPlugin, { tracer: deps.tracer });
  await app.register(webSocketPlugin);
  await app.register(errorsPlugin, { log: deps.log });
  await app.register(securityHeadersPlugin, { settings: http });
  await app.register(rateLimit, { global: false });
  await app.register(deadlinePlugin);
  await app.register(metricsPlugin, { metrics: deps.metrics });
  await app.register(contentTypePlugin, { settings: http });
  await app.register(authPlugin, { sessions: deps.session.tokens, settings: deps.session.settings });
  await app.register(bodyBudgetPlugin);
  await app.register(openApiPlugin, { version: deps.installation.version });
}

async function registerRoutes(app: FastifyInstance, deps: ApiServerDeps): Promise<void> {
  await registerSessionRoutes(app, deps.session);
  await registerDeviceLoginRoutes(app, deps.session.federation.deviceLogin);
  await registerTokenExchangeRoutes(app, deps.session.federation.tokenExchange);
  await registerOidcRoutes(app, deps.session);
  await registerDexProxy(app, {
    settings: deps.session.settings,
    trustProxy: deps.installation.trustProxy,
    log: deps.log,
  });
  registerApplicationRoutes(app, deps.applications);
  registerApplicationStateRoutes(app, deps.applicationState, deps.resourceActions.destinations);
  registerResourceActionRoutes(app, deps.resourceActions);
  registerApplicationResourceRoutes(app, deps.resourceActions);
  registerPodLogsRoutes(app, deps.resourceActions);
  registerTerminalRoute(app, { ...deps.resourceActions, audit: deps.applications.audit, log: deps.log });
  const onClose = (stop: () => Promise<void>) => void app.addHook('onClose', stop);
  registerApplicationSetRoutes(app, await startApplicationSets({ onClose }, deps));
  registerNotificationRoutes(app, deps.applications);
  registerLinkRoutes(app, { ...deps.resourceActions, log: deps.log });
  registerProjectRoutes(app, deps.projects);
  registerAccountRoutes(app, deps.accounts);
  registerCertificateRoutes(app, deps.certificates);
  registerClusterRoutes(app, deps.clusters);
  registerGpgKeyRoutes(app, deps.gpgKeys);
  registerRepositoryRoutes(app, deps.repositories);
  registerInstallationRoutes(app, deps.installation);
  registerBadgeRoute(app, deps.applications);
  await registerExtensionRoutes(app, deps.extensions);
  await registerWebhookRoute(app, deps.webhook);
}
