/** Builds the parts of the controller and starts them in order; each registers how to stop. */
import { type AuthenticatedCache, createAuthenticatedCache, createChangeFeed } from '@tiphys/cache';
import {
  createEventRecorder,
  createHealthCheck,
  createKubeClient,
  createKubectlMetrics,
  createSettingsReport,
  type KubeClient,
  loadClusterConnection,
} from '@tiphys/cluster';
import { createLuaRuntime } from '@tiphys/lua';
import { PRODUCT_VERSION, QUEUES, TREE_CHANGED_CHANNEL } from '@tiphys/model';
import { createRepoServerClient } from '@tiphys/proto';
import { createKeyedQueue, createQueueMetrics } from '@tiphys/queue';
import {
  type Check,
  type CheckResult,
  createMetrics,
  type Lifecycle,
  type Logger,
  loadTlsMaterial,
  type Metrics,
  outgoingCalls,
  redisConnection,
  registerBuildInfo,
  startOpsServer,
  startTracing,
  systemClock,
  type Tracer,
} from '@tiphys/runtime';
import { createResourceViews } from './adapters/resource-views.js';
import { registerStateMetrics } from './application-metrics.js';
import { createClusterInfoWriter, watchClusterInfo } from './cluster-info.js';
import { registerClusterMetrics } from './cluster-metrics.js';
import type { Config } from './config.js';
import { createControllerMetrics } from './metrics.js';
import { observeClients } from './observe-clients.js';
import { countOrphans } from './orphan-counts.js';
import { startReconcilers } from './reconcilers.js';
import { type ControllerState, startState } from './state.js';

const STOP_GRACE_MS = 15_000;

export async function startController(config: Config, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const { signal, onStop } = lifecycle;
  const metrics = createMetrics();
  registerBuildInfo(metrics, `v${PRODUCT_VERSION}`);
  const readiness: Readiness = { ready: false, kubernetes: undefined };
  const health: Check = async ({ full }) =>
    full && readiness.kubernetes !== undefined ? [await readiness.kubernetes()] : [];
  const ready: Check = () => [cachesReady(readiness)];
  const ops = await startOpsServer({ listen: config.metricsListen, metrics, health, ready });
  onStop('operations server', () => ops.stop());
  const tracer = await startTracing({ service: 'argocd-application-controller', settings: config, log });
  onStop('traces', () => tracer.stop());

  const parts = { config, log, lifecycle, metrics, tracer };
  const redis = await openRedisParts(parts);
  const controllerMetrics = createControllerMetrics(metrics);
  const kube = await connectHome(parts, controllerMetrics);
  readiness.kubernetes = createHealthCheck(kube.client, config.namespace);
  const repoServer = createRepoServerClient({
    address: addressOf(config.repoServerAddress),
    tls: config.tlsDir === undefined ? undefined : loadTlsMaterial(config.tlsDir),
    around: outgoingCalls(tracer),
  });
  onStop('repo-server client', () => repoServer.close());
  const reports = openReports(parts, kube.client);

  const { cache, feed, ...queues } = redis;
  const orphans = countOrphans(createResourceViews({ cache, feed, namespace: config.namespace }));
  const base = {
    config,
    log,
    ...kube,
    repoServer,
    ...queues,
    views: orphans.views,
    cache,
    ...reports,
    tracer,
    metrics: controllerMetrics,
  };
  const lua = createLuaRuntime({ log });
  onStop('lua', () => lua.stop());
  const state = await startState(base, lifecycle);
  registerStateMetrics(metrics, {
    applications: state.applications.list,
    destServer: state.destServer,
    orphans: orphans.countOf,
    labels: listOf(config.metricsApplicationLabels),
    conditions: listOf(config.metricsApplicationConditions),
  });
  registerClusterMetrics(metrics, {
    clusters: state.clusterStates,
    labelsOf: (server) => state.settings.current().clusters.find((cluster) => cluster.server === server)?.labels ?? {},
    labels: listOf(config.metricsClusterLabels),
  });
  expireCounts(metrics, config.metricsCacheExpiration, lifecycle);
  tellOfClusters({ ...base, ...state }, lifecycle);
  const reconcilers = await startReconcilers({ ...base, ...state, lua }, signal);
  onStop('reconcilers', () => reconcilers.stop(STOP_GRACE_MS));
  readiness.ready = true;
}

interface ClusterInfoParts extends Pick<ControllerState, 'clusterStates' | 'settings'> {
  readonly client: KubeClient;
  readonly cache: AuthenticatedCache;
  readonly log: Logger;
  readonly config: Config;
}

interface Readiness {
  ready: boolean;
  /** Undefined: not connected yet. */
  kubernetes: (() => Promise<CheckResult>) | undefined;
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
}

/** The queues have the names that Argo CD's metrics give to the same work. */
async function openRedisParts({ config, log, lifecycle: { onStop }, metrics }: Parts) {
  const connection = redisConnection(config);
  const { cacheKey, redisAllowUnauthenticated: allowUnauthenticated } = config;
  const initiator = 'argocd-application-controller';
  const cache = await createAuthenticatedCache({ connection, cacheKey, log, metrics, initiator, allowUnauthenticated });
  onStop('cache', () => cache.close());
  const feed = createChangeFeed({ connection, channel: TREE_CHANGED_CHANNEL, log });
  onStop('change feed', () => feed.close());
  const queueMetrics = createQueueMetrics(metrics);
  const refreshMetrics = queueMetrics('app_reconciliation_queue');
  const operationMetrics = queueMetrics('app_operation_processing_queue');
  const refreshQueue = createKeyedQueue({ name: QUEUES.refresh, connection, log, onAdded: refreshMetrics.onAdded });
  onStop('refresh queue', () => refreshQueue.close());
  refreshMetrics.watch(refreshQueue);
  const operationQueue = createKeyedQueue({
    name: QUEUES.operation,
    connection,
    log,
    onAdded: operationMetrics.onAdded,
  });
  onStop('operation queue', () => operationQueue.close());
  operationMetrics.watch(operationQueue);
  return { cache, feed, refreshQueue, operationQueue, refreshMetrics, operationMetrics };
}

async function connectHome(
  { config, lifecycle, metrics, tracer }: Parts,
  controllerMetrics: ReturnType<typeof createControllerMetrics>,
) {
  const observe = observeClients({ metrics: controllerMetrics, kubectl: createKubectlMetrics(metrics), tracer });
  const home = await loadClusterConnection({
    kubeconfig: config.kubeconfig,
    userAgent: 'tiphys-application-controller',
    ...observe.credentials,
  });
  const client = createKubeClient(home, { concurrency: config.kubeConnections, ...observe.client(home.server) });
  lifecycle.onStop('kubernetes client', () => client.close());
  return { home, client, observe };
}

/** Events, and what of the settings cannot be used; both are written to the end before the client closes. */
function openReports({ config, metrics, log, lifecycle }: Parts, client: KubeClient) {
  const options = { client, component: 'application-controller', log };
  const events = createEventRecorder(options);
  const settingsReport = createSettingsReport({ ...options, namespace: config.namespace, metrics });
  lifecycle.onStop('events', async () => {
    await Promise.all([events.flush(), settingsReport.flush()]);
  });
  return { events, settingsReport };
}

function tellOfClusters(deps: ClusterInfoParts, { signal, onStop }: Lifecycle): void {
  const { client, cache, log, config, clusterStates, settings } = deps;
  const registered = () => settings.current().clusters;
  const { namespace } = config;
  const writer = createClusterInfoWriter({
    ...{ states: clusterStates, registered, cache, client, namespace, clock: systemClock, log },
  });
  onStop('state of clusters', watchClusterInfo(writer, signal));
}

/** M02: what was counted about applications that are gone is forgotten, with everything else. */
function expireCounts(metrics: Metrics, everyMs: number, { onStop }: Lifecycle): void {
  if (everyMs === 0) return;
  const timer = setInterval(metrics.resetCounts, everyMs);
  onStop('expiry of metrics', () => clearInterval(timer));
}

function cachesReady({ ready }: Readiness) {
  return { name: 'caches', ok: ready, ...(ready ? {} : { message: 'the first lists are still being read' }) };
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function addressOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}:${port}`;
}
