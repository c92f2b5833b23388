/** Metrics of the HTTP side (M03, M06), by route pattern so that names never become labels. */
import type { Metrics } from '@tiphys/runtime';
import fastifyPlugin from 'fastify-plugin';

export interface ApiMetrics {
  loginAttempt(outcome: 'success' | 'failure'): void;
  webhook(provider: string, event: string): void;
  webhookHandlers(change: 1 | -1): void;
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
  const webhooks = metrics.counter({
    name: 'argocd_webhook_requests_total',
    help: 'Number of webhook requests received.',
    labels: ['repo', 'event_type'],
  });
  const inFlight = metrics.gauge({
    name: 'argocd_webhook_handlers_in_flight',
    help: 'Number of webhook handlers that run now.',
  });
  const requests = metrics.histogram({
    name: 'tiphys_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route.',
    labels: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.06, 0.2, 1, 5, 30],
  });
  return {
    loginAttempt: (status) => logins.inc({ status }),
    webhook: (repo, event_type) => webhooks.inc({ repo, event_type }),
    webhookHandlers: (change) => inFlight.inc(change),
    request: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds),
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
