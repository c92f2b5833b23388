/**
 * Metrics of the requests to API servers, under the names that Argo CD gives to those of client-go (M01, M03). There is no
 * rate limiter of ours (the server's priority and fairness decides), so `argocd_kubectl_rate_limiter_duration_seconds` is not here.
 */
import type { Metrics } from '@tiphys/runtime';
import type { PluginCall } from '../connection/plugin-calls.js';
import type { ClientObserver, RequestReport } from './observer.js';
import { describeRequest } from './request-words.js';

export interface KubectlMetrics extends ClientObserver {
  pluginCalled(call: PluginCall): void;
}

const SECONDS = [0.005, 0.1, 0.5, 2, 8, 30];
const BYTES = [64, 512, 4_096, 65_536, 1_048_576, 16_777_216];

/** Once per process, for all its clients. */
export function createKubectlMetrics(metrics: Metrics): KubectlMetrics {
  return { ...requestMetrics(metrics), ...connectionMetrics(metrics) };
}

function requestMetrics(metrics: Metrics): Pick<KubectlMetrics, 'requested' | 'retried'> {
  const latency = metrics.histogram({
    name: 'argocd_kubectl_request_duration_seconds',
    help: 'Request latency in seconds',
    labels: ['host', 'verb'],
    buckets: SECONDS,
  });
  const total = metrics.counter({
    name: 'argocd_kubectl_requests_total',
    help: 'Number of kubectl request results',
    labels: ['host', 'method', 'code'],
  });
  const retries = metrics.counter({
    name: 'argocd_kubectl_request_retries_total',
    help: 'Number of kubectl request retries',
    labels: ['host', 'method', 'code'],
  });
  const size = (what: 'request' | 'response') =>
    metrics.histogram({
      name: `argocd_kubectl_${what}_size_bytes`,
      help: `Size of kubectl ${what}s`,
      labels: ['host', 'method'],
      buckets: BYTES,
    });
  const [requestSize, responseSize] = [size('request'), size('response')];
  return {
    requested: (report) => {
      const { host, durationMs, requestBytes, responseBytes } = report;
      const method = methodOf(report);
      latency.observe({ host, verb: describeRequest(report).verb }, durationMs / 1_000);
      total.inc({ host, method, code: codeOf(report) });
      requestSize.observe({ host, method }, requestBytes);
      if (responseBytes !== undefined) responseSize.observe({ host, method }, responseBytes);
    },
    retried: (request) => retries.inc({ host: request.host, method: methodOf(request), code: codeOf(request) }),
  };
}

function connectionMetrics(
  metrics: Metrics,
): Pick<KubectlMetrics, 'resolved' | 'certificateRotated' | 'transport' | 'pluginCalled'> {
  const resolver = metrics.histogram({
    name: 'argocd_kubectl_dns_resolution_duration_seconds',
    help: 'Kubectl resolver latency',
    labels: ['host'],
    buckets: SECONDS,
  });
  const rotation = metrics.gauge({
    name: 'argocd_kubectl_client_cert_rotation_age_seconds',
    help: 'Age of a certificate that has just been rotated',
  });
  const entries = metrics.gauge({
    name: 'argocd_kubectl_transport_cache_entries',
    help: 'Number of kubectl transport cache entries',
  });
  const creations = metrics.counter({
    name: 'argocd_kubectl_transport_create_calls_total',
    help: 'Number of kubectl transport create calls',
    labels: ['result'],
  });
  const plugins = metrics.counter({
    name: 'argocd_kubectl_exec_plugin_call_total',
    help: 'Number of kubectl exec plugin calls',
    labels: ['code', 'call_status'],
  });
  return {
    resolved: (host, durationMs) => resolver.observe({ host }, durationMs / 1_000),
    certificateRotated: (ageMs) => rotation.set(ageMs / 1_000),
    transport: (event) => {
      if (event !== 'closed') creations.inc({ result: event === 'opened' ? 'miss' : 'hit' });
      if (event === 'opened') entries.inc();
      if (event === 'closed') entries.dec();
    },
    pluginCalled: ({ code, status }) => plugins.inc({ code: String(code), call_status: status }),
  };
}

function methodOf({ method }: Pick<RequestReport, 'method'>): string {
  return method === 'WATCH' ? 'GET' : method;
}

/** client-go's word for a request without an answer. */
function codeOf({ status }: Pick<RequestReport, 'status'>): string {
  return status === 0 ? '<error>' : String(status);
}
