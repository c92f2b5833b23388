/** The real parts behind the HTTP application, started in the order in which they need each other. */
import { createAuthenticatedCache } from '@tiphys/cache';
import { createInformer, createKubeClient, type KubeClient, loadClusterConnection, RESOURCES } from '@tiphys/cluster';
import { type AppProject, type KubernetesObject } from '@tiphys/model';
import { type Lifecycle, type Logger, type Metrics, redisConnection, systemClock } from '@tiphys/runtime';
import { createAudit } from './applications/audit.js';
import type { ApplicationDeps } from './applications/deps.js';
import { type ApplicationEntry, applicationEntry, createApplicationStore } from './applications/store.js';
import { createApplicationWriter } from './applications/writer.js';
import { adminOnly } from './auth/authorize.js';
import { createLogin } from './auth/login.js';
import { createLoginThrottle } from './auth/login-throttle.js';
import { createRevokedTokens } from './auth/revoked-tokens.js';
import { ensureServerSecrets } from './auth/server-secrets.js';
import { createSessionTokens } from './auth/session-tokens.js';
import { type ApiServerConfig, VERSION } from './config.js';
import type { ApiServerDeps } from './deps.js';
import { type LiveSettings, watchConfigObjects } from './kube/config-objects.js';
import { ensureDefaultProject } from './kube/default-project.js';
import { type ApiMetrics, createApiMetrics } from './plugins/metrics.js';

export interface BuildContext {
  readonly config: ApiServerConfig;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Resolves when every watched copy is complete: the first list answered is a whole one. */
export async function buildDeps(context: BuildContext): Promise<ApiServerDeps> {
  const { config, lifecycle, log } = context;
  const kube = createKubeClient(
    await loadClusterConnection({ kubeconfig: config.kubeconfig, userAgent: 'tiphys-api-server' }),
  );
  lifecycle.onStop('kubernetes client', () => kube.close());
  const { namespace } = config;
  await ensureServerSecrets({ kube, namespace, clock: systemClock, log }, lifecycle.signal);
  await ensureDefaultProject(kube, namespace, lifecycle.signal);
  const settings = watchConfigObjects({ kube, namespace, log });
  await settings.start(lifecycle.signal);
  lifecycle.onStop('settings', () => settings.stop());
  const metrics = createApiMetrics(context.metrics);
  const [session, watched] = await Promise.all([
    buildSession(context, { settings, metrics }),
    watchObjects(context, kube),
  ]);
  const shared = { namespace, authorizer: adminOnly, audit: createAudit({ kube, clock: systemClock, log }) };
  return {
    applications: { ...shared, ...watched.applications, projects: watched.projects, clock: systemClock },
    projects: { ...shared, kube, projects: watched.projects, observe: watched.observeProject },
    session,
    installation: { version: VERSION, namespace, settings, trustProxy: config.trustProxy },
    metrics,
    log,
  };
}

interface SessionParts {
  readonly settings: LiveSettings;
  readonly metrics: ApiMetrics;
}

async function buildSession(
  context: BuildContext,
  { settings, metrics }: SessionParts,
): Promise<ApiServerDeps['session']> {
  const { config, lifecycle, log } = context;
  const cache = await createAuthenticatedCache({
    connection: redisConnection(config),
    cacheKey: config.cacheKey,
    allowUnauthenticated: config.redisAllowUnauthenticated,
    metrics: context.metrics,
    log,
  });
  lifecycle.onStop('cache', () => cache.close());
  const { accounts } = settings;
  const tokens = createSessionTokens({ accounts, revoked: createRevokedTokens(cache, log), clock: systemClock });
  const throttle = createLoginThrottle({ cache, clock: systemClock, log });
  return { tokens, login: createLogin({ accounts, throttle, tokens, onAttempt: metrics.loginAttempt, log }) };
}

interface Watched {
  readonly applications: Pick<ApplicationDeps, 'store' | 'writer'>;
  readonly projects: ApplicationDeps['projects'];
  readonly observeProject: (object: KubernetesObject) => void;
}

async function watchObjects({ config, lifecycle, log }: BuildContext, kube: KubeClient): Promise<Watched> {
  const { namespace } = config;
  const store = createApplicationStore();
  const applications = createInformer<ApplicationEntry>({
    ...{ client: kube, resource: RESOURCES.applications, namespace, log, transform: applicationEntry },
    onChange: (_, current, previous) => {
      if (current !== undefined) store.put(current);
      else if (previous !== undefined) store.remove(previous.key);
    },
  });
  const projects = createInformer<AppProject>({ client: kube, resource: RESOURCES.appProjects, namespace, log });
  await Promise.all([applications.start(lifecycle.signal), projects.start(lifecycle.signal)]);
  lifecycle.onStop('watches', async () => {
    await Promise.all([applications.stop(), projects.stop()]);
  });
  return {
    applications: { store, writer: createApplicationWriter(kube, applications.observe) },
    projects: { get: (name) => projects.get(namespace, name), list: () => sorted(projects.list()) },
    observeProject: projects.observe,
  };
}

function sorted(projects: readonly AppProject[]): readonly AppProject[] {
  return [...projects].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
}
