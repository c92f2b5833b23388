/** Against real collectors in the process: one that speaks OTLP over HTTP, one over gRPC. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server as GrpcServer, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { type OtlpCollector, type OtlpSpan, otlpAttributes, startOtlpCollector } from '@tiphys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../config.js';
import { silentLogger } from '../logger.js';
import { inScope } from '../work-scope.js';
import { collectorOf, type TracingSettings, tracingSettings } from './otlp-settings.js';
import { startTracing } from './start-tracing.js';
import { noTracer } from './tracer.js';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function httpCollector(status = 200): Promise<OtlpCollector> {
  const collector = await startOtlpCollector(status);
  stops.push(() => collector.stop());
  return collector;
}

function settingsOf(values: Partial<TracingSettings>): TracingSettings {
  return { otlpAddress: '', otlpInsecure: true, otlpHeaders: {}, otlpAttrs: {}, otlpSampleRatio: 1, ...values };
}

async function traced(values: Partial<TracingSettings>) {
  const tracer = await startTracing({ service: 'argocd-test', settings: settingsOf(values), log: silentLogger });
  stops.push(() => tracer.stop());
  return tracer;
}

const attributes = (span: Pick<OtlpSpan, 'attributes'> | undefined) => otlpAttributes(span?.attributes);

function millisecondsOf({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan): number {
  return Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;
}

describe('tracing over OTLP/HTTP (M07)', () => {
  it('sends spans with parents, kinds, attributes, failures and the attributes of the installation', async () => {
    const collector = await httpCollector();
    const tracer = await traced({
      otlpAddress: collector.url,
      otlpHeaders: { 'x-team': 'web' },
      otlpAttrs: { environment: 'dev' },
    });
    const scope = { requestId: 'r-1', application: { namespace: 'argocd', name: 'shop', project: 'p', dryRun: false } };
    const work = tracer.span(
      'outer',
      { kind: 'server', fields: { 'http.route': '/x', skipped: undefined } },
      async (span) => {
        span.set({ 'http.response.status_code': 200 });
        tracer.record('git fetch', { durationMs: 40, fields: { url: 'https://user:hunter2@host/repo' } });
        await tracer.span('inner', {}, () => Promise.reject(new Error('https://bob:hunter2@host is down')));
      },
    );
    await expect(inScope(scope, () => work)).rejects.toThrow('is down');
    tracer.record('background', { durationMs: 1 });
    await tracer.stop();
    const spans = collector.spans();
    expect(spans.map(({ name }) => name).sort()).toEqual(['git fetch', 'inner', 'outer']);
    const [fetched, inner, outer] = [collector.span('git fetch'), collector.span('inner'), collector.span('outer')];
    expect([inner.parentSpanId, fetched.parentSpanId]).toEqual([outer.spanId, outer.spanId]);
    expect(millisecondsOf(fetched)).toBe(40);
    expect([outer.kind, inner.kind]).toEqual([2, 1]);
    expect(inner.status).toEqual({ code: 2, message: 'https://***@host is down' });
    expect(attributes(outer)).toEqual({ 'http.route': '/x', 'http.response.status_code': 200 });
    expect(attributes(fetched)).toEqual({ url: 'https://***@host/repo' });
    expect(JSON.stringify(collector.bodies)).not.toContain('hunter2');
    const resource = attributes(collector.bodies[0]?.resourceSpans[0]?.resource);
    expect(resource).toMatchObject({ 'service.name': 'argocd-test', environment: 'dev' });
    expect(collector.headers[0]).toMatchObject({ path: '/v1/traces', 'x-team': 'web' });
  });

  it('names the request and the application that a span is about', async () => {
    const collector = await httpCollector();
    const tracer = await traced({ otlpAddress: collector.url });
    const application = { namespace: 'argocd', name: 'shop', project: 'p', dryRun: false };
    await inScope({ requestId: 'r-1', application }, () => tracer.span('work', {}, async () => undefined));
    await tracer.stop();
    expect(attributes(collector.spans()[0])).toEqual({
      'tiphys.request.id': 'r-1',
      'argocd.application': 'argocd/shop',
    });
  });

  it('goes on in the trace of a caller, also where the caller was not sampled', async () => {
    const collector = await httpCollector();
    const tracer = await traced({ otlpAddress: collector.url, otlpSampleRatio: 0 });
    const sent = await tracer.span('not sampled', {}, async () => tracer.headers());
    expect(sent['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const caller = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, other: undefined };
    const next = await tracer.span('called', { kind: 'server', caller }, async () => tracer.headers());
    expect(next['traceparent']).toContain(`00-${traceId}-`);
    await tracer.stop();
    expect(collector.spans()).toMatchObject([{ name: 'called', traceId, parentSpanId: 'b7ad6b7169203331' }]);
    expect(tracer.headers()).toEqual({});
  });

  it('loses spans, not work, when the collector does not take them', async () => {
    const collector = await httpCollector(403);
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const settings = settingsOf({ otlpAddress: collector.url });
    const tracer = await startTracing({ service: 'argocd-test', settings, log });
    expect(await tracer.span('work', {}, async () => 7)).toBe(7);
    await tracer.stop().catch(() => undefined);
    expect(warnings).toEqual([expect.stringContaining('check otlp.address')]);
  });
});

it('speaks OTLP over gRPC to host:port, with headers as metadata, as Argo CD does (M07)', async () => {
  const received: { readonly size: number; readonly text: string; readonly token: unknown }[] = [];
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const raw = (bytes: Buffer) => bytes;
  const server = new GrpcServer();
  const method = { path, requestStream: false, responseStream: false };
  server.addService(
    {
      export: {
        ...method,
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    {
      export: ({ request, metadata }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        received.push({
          size: request.length,
          text: request.toString('latin1'),
          token: metadata.get('authorization')[0],
        });
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  stops.push(() => server.forceShutdown());
  const tracer = await traced({ otlpAddress: `127.0.0.1:${port}`, otlpHeaders: { authorization: 'Bearer t' } });
  await tracer.span('reconcile', {}, async () => undefined);
  await tracer.stop();
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({ token: 'Bearer t', text: expect.stringContaining('reconcile') as string });
});

describe('where nobody asked for traces', () => {
  it('work is only done', async () => {
    const tracer = await startTracing({ service: 'x', settings: settingsOf({}), log: silentLogger });
    expect(tracer).toBe(noTracer);
    expect(await tracer.span('a', {}, async (span) => span.set({ b: 1 }))).toBeUndefined();
    expect(tracer.headers()).toEqual({});
  });

  it('nothing of OpenTelemetry or gRPC is loaded: no module that is always there imports it', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export|\}) (?!type).*from '([^']+)'/gm,
      )) {
        if (name.startsWith('.')) visit(join(dirname(file), name.replace(/\.js$/, '.ts')));
        else expect(name, file).not.toMatch(/opentelemetry|grpc/);
      }
    };
    visit(fileURLToPath(new URL('../index.ts', import.meta.url)));
    const names = [...reached].map((file) => basename(file));
    expect(names).toEqual(expect.arrayContaining(['start-tracing.ts', 'otlp-settings.ts', 'logger.ts']));
    expect(names).not.toContain('otlp-tracer.ts');
  });
});

describe('the settings otlp.*', () => {
  const parse = (env: Record<string, string>) => parseConfig(z.object(tracingSettings), { name: 'x', env, argv: [] });

  it('are off by default', () => {
    expect(parse({})).toEqual({ kind: 'config', value: settingsOf({}) });
  });

  it('are read as Argo CD writes them', () => {
    const env = {
      TIPHYS_OTLP_ADDRESS: 'otel-collector:4317',
      TIPHYS_OTLP_INSECURE: 'false',
      TIPHYS_OTLP_HEADERS: 'authorization=Basic a=b, x=1',
      TIPHYS_OTLP_ATTRS: 'team:web,zone:a:b',
      TIPHYS_OTLP_SAMPLE_RATIO: '0.25',
    };
    expect(parse(env)).toMatchObject({
      value: {
        otlpAddress: 'otel-collector:4317',
        otlpInsecure: false,
        otlpHeaders: { authorization: 'Basic a=b', x: '1' },
        otlpAttrs: { team: 'web', zone: 'a:b' },
        otlpSampleRatio: 0.25,
      },
    });
  });

  it.each([
    ['an address without a port', { TIPHYS_OTLP_ADDRESS: 'collector' }, 'must be host:port'],
    ['an address with credentials', { TIPHYS_OTLP_ADDRESS: 'a:b@collector:4317' }, 'must be host:port'],
    ['headers without values', { TIPHYS_OTLP_HEADERS: 's3cr3t' }, 'must be pairs name=value'],
    ['a ratio above one', { TIPHYS_OTLP_SAMPLE_RATIO: '2' }, 'TIPHYS_OTLP_SAMPLE_RATIO'],
  ])('with %s are refused, without quoting them', (_name, env, message) => {
    const result = parse(env);
    expect(result).toMatchObject({ kind: 'invalid', message: expect.stringContaining(message) as string });
    expect(JSON.stringify(result)).not.toContain('s3cr3t');
  });

  it.each([
    ['collector:4317', true, { protocol: 'grpc', url: 'http://collector:4317' }],
    ['collector:4317', false, { protocol: 'grpc', url: 'https://collector:4317' }],
    ['[::1]:4317', true, { protocol: 'grpc', url: 'http://[::1]:4317' }],
    ['http://collector:4318', true, { protocol: 'http', url: 'http://collector:4318/v1/traces' }],
    ['https://collector/otlp/v1/traces', true, { protocol: 'http', url: 'https://collector/otlp/v1/traces' }],
  ])('%s (insecure: %s)', (address, insecure, expected) => {
    expect(collectorOf(address, insecure)).toEqual(expected);
  });
});
