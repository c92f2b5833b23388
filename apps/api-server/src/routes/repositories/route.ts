/** Binds the routes of repositories, credential templates and plugins. */
import { repoCredsRoutes, repositoryRoutes, writeRepoCredsRoutes, writeRepositoryRoutes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute } from '../../http/bind.js';
import { createAppDetails } from './app-details.js';
import { testConnection } from './connection.js';
import { createConnectionStates } from './connection-states.js';
import { createListApps, createListCharts, createListPlugins, createListRefs } from './contents.js';
import { type CredentialKind, READING, type RepositoryDeps, WRITING } from './deps.js';
import {
  createCreateRepository,
  createDeleteRepository,
  createGetRepository,
  createListRepositories,
  createUpdateRepository,
  createValidateAccess,
} from './handlers.js';
import { createCreateTemplate, createDeleteTemplate, createListTemplates, createUpdateTemplate } from './templates.js';

export function registerRepositoryRoutes(app: FastifyInstance, deps: RepositoryDeps): void {
  bindRepositories(app, repositoryRoutes, { ...deps, kind: READING });
  bindRepositories(app, writeRepositoryRoutes, { ...deps, kind: WRITING });
  bindTemplates(app, repoCredsRoutes, { ...deps, kind: READING });
  bindTemplates(app, writeRepoCredsRoutes, { ...deps, kind: WRITING });
  bindRoute(app, repositoryRoutes.apps, createListApps(deps));
  bindRoute(app, repositoryRoutes.helmCharts, createListCharts(deps));
  bindRoute(app, repositoryRoutes.ociTags, createListRefs(deps));
  bindRoute(app, repositoryRoutes.refs, createListRefs(deps));
  bindRoute(app, repositoryRoutes.appDetails, createAppDetails(deps));
  bindRoute(app, repositoryRoutes.plugins, createListPlugins(deps));
}

type KindDeps = RepositoryDeps & { readonly kind: CredentialKind };

function bindRepositories(app: FastifyInstance, routes: typeof writeRepositoryRoutes, deps: KindDeps): void {
  const { clock } = deps;
  const states = createConnectionStates({ test: (asked, signal) => testConnection(deps, asked, signal), clock });
  const own = { ...deps, states };
  bindRoute(app, routes.list, createListRepositories(own));
  bindRoute(app, routes.create, createCreateRepository(own));
  bindRoute(app, routes.get, createGetRepository(own));
  bindRoute(app, routes.update, createUpdateRepository(own));
  bindRoute(app, routes.delete, createDeleteRepository(own));
  bindRoute(app, routes.validate, createValidateAccess(own));
}

function bindTemplates(app: FastifyInstance, routes: typeof repoCredsRoutes, deps: KindDeps): void {
  bindRoute(app, routes.list, createListTemplates(deps));
  bindRoute(app, routes.create, createCreateTemplate(deps));
  bindRoute(app, routes.update, createUpdateTemplate(deps));
  bindRoute(app, routes.delete, createDeleteTemplate(deps));
}
