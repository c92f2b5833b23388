/** Gauges that are read off the destination clusters at each scrape, under Argo CD's names and labels (M01, M02). */
import type { Metrics } from '@tiphys/runtime';
import type { ClusterState } from './ports.js';

export interface ClusterMetricsOptions {
  /** All registered clusters. */
  readonly clusters: () => readonly ClusterState[];
  /** Labels of a cluster's Secret. */
  readonly labelsOf: (server: string) => Readonly<Record<string, string>>;
  /** Those that become labels of `argocd_cluster_labels`; empty: no such metric. */
  readonly labels: readonly string[];
}

/** A label of Kubernetes as one of Prometheus: `label_team_name`. */
export function metricLabel(label: string): string {
  return `label_${label.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
}

/** Clusters that no application needs are not watched, and have no samples but their labels, as in Argo CD. */
export function registerClusterMetrics(metrics: Metrics, options: ClusterMetricsOptions): void {
  const perCluster = (name: string, help: string, valueOf: (cluster: ClusterState) => number) =>
    metrics.gauge({
      name,
      help,
      labels: ['server'],
      collect(gauge) {
        gauge.reset();
        for (const cluster of watched(options)) gauge.set({ server: cluster.server }, valueOf(cluster));
      },
    });
  registerInfo(metrics, options);
  perCluster(
    'argocd_cluster_api_resources',
    'Number of monitored kubernetes API resources.',
    ({ cache }) => cache?.stats.watches ?? 0,
  );
  perCluster(
    'argocd_cluster_api_resource_objects',
    'Number of k8s resource objects in the cache.',
    ({ cache }) => cache?.stats.resources ?? 0,
  );
  perCluster('argocd_cluster_cache_age_seconds', 'Cluster cache age in seconds.', ageOf);
  if (options.labels.length > 0) registerLabels(metrics, options);
}

function registerInfo(metrics: Metrics, options: ClusterMetricsOptions): void {
  metrics.gauge({
    name: 'argocd_cluster_info',
    help: 'Information about cluster.',
    labels: ['server', 'k8s_version', 'name'],
    collect(gauge) {
      gauge.reset();
      for (const { server, name, kubeVersion } of watched(options))
        gauge.set({ server, name, k8s_version: kubeVersion }, 1);
    },
  });
  metrics.gauge({
    name: 'argocd_cluster_connection_status',
    help: 'The k8s cluster current connection status.',
    labels: ['server', 'k8s_version'],
    collect(gauge) {
      gauge.reset();
      for (const { server, kubeVersion, status } of watched(options)) {
        gauge.set({ server, k8s_version: kubeVersion }, status === 'Failed' ? 0 : 1);
      }
    },
  });
}

function registerLabels(metrics: Metrics, { clusters, labelsOf, labels }: ClusterMetricsOptions): void {
  metrics.gauge<string>({
    name: 'argocd_cluster_labels',
    help: 'Argo Cluster labels converted to Prometheus labels',
    labels: ['server', 'name', ...labels.map(metricLabel)],
    collect(gauge) {
      gauge.reset();
      for (const { server, name } of clusters()) {
        const present = labelsOf(server);
        const values = labels.map((label) => [metricLabel(label), present[label] ?? ''] as const);
        gauge.set({ server, name, ...Object.fromEntries(values) }, 1);
      }
    },
  });
}

function watched({ clusters }: ClusterMetricsOptions): readonly ClusterState[] {
  return clusters().filter(({ status }) => status !== 'Unknown');
}

/** -1 as long as the cache was never filled. */
function ageOf({ syncedAt }: ClusterState): number {
  return syncedAt === undefined ? -1 : Math.max(0, Math.floor((Date.now() - syncedAt) / 1_000));
}
