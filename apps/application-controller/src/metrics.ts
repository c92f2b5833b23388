/** What the controller counts, under Argo CD's names (M01), plus the depth of the queues. */
import type { RequestReport } from '@tiphys/cluster';
import type { Application, OperationState } from '@tiphys/model';
import type { KeyedQueue } from '@tiphys/queue';
import type { Metrics } from '@tiphys/runtime';

export interface ControllerMetrics {
  reconciled(durationMs: number, app: Application | undefined): void;
  operationFinished(app: Application, state: OperationState): void;
  /** A request to the API server of a cluster. */
  kubeRequest(server: string, report: RequestReport): void;
  /** A change of an object in a destination cluster. */
  clusterEvent(event: { readonly server: string; readonly group: string; readonly kind: string }): void;
}

/** Argo CD's buckets from 250 ms on; most comparisons of ours are below the first of them. */
const RECONCILE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60];
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export function createControllerMetrics(
  metrics: Metrics,
  queues: { readonly refreshQueue: KeyedQueue; readonly operationQueue: KeyedQueue },
): ControllerMetrics {
  registerQueueDepth(metrics, queues);
  const reconcile = metrics.histogram({
    name: 'argocd_app_reconcile',
    help: 'Application reconciliation performance in seconds',
    labels: ['namespace', 'dest_server'],
    buckets: RECONCILE_SECONDS,
  });
  const events = metrics.counter({
    name: 'argocd_cluster_events_total',
    help: 'Number of processed k8s resource events',
    labels: ['server', 'group', 'kind'],
  });
  return {
    ...operationMetrics(metrics),
    ...requestMetrics(metrics),
    reconciled: (durationMs, app) => {
      const labels = { namespace: app?.metadata.namespace ?? '', dest_server: app?.spec.destination.server ?? '' };
      reconcile.observe(labels, durationMs / 1_000);
    },
    clusterEvent: (event) => events.inc(event),
  };
}

function operationMetrics(metrics: Metrics): Pick<ControllerMetrics, 'operationFinished'> {
  const labels = ['name', 'namespace', 'project', 'dest_server'] as const;
  const syncs = metrics.counter({
    name: 'argocd_app_sync_total',
    help: 'Number of application syncs',
    labels: [...labels, 'phase', 'dry_run'],
  });
  const duration = metrics.counter({
    name: 'argocd_app_sync_duration_seconds_total',
    help: 'Application sync performance in seconds total',
    labels,
  });
  return {
    operationFinished: ({ metadata, spec }, { phase, operation, startedAt, finishedAt }) => {
      const { name = '', namespace = '' } = metadata;
      const app = { name, namespace, project: spec.project, dest_server: spec.destination.server ?? '' };
      syncs.inc({ ...app, phase, dry_run: String(operation.sync?.dryRun === true) });
      const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt)) / 1_000;
      if (seconds >= 0) duration.inc(app, seconds);
    },
  };
}

function requestMetrics(metrics: Metrics): Pick<ControllerMetrics, 'kubeRequest'> {
  const requests = metrics.counter({
    name: 'argocd_app_k8s_request_total',
    help: 'Number of kubernetes requests executed by the controller',
    labels: ['server', 'response_code', 'verb', 'resource_kind', 'resource_namespace'],
  });
  const latency = metrics.histogram({
    name: 'argocd_kubectl_request_duration_seconds',
    help: 'Request latency in seconds',
    labels: ['host', 'verb'],
    buckets: REQUEST_SECONDS,
  });
  const total = metrics.counter({
    name: 'argocd_kubectl_requests_total',
    help: 'Number of kubernetes requests by status code, method and host',
    labels: ['host', 'code', 'method'],
  });
  return {
    kubeRequest: (server, report) => {
      const { kind, namespace, verb } = describeRequest(report);
      const response_code = String(report.status);
      requests.inc({ server, response_code, verb, resource_kind: kind, resource_namespace: namespace });
      const host = hostOf(server);
      latency.observe({ host, verb }, report.durationMs / 1_000);
      total.inc({ host, code: response_code, method: report.method });
    },
  };
}

const PATH = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(?:namespaces\/([^/]+)\/)?([^/?]+)(?:\/([^/?]+))?/;
const VERBS: Readonly<Record<string, string>> = { POST: 'Create', PUT: 'Update', PATCH: 'Patch', DELETE: 'Delete' };

/** Resource, namespace and verb of a request, in Argo CD's words. */
export function describeRequest({ method, path }: Pick<RequestReport, 'method' | 'path'>): {
  readonly kind: string;
  readonly namespace: string;
  readonly verb: string;
} {
  const [, namespace = '', kind = 'Unknown', name] = PATH.exec(path) ?? [];
  const read = /[?&]watch=/.test(path) ? 'Watch' : name === undefined ? 'List' : 'Get';
  return { kind, namespace, verb: VERBS[method] ?? read };
}

function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).host : server;
}

function registerQueueDepth(
  metrics: Metrics,
  queues: { readonly refreshQueue: KeyedQueue; readonly operationQueue: KeyedQueue },
): void {
  metrics.gauge({
    name: 'tiphys_queue_depth',
    help: 'Jobs by queue and state',
    labels: ['queue', 'state'],
    async collect(gauge) {
      for (const [queue, source] of [
        ['refresh', queues.refreshQueue],
        ['operation', queues.operationQueue],
      ] as const) {
        const depth = await source.depth();
        for (const [state, count] of Object.entries(depth)) gauge.set({ queue, state }, count);
      }
    },
  });
}
