/** Every metric of Argo CD's controller (docs/operator-manual/metrics.md, M01, M02), as this one has it. */
import { createRedisRequests } from '@tiphys/cache';
import { createKubectlMetrics, type RequestReport } from '@tiphys/cluster';
import { createQueueMetrics } from '@tiphys/queue';
import { createMetrics, inScope, registerBuildInfo } from '@tiphys/runtime';
import { eventually, type MetricShape, metricSamples, metricShapes } from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerStateMetrics } from './application-metrics.js';
import { registerClusterMetrics } from './cluster-metrics.js';
import { createControllerMetrics } from './metrics.js';
import type { ClusterState } from './ports.js';
import { application, operationState, SERVER } from './testing/builders.js';
import { recordingQueue } from './testing/recording-ports.js';

const APP = ['name', 'namespace', 'project'];
const RECONCILE = [0.25, 0.5, 1, 2, 4, 8, 16];
const KUBECTL = [0.005, 0.1, 0.5, 2, 8, 30];
const BYTES = [64, 512, 4_096, 65_536, 1_048_576, 16_777_216];
const gauge = (...labels: string[]): MetricShape => ({ type: 'gauge', labels: labels.sort() });
const counter = (...labels: string[]): MetricShape => ({ type: 'counter', labels: labels.sort() });
const histogram = (buckets: number[], ...labels: string[]): MetricShape => ({
  ...{ type: 'histogram', labels: labels.sort(), buckets },
});

/** argocd_kubectl_rate_limiter_duration_seconds is missing: there is no rate limiter (docs/monitoring.md). */
const ARGO_CD: Readonly<Record<string, MetricShape>> = {
  argocd_info: gauge('version'),
  argocd_app_info: gauge(
    ...[...APP, 'autosync_enabled', 'repo', 'dest_server', 'dest_namespace', 'sync_status', 'health_status'],
    ...['hydrator_status', 'operation', 'phase'],
  ),
  argocd_app_condition: gauge(...APP, 'condition'),
  argocd_app_labels: gauge(...APP, 'label_team_name'),
  argocd_app_orphaned_resources_count: gauge(...APP),
  argocd_app_k8s_request_total: counter(
    ...[...APP, 'server', 'response_code', 'verb', 'resource_kind', 'resource_namespace', 'dry_run'],
  ),
  argocd_app_reconcile: histogram(RECONCILE, 'namespace', 'dest_server'),
  argocd_app_sync_total: counter(...APP, 'dest_server', 'phase', 'dry_run'),
  argocd_app_sync_duration_seconds_total: counter(...APP, 'dest_server'),
  argocd_cluster_api_resource_objects: gauge('server'),
  argocd_cluster_api_resources: gauge('server'),
  argocd_cluster_cache_age_seconds: gauge('server'),
  argocd_cluster_connection_status: gauge('server', 'k8s_version'),
  argocd_cluster_events_total: counter('server', 'group', 'kind'),
  argocd_cluster_info: gauge('server', 'k8s_version', 'name'),
  argocd_cluster_labels: gauge('server', 'name', 'label_environment'),
  argocd_redis_request_duration: histogram([0.01, 0.05, 0.1, 0.25, 0.5, 1], 'hostname', 'initiator'),
  argocd_redis_request_total: counter('hostname', 'initiator', 'command', 'failed'),
  argocd_resource_events_processing: histogram(RECONCILE, 'server'),
  argocd_resource_events_processed_in_batch: gauge('server'),
  argocd_kubectl_exec_pending: gauge('hostname', 'command'),
  argocd_kubectl_exec_total: counter('hostname', 'command'),
  argocd_kubectl_client_cert_rotation_age_seconds: gauge(),
  argocd_kubectl_request_duration_seconds: histogram(KUBECTL, 'host', 'verb'),
  argocd_kubectl_dns_resolution_duration_seconds: histogram(KUBECTL, 'host'),
  argocd_kubectl_request_size_bytes: histogram(BYTES, 'host', 'method'),
  argocd_kubectl_response_size_bytes: histogram(BYTES, 'host', 'method'),
  argocd_kubectl_requests_total: counter('host', 'method', 'code'),
  argocd_kubectl_exec_plugin_call_total: counter('code', 'call_status'),
  argocd_kubectl_request_retries_total: counter('host', 'method', 'code'),
  argocd_kubectl_transport_cache_entries: gauge(),
  argocd_kubectl_transport_create_calls_total: counter('result'),
  workqueue_adds_total: counter('name'),
  workqueue_depth: gauge('name'),
  workqueue_longest_running_processor_seconds: gauge('name'),
  workqueue_retries_total: counter('name'),
  workqueue_unfinished_work_seconds: gauge('name'),
};

const CLUSTER: ClusterState = {
  ...{ server: SERVER, name: 'prod', status: 'Successful', message: '', kubeVersion: 'v1.36.1' },
  ...{ syncedAt: Date.now(), attemptedAt: Date.now() },
  cache: { stats: { resources: 7, watches: 3, lastEventAt: undefined } } as unknown as ClusterState['cache'],
};
const REQUEST: RequestReport = {
  ...{ host: 'kube:6443', method: 'PATCH', path: '/apis/apps/v1/namespaces/web/deployments/a', status: 200 },
  ...{ durationMs: 20, requestBytes: 100, responseBytes: 2_000 },
};
const SCOPE = { application: { namespace: 'argocd', name: 'guestbook', project: 'default', dryRun: false } };

let text = '';

beforeAll(async () => {
  const metrics = createMetrics({ processMetrics: false });
  const app = application({
    metadata: { labels: { 'team-name': 'blue' } },
    status: { conditions: [{ type: 'SyncError', message: 'x' }] },
  });
  registerBuildInfo(metrics, 'v1');
  registerStateMetrics(metrics, {
    ...{ applications: () => [app], destServer: () => SERVER, orphans: () => 4 },
    ...{ labels: ['team-name'], conditions: ['SyncError'] },
  });
  const labelsOf = () => ({ environment: 'dev', other: 'x' });
  registerClusterMetrics(metrics, { clusters: () => [CLUSTER], labelsOf, labels: ['environment'] });
  const counted = createControllerMetrics(metrics);
  counted.reconciled(20, app, SERVER);
  counted.operationFinished(app, operationState({ phase: 'Succeeded', finishedAt: '2026-01-01T00:00:05Z' }), SERVER);
  inScope(SCOPE, () => counted.kubeRequest(SERVER, REQUEST));
  counted.clusterEvent({ server: SERVER, group: 'apps', kind: 'Deployment' }, () => undefined);
  counted.clusterEvent({ server: SERVER, group: '', kind: 'Pod' }, () => undefined);
  counted.kubectl('apply')();
  const kubectl = createKubectlMetrics(metrics);
  kubectl.requested(REQUEST);
  kubectl.retried(REQUEST);
  kubectl.resolved('kube', 3);
  kubectl.transport('opened');
  kubectl.pluginCalled({ code: 0, status: 'no_error' });
  createRedisRequests(metrics, { initiator: 'argocd-application-controller' }).begin('set')(false);
  const queue = createQueueMetrics(metrics)('app_reconciliation_queue');
  queue.watch(recordingQueue());
  queue.onAdded(2);
  queue.onStarted('a', 5);
  queue.onSettled('a', 9, undefined);
  text = await eventually(async () => {
    const rendered = await metrics.render();
    expect(metricSamples(rendered, 'argocd_resource_events_processed_in_batch')).toHaveLength(1);
    return rendered;
  });
});

describe('the metrics of the controller (M01)', () => {
  it('are those of Argo CD: names, types, labels and buckets', () => {
    const ours = metricShapes(text);
    const shared = Object.fromEntries(Object.keys(ARGO_CD).map((name) => [name, ours[name]]));
    expect(shared).toEqual(ARGO_CD);
  });

  it('beside them there are only our own and those of the work queues', () => {
    const others = Object.keys(metricShapes(text)).filter((name) => ARGO_CD[name] === undefined);
    expect(others.sort()).toEqual([
      'tiphys_queue_depth',
      'tiphys_reconcile_seconds',
      'workqueue_queue_duration_seconds',
      'workqueue_work_duration_seconds',
    ]);
  });

  it.each([
    ['argocd_app_orphaned_resources_count', ' 4'],
    ['argocd_app_sync_duration_seconds_total', ' 5'],
    ['argocd_resource_events_processed_in_batch', ' 2'],
    ['argocd_kubectl_exec_pending', ' 0'],
    ['argocd_kubectl_transport_cache_entries', ' 1'],
    ['argocd_cluster_api_resources', ' 3'],
    ['argocd_cluster_api_resource_objects', ' 7'],
    ['argocd_cluster_connection_status', ' 1'],
    ['workqueue_adds_total', ' 2'],
    ['argocd_app_k8s_request_total', 'name="guestbook"'],
    ['argocd_cluster_labels', 'label_environment="dev"'],
  ])('%s has its value', (name, value) => {
    expect(metricSamples(text, name)).toEqual([expect.stringContaining(value)]);
  });
});
