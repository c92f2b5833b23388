/** Gauges that are read off the Applications and clusters at each scrape, under Argo CD's names and labels (M01, M02). */
import { type Application, sourcesOf } from '@tiphys/model';
import type { Metrics } from '@tiphys/runtime';
import type { DestinationCluster } from './ports.js';

export interface StateMetricsOptions {
  readonly applications: () => readonly Application[];
  readonly clusters: () => readonly DestinationCluster[];
  /** Labels of Applications that become labels of `argocd_app_labels`; empty: no such metric. */
  readonly labels: readonly string[];
  /** Condition types that `argocd_app_condition` shows; empty: no such metric. */
  readonly conditions: readonly string[];
}

const APP = ['namespace', 'name', 'project'] as const;
const INFO = [
  ...APP,
  ...([
    'autosync_enabled',
    'repo',
    'dest_server',
    'dest_namespace',
    'sync_status',
    'health_status',
    'operation',
  ] as const),
] as const;

export function registerStateMetrics(metrics: Metrics, options: StateMetricsOptions): void {
  metrics.gauge({
    name: 'argocd_app_info',
    help: 'Information about application',
    labels: INFO,
    collect(gauge) {
      gauge.reset();
      for (const app of options.applications()) gauge.set({ ...identity(app), ...infoOf(app) }, 1);
    },
  });
  if (options.labels.length > 0) registerLabels(metrics, options);
  if (options.conditions.length > 0) registerConditions(metrics, options);
  registerClusters(metrics, options.clusters);
}

function identity({ metadata, spec }: Application): Record<(typeof APP)[number], string> {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '', project: spec.project };
}

function infoOf(app: Application): Record<Exclude<(typeof INFO)[number], (typeof APP)[number]>, string> {
  const { spec, status } = app;
  return {
    autosync_enabled: String(isAutomated(app)),
    repo: sourcesOf(spec)[0]?.repoURL ?? '',
    dest_server: spec.destination.server ?? '',
    dest_namespace: spec.destination.namespace ?? '',
    sync_status: status?.sync?.status || 'Unknown',
    health_status: status?.health?.status || 'Unknown',
    operation: operationOf(app),
  };
}

function isAutomated({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated.enabled !== false;
}

function operationOf({ metadata, operation }: Application): 'delete' | 'sync' | '' {
  if (metadata.deletionTimestamp !== undefined) return 'delete';
  return operation?.sync === undefined ? '' : 'sync';
}

function registerLabels(metrics: Metrics, { applications, labels }: StateMetricsOptions): void {
  const names = labels.map((label) => `label_${label.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`);
  metrics.gauge<string>({
    name: 'argocd_app_labels',
    help: 'Argo Application labels converted to Prometheus labels',
    labels: [...APP, ...names],
    collect(gauge) {
      gauge.reset();
      for (const app of applications()) {
        const values = labels.map((label, index) => [names[index] ?? '', app.metadata.labels?.[label] ?? ''] as const);
        gauge.set({ ...identity(app), ...Object.fromEntries(values) }, 1);
      }
    },
  });
}

function registerConditions(metrics: Metrics, { applications, conditions }: StateMetricsOptions): void {
  metrics.gauge({
    name: 'argocd_app_condition',
    help: 'Number of conditions of an application by type',
    labels: [...APP, 'condition'],
    collect(gauge) {
      gauge.reset();
      for (const app of applications()) {
        for (const { type } of app.status?.conditions ?? []) {
          if (conditions.includes(type)) gauge.inc({ ...identity(app), condition: type });
        }
      }
    },
  });
}

function registerClusters(metrics: Metrics, clusters: StateMetricsOptions['clusters']): void {
  const perCluster = (name: string, help: string, valueOf: (cluster: DestinationCluster) => number | undefined) =>
    metrics.gauge({
      name,
      help,
      labels: ['server'],
      collect(gauge) {
        gauge.reset();
        for (const cluster of clusters()) {
          const value = valueOf(cluster);
          if (value !== undefined) gauge.set({ server: cluster.server }, value);
        }
      },
    });
  metrics.gauge({
    name: 'argocd_cluster_info',
    help: 'Information about cluster',
    labels: ['server', 'k8s_version', 'name'],
    collect(gauge) {
      gauge.reset();
      for (const { server, name, cache } of clusters())
        gauge.set({ server, name, k8s_version: cache.discovery.kubeVersion }, 1);
    },
  });
  perCluster('argocd_cluster_connection_status', 'The k8s cluster current connection status', isConnected);
  perCluster('argocd_cluster_api_resources', 'Number of monitored kubernetes API resources', watchesOf);
  perCluster('argocd_cluster_api_resource_objects', 'Number of k8s resource objects in the cache', objectsOf);
  perCluster('argocd_cluster_cache_age_seconds', 'Seconds since the cache heard of the cluster', silenceOf);
}

const isConnected = ({ cache }: DestinationCluster): number => (cache.unreadable().size === 0 ? 1 : 0);
const watchesOf = ({ cache }: DestinationCluster): number => cache.stats.watches;
const objectsOf = ({ cache }: DestinationCluster): number => cache.stats.resources;

function silenceOf({ cache }: DestinationCluster): number | undefined {
  const { lastEventAt } = cache.stats;
  return lastEventAt === undefined ? undefined : Math.max(0, (Date.now() - lastEventAt) / 1_000);
}
