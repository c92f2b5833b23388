/** Every route of the contract: what the server binds, OpenAPI shows and clients can call. */
import type { RouteContract } from './route.js';
import { accountRoutes } from './routes/accounts.js';
import { applicationResourceRoutes } from './routes/application-resources.js';
import { applicationStateRoutes } from './routes/application-state.js';
import { applicationRoutes } from './routes/applications.js';
import { applicationSetRoutes } from './routes/applicationsets.js';
import { certificateRoutes } from './routes/certificates.js';
import { clusterRoutes } from './routes/clusters.js';
import { federationRoutes } from './routes/federation.js';
import { gpgKeyRoutes } from './routes/gpgkeys.js';
import { installationRoutes } from './routes/installation.js';
import { linkRoutes } from './routes/links.js';
import { notificationRoutes } from './routes/notifications.js';
import { podLogsRoutes } from './routes/pod-logs.js';
import { projectRoutes } from './routes/projects.js';
import { repoCredsRoutes, writeRepoCredsRoutes } from './routes/repocreds.js';
import { repositoryRoutes, writeRepositoryRoutes } from './routes/repositories.js';
import { resourceActionRoutes } from './routes/resource-actions.js';
import { sessionRoutes } from './routes/session.js';

/** A group that is not in this list is not part of the API: a test of the API server compares it with what is bound. */
const groups: readonly Readonly<Record<string, RouteContract>>[] = [
  accountRoutes,
  applicationRoutes,
  applicationResourceRoutes,
  applicationSetRoutes,
  applicationStateRoutes,
  certificateRoutes,
  clusterRoutes,
  federationRoutes,
  gpgKeyRoutes,
  installationRoutes,
  linkRoutes,
  notificationRoutes,
  podLogsRoutes,
  projectRoutes,
  repoCredsRoutes,
  repositoryRoutes,
  resourceActionRoutes,
  sessionRoutes,
  writeRepoCredsRoutes,
  writeRepositoryRoutes,
];

/** In the order of paths, so that what is generated from them does not depend on the order of declarations. */
export const allRoutes: readonly RouteContract[] = groups
  .flatMap((group) => Object.values(group))
  .sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
