/** The real parts behind the HTTP application, started in the order in which they need each other. */
import {
  createHealthCheck,
  createKubeClient,
  createSettingsReport,
  type KubeClient,
  loadClusterConnection,
} from '@tiphys/cluster';
import { createLuaRuntime } from '@tiphys/lua';
import { createRepoServerClient } from '@tiphys/proto';
import {
  type Lifecycle,
  type Logger,
  loadTlsMaterial,
  type Metrics,
  outgoingCalls,
  registerBuildInfo,
  startTracing,
  systemClock,
  type Tracer,
} from '@tiphys/runtime';
import type { ApplicationDeps } from './applications/deps.js';
import { createRepositoryAccess } from './applications/repository-access.js';
import { createRepositoryIndex } from './applications/repository-index.js';
import { auditedClient } from './audit/audited-client.js';
import { createAudit } from './audit/events.js';
import { createFileSink, createStreamSink } from './audit/sinks.js';
import { type AuditTrail, createAuditMetrics, createAuditTrail } from './audit/trail.js';
import { unlessDisabled } from './auth/authorize.js';
import { type AuthContext, buildAuth } from './auth/build.js';
import { createPasswordCheck } from './auth/password.js';
import { createRbacAuthorizer, type RbacDeps } from './auth/rbac.js';
import { ensureServerSecrets } from './auth/server-secrets.js';
import { type ApiServerConfig, VERSION } from './config.js';
import type { ApiServerDeps } from './deps.js';
import { type ConfigObjects, type LiveSettings, watchConfigObjects } from './kube/config-objects.js';
import { createDataWriter } from './kube/data-writer.js';
import { ensureDefaultProject } from './kube/default-project.js';
import { createDestinations } from './kube/destinations.js';
import { effectiveProjects } from './kube/effective-projects.js';
import { createKubeVersion } from './kube/kube-version.js';
import { type ObserveClients, observeClients } from './kube/observe-clients.js';
import { watchServerCertificate } from './kube/server-certificate.js';
import { watchObjects } from './kube/watched-objects.js';
import { API_SERVER_MANAGER } from './kube/write-options.js';
import { type ApiMetrics, createApiMetrics } from './plugins/metrics.js';
import { openRedisParts } from './redis-parts.js';
import type { ExtensionDeps } from './routes/extensions/deps.js';
import { buildRepositoryDeps } from './routes/repositories/build.js';
import { createResourceActions } from './routes/resource-actions/actions.js';
import type { ResourceActionDeps } from './routes/resource-actions/route.js';
import { createPublicServer } from './tls/public-server.js';

export interface BuildContext {
  readonly config: ApiServerConfig;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Resolves when every watched copy is complete: the first list answered is a whole one. */
export async function buildDeps(context: BuildContext): Promise<ApiServerDeps> {
  const { config, log } = context;
  const { namespace, grpcTimeHistogram: timeHistogram } = config;
  const { tracer, observe } = await startObserving(context);
  const { kube, settings } = await prepareControlPlane(context, observe);
  const metrics = createApiMetrics(context.metrics, { timeHistogram });
  const [redis, watched] = await Promise.all([
    openRedisParts(context),
    watchObjects(context, kube, settings.server().applicationNamespaces),
  ]);
  const repoServer = connectRepoServer(context, tracer);
  const parts = { kube, settings, projects: watched.projects, cache: redis.cache, metrics };
  const { authorizer, audit, session } = buildAccess(context, parts);
  const shared = { namespace, authorizer, audit };
  const projects = effectiveProjects(watched.projects, settings);
  const applications = { ...shared, ...watched.applications, projects, settings, clock: systemClock };
  const writer = createDataWriter({ kube, namespace, observe: settings.observe });
  const applicationState = {
    ...{ applications, repoServer, settings, kube, cache: redis.cache, treeChanges: redis.treeChanges },
    kubeVersion: createKubeVersion(kube, systemClock),
    repositoryAccess: createRepositoryAccess(settings, projects),
  };
  return {
    applications,
    applicationState,
    resourceActions: buildResourceActions(context, { applicationState, settings, kube, observe }),
    webhook: {
      ...{ index: createRepositoryIndex(applications.store), queue: redis.refreshQueue, cache: redis.cache },
      ...{ settings, metrics, clock: systemClock, log },
      random: Math.random,
    },
    projects: {
      ...{ ...shared, kube, projects: watched.projects, observe: watched.observeProject, settings },
      ...{ store: applications.store, tokens: session.tokens, clock: systemClock },
    },
    session,
    accounts: {
      ...{ namespace, settings, authorizer, writer, tokens: session.tokens, clock: systemClock, log },
      checkPassword: createPasswordCheck(session.verifyPassword),
    },
    certificates: { settings, writer, authorizer, log },
    extensions: extensionDeps(context, applications, metrics),
    gpgKeys: { settings, writer, authorizer, log },
    clusters: {
      ...{ namespace, kube, settings, observe: settings.observe, store: applications.store, cache: redis.cache },
      ...{ authorizer, clock: systemClock, log },
    },
    repositories: buildRepositoryDeps({ kube, settings, applications, applicationState, repoServer, log }),
    installation: {
      ...{ version: VERSION, namespace, settings, authorizer, trustProxy: config.trustProxy },
      kubernetes: createHealthCheck(kube, namespace),
    },
    tracer,
    auditTrail: openAuditTrail(context),
    publicServer: await preparePublicServer(context, kube, settings),
    metrics,
    log,
  };
}

interface Observing {
  readonly tracer: Tracer;
  readonly observe: ObserveClients;
}

async function startObserving({ config, lifecycle, metrics, log }: BuildContext): Promise<Observing> {
  registerBuildInfo(metrics, `v${VERSION}`);
  const tracer = await startTracing({ service: 'argocd-server', settings: config, log });
  lifecycle.onStop('traces', () => tracer.stop());
  return { tracer, observe: observeClients(metrics, tracer) };
}

function connectRepoServer({ config, lifecycle }: BuildContext, tracer: Tracer) {
  const { host, port } = config.repoServerAddress;
  const tls = loadTlsMaterial(config.tlsDir);
  const repoServer = createRepoServerClient({ address: `${host}:${port}`, tls, around: outgoingCalls(tracer) });
  lifecycle.onStop('repo-server client', () => repoServer.close());
  return repoServer;
}

interface AccessParts extends Pick<AuthContext, 'kube' | 'projects' | 'cache'>, RbacDeps {
  readonly kube: KubeClient;
  readonly settings: LiveSettings;
  readonly metrics: ApiMetrics;
}

/** Who somebody is, what they may do, and what is noted of it. */
function buildAccess({ config, lifecycle, log }: BuildContext, parts: Omit<AccessParts, 'log'>) {
  const { kube, settings, projects, metrics } = parts;
  const rbac = createRbacAuthorizer({ settings, projects, log });
  const authorizer = unlessDisabled(rbac, () => settings.server().authDisabled);
  const { eventLabels } = settings;
  const audit = createAudit({ kube, clock: systemClock, log, projects, eventLabels });
  const session = buildAuth({ ...parts, config, lifecycle, log, audit, onAttempt: metrics.loginAttempt });
  return { authorizer, audit, session };
}

/** Whether plain HTTP is answered is decided at the start; certificates are read for every new connection. */
async function preparePublicServer(
  { config, lifecycle, log }: BuildContext,
  kube: KubeClient,
  settings: LiveSettings,
): Promise<NonNullable<ApiServerDeps['publicServer']>> {
  const watch = watchServerCertificate({ kube, namespace: config.namespace, log });
  await watch.start(lifecycle.signal);
  lifecycle.onStop('server certificate', () => watch.stop());
  const insecure = config.insecure ?? settings.http().insecure;
  return (handler, http) => createPublicServer(handler, { certificate: watch.current, insecure, http, log });
}

function openAuditTrail({ config, lifecycle, metrics, log }: BuildContext): AuditTrail {
  const sink = config.auditLog === undefined ? createStreamSink() : createFileSink(config.auditLog);
  const trail = createAuditTrail({ sink, clock: systemClock, log, metrics: createAuditMetrics(metrics) });
  lifecycle.onStop('audit log', () => trail.stop());
  return trail;
}

function extensionDeps(
  { config, log }: BuildContext,
  applications: ApplicationDeps,
  { extensionRequest: onRequest }: ApiMetrics,
): ExtensionDeps {
  const { extensions } = applications.settings;
  return { applications, extensions, onRequest, directory: config.extensionsDir, log };
}

interface ResourceActionParts extends Pick<ResourceActionDeps, 'applicationState'> {
  readonly settings: LiveSettings;
  readonly kube: KubeClient;
  readonly observe: ObserveClients;
}

function buildResourceActions(
  { lifecycle, log }: BuildContext,
  { applicationState, settings, kube, observe }: ResourceActionParts,
): ResourceActionDeps {
  const lua = createLuaRuntime({ log });
  lifecycle.onStop('lua', () => lua.stop());
  const destinations = createDestinations({ settings, home: kube, observe });
  lifecycle.onStop('destination clients', () => destinations.close());
  const actions = createResourceActions({ lua, customizations: settings.actions, clock: systemClock });
  return { applicationState, destinations, actions };
}

interface ControlPlaneParts {
  readonly kube: KubeClient;
  readonly settings: ConfigObjects;
}

/** Connects, completes what a first start needs, and reads the settings. */
async function prepareControlPlane(
  { config, lifecycle, metrics, log }: BuildContext,
  observe: ObserveClients,
): Promise<ControlPlaneParts> {
  const { namespace, kubeconfig } = config;
  const userAgent = 'tiphys-api-server';
  const connection = await loadClusterConnection({ kubeconfig, userAgent, ...observe.credentials });
  const kube = auditedClient(createKubeClient(connection, observe.client));
  lifecycle.onStop('kubernetes client', () => kube.close());
  await ensureServerSecrets({ kube, namespace, clock: systemClock, log }, lifecycle.signal);
  await ensureDefaultProject(kube, namespace, lifecycle.signal);
  const report = createSettingsReport({ client: kube, namespace, component: API_SERVER_MANAGER, metrics, log });
  const settings = watchConfigObjects({ kube, namespace, log, report });
  await settings.start(lifecycle.signal);
  lifecycle.onStop('settings', () => settings.stop());
  return { kube, settings };
}
