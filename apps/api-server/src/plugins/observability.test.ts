/** Spans of requests, and requests as Argo CD's calls (M03, M07). */
import { setTimeout as delay } from 'node:timers/promises';
import { createMetrics, noTracer, silentLogger, startTracing } from '@tiphys/runtime';
import { eventually, metricSamples, metricShapes, otlpAttributes, startOtlpCollector } from '@tiphys/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { callOf, grpcCodeOf } from '../http/grpc-names.js';
import { createApiMetrics, metricsPlugin } from './metrics.js';
import { tracingPlugin } from './tracing.js';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

const operation = { operationId: 'ApplicationService_Get', method: 'GET', access: 'session' } as const;

describe('spans of requests (M07)', () => {
  it('are below the trace of the caller, named by the operation, and around all that the handler does', async () => {
    const collector = await startOtlpCollector();
    const settings = {
      otlpAddress: collector.url,
      otlpInsecure: true,
      otlpHeaders: {},
      otlpAttrs: {},
      otlpSampleRatio: 1,
    };
    const tracer = await startTracing({ service: 'argocd-server', settings, log: silentLogger });
    app = Fastify();
    await app.register(tracingPlugin, { tracer });
    app.get('/api/v1/applications/:name', { config: { operation } }, async () => {
      await delay(1);
      return tracer.span('inside', {}, async () => ({ ok: true }));
    });
    app.get('/broken', () => Promise.reject(new Error('no')));
    const base = await app.listen({ port: 0, host: '127.0.0.1' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    expect((await fetch(`${base}/api/v1/applications/secret-name`, { headers })).status).toBe(200);
    expect((await fetch(`${base}/broken`)).status).toBe(500);
    await app.close();
    await tracer.stop();
    const request = collector.span('ApplicationService_Get');
    expect(request).toMatchObject({ traceId, parentSpanId: 'b7ad6b7169203331', kind: 2 });
    expect(otlpAttributes(request.attributes)).toEqual({
      'http.request.method': 'GET',
      'http.route': '/api/v1/applications/:name',
      'http.response.status_code': 200,
    });
    expect(collector.span('inside').parentSpanId).toBe(request.spanId);
    expect(collector.span('GET /broken').status).toMatchObject({ code: 2, message: 'status 500' });
    expect(JSON.stringify(collector.bodies)).not.toContain('secret-name');
    await collector.stop();
  });

  it('are nothing where there is no tracing', async () => {
    app = Fastify();
    await app.register(tracingPlugin, { tracer: noTracer });
    app.get('/x', async () => 'ok');
    expect((await app.inject('/x')).body).toBe('ok');
  });
});

describe('the metrics of the API server (M03)', () => {
  it('are those of Argo CD: names, types, labels and buckets', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const api = createApiMetrics(metrics, { timeHistogram: true });
    app = Fastify();
    await app.register(metricsPlugin, { metrics: api });
    app.get('/api/v1/applications/:name', { config: { operation } }, async (request, reply) =>
      reply.code((request.params as { name: string }).name === 'gone' ? 404 : 200).send('x'),
    );
    await app.inject('/api/v1/applications/a');
    await app.inject('/api/v1/applications/gone');
    await app.inject('/nowhere');
    api.loginAttempt('failure');
    api.extensionRequest({ extension: 'metrics', status: 200, seconds: 0.3 });
    const grpc = ['grpc_method', 'grpc_service', 'grpc_type'];
    const argoCd = {
      argocd_login_request_total: { type: 'counter', labels: ['status'] },
      argocd_proxy_extension_request_total: { type: 'counter', labels: ['extension', 'status'] },
      argocd_proxy_extension_request_duration_seconds: {
        ...{ type: 'histogram', labels: ['extension'], buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10] },
      },
      grpc_server_handled_total: { type: 'counter', labels: ['grpc_code', ...grpc] },
      grpc_server_started_total: { type: 'counter', labels: grpc },
      grpc_server_msg_received_total: { type: 'counter', labels: grpc },
      grpc_server_msg_sent_total: { type: 'counter', labels: grpc },
    };
    const text = await eventually(async () => {
      const rendered = await metrics.render();
      expect(metricSamples(rendered, 'grpc_server_handled_total')).toHaveLength(2);
      return rendered;
    });
    const ours = metricShapes(text);
    expect(Object.fromEntries(Object.keys(argoCd).map((name) => [name, ours[name]]))).toEqual(argoCd);
    const call = 'grpc_type="unary",grpc_service="application.ApplicationService",grpc_method="Get"';
    expect(metricSamples(text, 'grpc_server_handled_total')).toEqual([
      `grpc_server_handled_total{${call},grpc_code="OK"} 1`,
      `grpc_server_handled_total{${call},grpc_code="NotFound"} 1`,
    ]);
    expect(metricSamples(text, 'grpc_server_msg_sent_total')).toEqual([`grpc_server_msg_sent_total{${call}} 1`]);
  });

  it.each([
    ['ApplicationService_List', 'application.ApplicationService', 'List'],
    ['ApplicationService_UpdateSpec', 'application.ApplicationService', 'UpdateSpec'],
    ['SettingsService_Get', 'cluster.SettingsService', 'Get'],
    ['GPGKeyService_List', 'gpgkey.GPGKeyService', 'List'],
    ['RepoCredsService_ListRepositoryCredentials', 'repocreds.RepoCredsService', 'ListRepositoryCredentials'],
  ])('%s is the call %s/%s', (operationId, service, method) => {
    expect(callOf({ operationId })).toEqual({ type: 'unary', service, method });
    expect(callOf({ operationId, stream: true })?.type).toBe('server_stream');
  });

  it('what is no operation is no call, and every status has a code', () => {
    expect([callOf(undefined), callOf({ operationId: 'healthz' })]).toEqual([undefined, undefined]);
    expect([200, 304, 400, 401, 403, 404, 418, 429, 500, 503, 599].map(grpcCodeOf)).toEqual([
      ...[0, 0, 3, 16, 7, 5, 3, 8, 13, 14, 13],
    ]);
  });
});
