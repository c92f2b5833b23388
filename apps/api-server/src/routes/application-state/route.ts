/** Binds the application routes that show state (N02-N04). */
import { applicationStateRoutes as routes } from '@tiphys/api-contract';
import type { FastifyInstance } from 'fastify';
import { bindRoute, bindStream } from '../../http/bind.js';
import type { Destinations } from '../../kube/destinations.js';
import type { ApplicationStateDeps } from './deps.js';
import { createGetSyncWindows, createListEvents } from './events.js';
import { createGetManifests, createGetRevisionMetadata } from './manifests.js';
import { createGetManifestsWithFiles } from './manifests-with-files.js';
import { createGetChartDetails, createGetOciMetadata } from './metadata.js';
import { createServerSideDiff } from './server-side-diff.js';
import { createGetManagedResources, createGetResourceTree, createWatchResourceTree } from './views.js';

export function registerApplicationStateRoutes(
  app: FastifyInstance,
  deps: ApplicationStateDeps,
  destinations: Destinations,
): void {
  bindRoute(app, routes.resourceTree, createGetResourceTree(deps));
  bindRoute(app, routes.managedResources, createGetManagedResources(deps));
  bindRoute(app, routes.manifests, createGetManifests(deps));
  bindRoute(app, routes.serverSideDiff, createServerSideDiff({ applicationState: deps, destinations }));
  bindRoute(app, routes.manifestsWithFiles, createGetManifestsWithFiles(deps));
  bindRoute(app, routes.revisionMetadata, createGetRevisionMetadata(deps));
  bindRoute(app, routes.chartDetails, createGetChartDetails(deps));
  bindRoute(app, routes.ociMetadata, createGetOciMetadata(deps));
  bindRoute(app, routes.syncWindows, createGetSyncWindows(deps));
  bindRoute(app, routes.events, createListEvents(deps, destinations));
  bindStream(app, routes.watchResourceTree, createWatchResourceTree(deps));
}
