/** Binds version, settings and /healthz. */
import { installationRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindPublicRoute } from '../../http/bind.js';
import { createGetSettings, createGetVersion, type InstallationDeps } from './handlers.js';

export function registerInstallationRoutes(app: FastifyInstance, deps: InstallationDeps): void {
  bindPublicRoute(app, routes.version, createGetVersion(deps));
  bindPublicRoute(app, routes.settings, createGetSettings(deps));
  app.get('/healthz', { config: { public: true }, schema: { hide: true } }, async (_, reply) =>
    reply.type('text/plain; charset=utf-8').send('ok'),
  );
}
