/** Metrics of the HTTP side (M03, M06), by route pattern so that names never become labels. */
import {
  createGrpcServerMetrics,
  type GrpcMetricsOptions,
  type GrpcServerMetrics,
  type Metrics,
} from '@tiphys/runtime';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { callOf, grpcCodeOf } from '../http/grpc-names.js';

export interface ApiMetrics {
  /** Calls of the API, REST among them: grpc-gateway in front of Argo CD's server makes calls of all requests, too. */
  readonly calls: GrpcServerMetrics;
  /** A request that was passed on to the backend of a proxy extension. */
  extensionRequest(facts: { readonly extension: string; readonly status: number; readonly seconds: number }): void;
  loginAttempt(outcome: 'success' | 'failure'): void;
  /** A request to the webhook, by what became of it. */
  webhookDelivery(labels: { readonly provider: string; readonly event: string; readonly outcome: string }): void;
  /** An event that was read, of a repository that applications use (M06). */
  webhookEvent(repository: string): void;
  webhookHandlers(change: 1 | -1): void;
  /** Applications that a push did not touch, and whose manifests carry over to the new commit (J05, M06). */
  webhookCarryOver(repository: string, result: { readonly successful: boolean; readonly count: number }): void;
  request(facts: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
}

export function createApiMetrics(metrics: Metrics, options: GrpcMetricsOptions = {}): ApiMetrics {
  const logins = metrics.counter({
    name: 'argocd_login_request_total',
    help: 'Number of login requests.',
    labels: ['status'],
  });
  const webhooks = webhookMetrics(metrics);
  const requests = metrics.histogram({
    name: 'tiphys_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route.',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.06, 0.2, 1, 5, 30],
  });
  return {
    calls: createGrpcServerMetrics(metrics, options),
    loginAttempt: (status) => logins.inc({ status }),
    extensionRequest: extensionMetrics(metrics),
    ...webhooks,
    request: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds),
  };
}

function extensionMetrics(metrics: Metrics): ApiMetrics['extensionRequest'] {
  const total = metrics.counter({
    name: 'argocd_proxy_extension_request_total',
    help: 'Number of requests sent to configured proxy extensions.',
    labels: ['extension', 'status'],
  });
  const duration = metrics.histogram({
    name: 'argocd_proxy_extension_request_duration_seconds',
    help: 'Request duration in seconds between the Argo CD API server and the extension backend.',
    labels: ['extension'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10],
  });
  return ({ extension, status, seconds }) => {
    total.inc({ extension, status: String(status) });
    duration.observe({ extension }, seconds);
  };
}

type WebhookMetrics = Pick<ApiMetrics, 'webhookDelivery' | 'webhookEvent' | 'webhookHandlers' | 'webhookCarryOver'>;

/** Names and labels of Argo CD (M06), and one of our own. */
function webhookMetrics(metrics: Metrics): WebhookMetrics {
  const deliveries = metrics.counter({
    name: 'tiphys_webhook_deliveries_total',
    help: 'Number of requests to the webhook by sender, event and what became of them.',
    labels: ['provider', 'event', 'outcome'],
  });
  const events = metrics.counter({
    name: 'argocd_webhook_requests_total',
    help: 'Number of webhook requests received by repo.',
    labels: ['repo'],
  });
  const carried = metrics.counter({
    name: 'argocd_webhook_store_cache_attempts_total',
    help: 'Number of applications whose cached manifests were carried over to the commit that a webhook announced.',
    labels: ['repo', 'successful'],
  });
  const inFlight = metrics.gauge({
    name: 'argocd_webhook_handlers_in_flight',
    help: 'Number of webhook handlers that run now.',
  });
  return {
    webhookDelivery: (labels) => deliveries.inc(labels),
    webhookEvent: (repo) => events.inc({ repo }),
    webhookHandlers: (change) => inFlight.inc(change),
    webhookCarryOver: (repo, { successful, count }) => {
      if (count > 0) carried.inc({ repo, successful: String(successful) }, count);
    },
  };
}

export const metricsPlugin = fastifyPlugin<{ readonly metrics: ApiMetrics }>(async (app, { metrics }) => {
  const { calls } = metrics;
  const ends = new WeakMap<FastifyRequest, (code: number) => void>();
  app.addHook('onRequest', async (request) => {
    const call = callOf(request.routeOptions.config.operation);
    if (call === undefined) return;
    ends.set(request, calls.started(call));
    calls.received(call);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url, config } = request.routeOptions;
    const { method } = request;
    const { statusCode: status } = reply;
    metrics.request({ method, route: url ?? 'unknown', status, seconds: reply.elapsedTime / 1000 });
    ends.get(request)?.(grpcCodeOf(status));
    const call = callOf(config.operation);
    if (call !== undefined && status < 400) calls.sent(call);
  });
});
