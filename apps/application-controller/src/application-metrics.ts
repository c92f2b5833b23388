/** Gauges that are read off the Applications at each scrape, under Argo CD's names and labels (M01, M02). */
import { type AppKey, type Application, sourcesOf } from '@tiphys/model';
import type { Metrics } from '@tiphys/runtime';
import { metricLabel } from './cluster-metrics.js';
import { keyOf } from './identity.js';

export interface StateMetricsOptions {
  readonly applications: () => readonly Application[];
  /** Address of the cluster that an Application is deployed to. */
  readonly destServer: (app: Application) => string;
  /** Of the last comparison; undefined: its project does not look for orphans. */
  readonly orphans: (key: AppKey) => number | undefined;
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
    'hydrator_status',
    'operation',
    'phase',
  ] as const),
] as const;

export function registerStateMetrics(metrics: Metrics, options: StateMetricsOptions): void {
  metrics.gauge({
    name: 'argocd_app_info',
    help: 'Information about application.',
    labels: INFO,
    collect(gauge) {
      gauge.reset();
      for (const app of options.applications()) {
        gauge.set({ ...identity(app), ...infoOf(app), dest_server: options.destServer(app) }, 1);
      }
    },
  });
  if (options.labels.length > 0) registerLabels(metrics, options);
  if (options.conditions.length > 0) registerConditions(metrics, options);
  registerOrphans(metrics, options);
}

function identity({ metadata, spec }: Application): Record<(typeof APP)[number], string> {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '', project: spec.project };
}

type InfoOfStatus = Exclude<(typeof INFO)[number], (typeof APP)[number] | 'dest_server'>;

function infoOf(app: Application): Record<InfoOfStatus, string> {
  const { spec, status } = app;
  return {
    autosync_enabled: String(isAutomated(app)),
    repo: sourcesOf(spec)[0]?.repoURL ?? '',
    dest_namespace: spec.destination.namespace ?? '',
    sync_status: status?.sync?.status || 'Unknown',
    health_status: status?.health?.status || 'Unknown',
    hydrator_status: hydratorStatusOf(app),
    operation: operationOf(app),
    phase: phaseOf(app),
  };
}

function phaseOf({ status }: Application): string {
  return status?.operationState?.phase ?? '';
}

function hydratorStatusOf({ spec, status }: Application): string {
  if (spec.sourceHydrator === undefined) return '';
  return status?.sourceHydrator?.currentOperation?.phase || 'Unknown';
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
  const names = labels.map(metricLabel);
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
    help: 'Report application conditions.',
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

function registerOrphans(metrics: Metrics, { applications, orphans }: StateMetricsOptions): void {
  metrics.gauge({
    name: 'argocd_app_orphaned_resources_count',
    help: 'Number of orphaned resources per application',
    labels: APP,
    collect(gauge) {
      gauge.reset();
      for (const app of applications()) {
        const count = orphans(keyOf(app));
        if (count !== undefined) gauge.set(identity(app), count);
      }
    },
  });
}
