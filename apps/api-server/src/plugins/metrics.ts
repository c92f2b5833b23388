/** Metrics of the HTTP side (M03, M06), by route pattern so that names never become labels. */
import type { Metrics } from '@tiphys/runtime';
import fastifyPlugin from 'fastify-plugin';

export interface ApiMetrics {
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

export function createApiMetrics(metrics: Metrics): ApiMetrics {
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
    loginAttempt: (status) => logins.inc({ status }),
    ...webhooks,
    request: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds),
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
  app.addHook('onResponse', async (request, reply) => {
    metrics.request({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
  });
});
