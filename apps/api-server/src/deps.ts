/** Everything the HTTP application is made of; `main` builds it from the real parts, tests from what they need. */
import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { Logger, Tracer } from '@tiphys/runtime';
import type { ApplicationDeps } from './applications/deps.js';
import type { AuditTrail } from './audit/trail.js';
import type { AuthParts } from './auth/build.js';
import type { ApiMetrics } from './plugins/metrics.js';
import type { AccountDeps } from './routes/accounts/deps.js';
import type { ApplicationStateDeps } from './routes/application-state/deps.js';
import type { CertificateDeps } from './routes/certificates/handlers.js';
import type { ClusterDeps } from './routes/clusters/deps.js';
import type { ExtensionDeps } from './routes/extensions/deps.js';
import type { GpgKeyDeps } from './routes/gpgkeys/handlers.js';
import type { InstallationDeps } from './routes/installation/handlers.js';
import type { ProjectDeps } from './routes/projects/deps.js';
import type { RepositoryDeps } from './routes/repositories/deps.js';
import type { ResourceActionDeps } from './routes/resource-actions/route.js';
import type { WebhookDeps } from './routes/webhook/handler.js';

export interface ApiServerDeps {
  readonly applications: ApplicationDeps;
  readonly applicationState: ApplicationStateDeps;
  readonly resourceActions: ResourceActionDeps;
  readonly webhook: WebhookDeps;
  readonly projects: ProjectDeps;
  readonly accounts: AccountDeps;
  readonly certificates: CertificateDeps;
  readonly clusters: ClusterDeps;
  readonly gpgKeys: GpgKeyDeps;
  readonly repositories: RepositoryDeps;
  readonly session: AuthParts;
  readonly extensions: ExtensionDeps;
  readonly installation: InstallationDeps & {
    readonly trustProxy: boolean;
    /** How often open streams check their session; default 30 s (S17). */
    readonly sessionRecheckMs?: number;
  };
  /** The server of the public port; absent: Fastify's own, plain HTTP. */
  readonly publicServer?: (handler: RequestListener, http: ServerOptions) => Server;
  readonly auditTrail: AuditTrail;
  readonly tracer: Tracer;
  readonly metrics: ApiMetrics;
  readonly log: Logger;
}
