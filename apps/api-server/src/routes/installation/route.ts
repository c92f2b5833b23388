/** Binds version, settings and /healthz. */
import { installationRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindPublicRoute } from '../../http/bind.js';
import { createGetSettings, createGetVersion, type InstallationDeps } from './handlers.js';

export function registerInstallationRoutes(app: FastifyInstance, deps: InstallationDeps): void {
  bindPublicRoute(app, routes.version, createGetVersion(deps));
  bindPublicRoute(app, routes.settings, createGetSettings(deps));
  app.get('/healthz', { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
    reply.type('text/plain; charset=utf-8');
    const { full } = request.query as Readonly<Record<string, unknown>>;
    // Why not is for the operations port: this one answers strangers.
    if (full === 'true' && !(await deps.kubernetes()).ok)
      return reply.code(503).send('the Kubernetes API is unavailable');
    return reply.send('ok');
  });
}
