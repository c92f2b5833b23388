/** Builds the parts of the controller and starts them in order; each registers how to stop. */
import { createAuthenticatedCache, createChangeFeed } from '@tiphys/cache';
import { createEventRecorder, createKubeClient, loadClusterConnection } from '@tiphys/cluster';
import { createLuaRuntime } from '@tiphys/lua';
import { QUEUES, TREE_CHANGED_CHANNEL } from '@tiphys/model';
import { createRepoServerClient } from '@tiphys/proto';
import { createKeyedQueue } from '@tiphys/queue';
import {
  createMetrics,
  type Lifecycle,
  type Logger,
  loadTlsMaterial,
  redisConnection,
  startOpsServer,
} from '@tiphys/runtime';
import { createResourceViews } from './adapters/resource-views.js';
import { registerStateMetrics } from './application-metrics.js';
import type { Config } from './config.js';
import { createControllerMetrics } from './metrics.js';
import { startReconcilers } from './reconcilers.js';
import { startState } from './state.js';

const STOP_GRACE_MS = 15_000;

export async function startController(config: Config, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const { signal, onStop } = lifecycle;
  const metrics = createMetrics();
  const readiness = { ready: false };
  const ops = await startOpsServer({ listen: config.metricsListen, metrics, ready: () => [cachesReady(readiness)] });
  onStop('operations server', () => ops.stop());

  const connection = redisConnection(config);
  const { cacheKey, redisAllowUnauthenticated: allowUnauthenticated, namespace } = config;
  const cache = await createAuthenticatedCache({ connection, cacheKey, log, metrics, allowUnauthenticated });
  onStop('cache', () => cache.close());
  const feed = createChangeFeed({ connection, channel: TREE_CHANGED_CHANNEL, log });
  onStop('change feed', () => feed.close());
  const refreshQueue = createKeyedQueue({ name: QUEUES.refresh, connection, log });
  onStop('refresh queue', () => refreshQueue.close());
  const operationQueue = createKeyedQueue({ name: QUEUES.operation, connection, log });
  onStop('operation queue', () => operationQueue.close());

  const home = await loadClusterConnection({
    kubeconfig: config.kubeconfig,
    userAgent: 'tiphys-application-controller',
  });
  const controllerMetrics = createControllerMetrics(metrics, { refreshQueue, operationQueue });
  const client = createKubeClient(home, {
    concurrency: config.kubeConnections,
    onRequest: (report) => controllerMetrics.kubeRequest(home.server, report),
  });
  onStop('kubernetes client', () => client.close());
  const repoServer = createRepoServerClient({
    address: addressOf(config.repoServerAddress),
    tls: config.tlsDir === undefined ? undefined : loadTlsMaterial(config.tlsDir),
  });
  onStop('repo-server client', () => repoServer.close());
  const events = createEventRecorder({ client, component: 'application-controller', log });
  onStop('events', () => events.flush());

  const views = createResourceViews({ cache, feed, namespace });
  const base = {
    config,
    log,
    client,
    home,
    repoServer,
    refreshQueue,
    operationQueue,
    views,
    cache,
    events,
    metrics: controllerMetrics,
  };
  const lua = createLuaRuntime({ log });
  onStop('lua', () => lua.stop());
  const state = await startState(base, lifecycle);
  registerStateMetrics(metrics, {
    applications: state.applications.list,
    clusters: state.startedClusters,
    labels: listOf(config.metricsApplicationLabels),
    conditions: listOf(config.metricsApplicationConditions),
  });
  const reconcilers = await startReconcilers({ ...base, ...state, lua }, signal);
  onStop('reconcilers', () => reconcilers.stop(STOP_GRACE_MS));
  readiness.ready = true;
}

function cachesReady({ ready }: { readonly ready: boolean }) {
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
