/** What the controller counts, under Argo CD's names (M01). Gauges that are read at a scrape are in application-metrics and cluster-metrics. */
import { hostname } from 'node:os';
import { describeRequest, type RequestReport } from '@tiphys/cluster';
import type { Application, OperationState } from '@tiphys/model';
import { currentScope, type Metrics } from '@tiphys/runtime';

/** What Argo CD counts as runs of kubectl. */
export type KubectlCommand = 'apply' | 'create' | 'replace';

export interface ControllerMetrics {
  /** `destServer`: address of the destination's cluster, also where the Application names it. */
  reconciled(durationMs: number, app: Application | undefined, destServer: string): void;
  operationFinished(app: Application, state: OperationState, destServer: string): void;
  /** A request to the API server of a cluster; what it is for is in the scope. */
  kubeRequest(server: string, report: RequestReport): void;
  /** A change of an object in a destination cluster, and the work that it makes. */
  clusterEvent(event: ClusterEvent, work: () => void): void;
  /** A write of a sync; call the result when it has ended. */
  kubectl(command: KubectlCommand): () => void;
}

export interface ClusterEvent {
  readonly server: string;
  readonly group: string;
  readonly kind: string;
}

const APP = ['namespace', 'name', 'project'] as const;
const SECONDS = [0.25, 0.5, 1, 2, 4, 8, 16];
/** Most comparisons of ours are faster than the first of Argo CD's buckets. */
const OWN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export function createControllerMetrics(metrics: Metrics): ControllerMetrics {
  const reconcile = metrics.histogram({
    name: 'argocd_app_reconcile',
    help: 'Application reconciliation performance in seconds.',
    labels: ['namespace', 'dest_server'],
    buckets: SECONDS,
  });
  const fine = metrics.histogram({
    name: 'tiphys_reconcile_seconds',
    help: 'Duration of comparisons of all applications, in fine buckets.',
    buckets: OWN_SECONDS,
  });
  return {
    ...operationMetrics(metrics),
    ...kubectlMetrics(metrics),
    kubeRequest: requestMetrics(metrics),
    clusterEvent: eventMetrics(metrics),
    reconciled: (durationMs, app, dest_server) => {
      reconcile.observe({ namespace: app?.metadata.namespace ?? '', dest_server }, durationMs / 1_000);
      fine.observe(durationMs / 1_000);
    },
  };
}

function operationMetrics(metrics: Metrics): Pick<ControllerMetrics, 'operationFinished'> {
  const labels = [...APP, 'dest_server'] as const;
  const syncs = metrics.counter({
    name: 'argocd_app_sync_total',
    help: 'Number of application syncs.',
    labels: [...labels, 'phase', 'dry_run'],
  });
  const duration = metrics.counter({
    name: 'argocd_app_sync_duration_seconds_total',
    help: 'Application sync performance in seconds total.',
    labels,
  });
  return {
    operationFinished: ({ metadata, spec }, { phase, operation, startedAt, finishedAt }, dest_server) => {
      const { name = '', namespace = '' } = metadata;
      const app = { name, namespace, project: spec.project, dest_server };
      syncs.inc({ ...app, phase, dry_run: String(operation.sync?.dryRun === true) });
      const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt)) / 1_000;
      if (seconds >= 0) duration.inc(app, seconds);
    },
  };
}

function kubectlMetrics(metrics: Metrics): Pick<ControllerMetrics, 'kubectl'> {
  const labels = ['hostname', 'command'] as const;
  const host = hostname();
  const pending = metrics.gauge({
    name: 'argocd_kubectl_exec_pending',
    help: 'Number of pending kubectl executions',
    labels,
  });
  const total = metrics.counter({ name: 'argocd_kubectl_exec_total', help: 'Number of kubectl executions', labels });
  return {
    kubectl: (command) => {
      total.inc({ hostname: host, command });
      pending.inc({ hostname: host, command });
      return () => pending.dec({ hostname: host, command });
    },
  };
}

/** Requests for no application (watches, settings) have empty labels, as in Argo CD. */
function requestMetrics(metrics: Metrics): ControllerMetrics['kubeRequest'] {
  const requests = metrics.counter({
    name: 'argocd_app_k8s_request_total',
    help: 'Number of kubernetes requests executed during application reconciliation.',
    labels: [...APP, 'server', 'response_code', 'verb', 'resource_kind', 'resource_namespace', 'dry_run'],
  });
  return (server, report) => {
    const { kind, namespace, verb } = describeRequest(report);
    const { application } = currentScope();
    requests.inc({
      namespace: application?.namespace ?? '',
      name: application?.name ?? '',
      project: application?.project ?? '',
      ...{ server, response_code: String(report.status), verb },
      ...{ resource_kind: kind, resource_namespace: namespace },
      dry_run: String(application?.dryRun ?? false),
    });
  };
}

interface Batch {
  count: number;
  milliseconds: number;
}

/** The events of one turn of the event loop are a batch: that is how they reach the queue. */
function eventMetrics(metrics: Metrics): ControllerMetrics['clusterEvent'] {
  const events = metrics.counter({
    name: 'argocd_cluster_events_total',
    help: 'Number of processes k8s resource events.',
    labels: ['server', 'group', 'kind'],
  });
  const seconds = metrics.histogram({
    name: 'argocd_resource_events_processing',
    help: 'Time to process resource events in seconds.',
    labels: ['server'],
    buckets: SECONDS,
  });
  const size = metrics.gauge({
    name: 'argocd_resource_events_processed_in_batch',
    help: 'Number of resource events processed in batch',
    labels: ['server'],
  });
  const batches = new Map<string, Batch>();
  const flush = (server: string, { count, milliseconds }: Batch): void => {
    batches.delete(server);
    seconds.observe({ server }, milliseconds / 1_000);
    size.set({ server }, count);
  };
  return (event, work) => {
    const { server } = event;
    const start = performance.now();
    work();
    events.inc({ ...event });
    const batch = batches.get(server) ?? { count: 0, milliseconds: 0 };
    if (batch.count === 0) {
      batches.set(server, batch);
      setImmediate(flush, server, batch);
    }
    batch.count += 1;
    batch.milliseconds += performance.now() - start;
  };
}
