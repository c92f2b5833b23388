/** Tracing by the OpenTelemetry SDK. Loaded only where a collector is set. */
import {
  type Context,
  context as contexts,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { redact } from '@tiphys/model';
import type { Logger } from '../ports.js';
import { currentScope } from '../work-scope.js';
import { createExporter, EXPORT_TIMEOUT_MS, reportProblems } from './otlp-exporter.js';
import type { Collector, TracingSettings } from './otlp-settings.js';
import type { Span, SpanFields, SpanKind, SpanOptions, Tracer } from './tracer.js';

export interface OtlpTracerOptions {
  readonly service: string;
  readonly collector: Collector;
  readonly settings: Pick<TracingSettings, 'otlpHeaders' | 'otlpAttrs' | 'otlpSampleRatio'>;
  readonly log: Logger;
}

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  internal: OtelSpanKind.INTERNAL,
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
};

/** One per process: context and propagation are OpenTelemetry's own, which are global. */
export async function createOtlpTracer(options: OtlpTracerOptions): Promise<Tracer> {
  const provider = await startProvider(options);
  const tracer = provider.getTracer('tiphys');
  const begin = (name: string, { kind = 'internal', fields }: SpanOptions, { at, startTime }: Beginning): OtelSpan => {
    const attributes = attributesOf({ ...scopeFields(), ...fields });
    return tracer.startSpan(
      name,
      { kind: KINDS[kind], attributes, ...(startTime === undefined ? {} : { startTime }) },
      at,
    );
  };
  return {
    enabled: true,
    span: (name, spanOptions, work) => {
      const at = parentOf(spanOptions);
      const span = begin(name, spanOptions, { at });
      return contexts.with(trace.setSpan(at, span), () => runIn(span, work));
    },
    record: (name, ended) => {
      const at = contexts.active();
      if (trace.getSpan(at) === undefined) return;
      const end = Date.now();
      const span = begin(name, ended, { at, startTime: end - ended.durationMs });
      if (ended.failure !== undefined) fail(span, ended.failure);
      span.end(end);
    },
    headers: () => {
      const carrier: Record<string, string> = {};
      propagation.inject(contexts.active(), carrier, defaultTextMapSetter);
      return carrier;
    },
    stop: () => provider.shutdown(),
  };
}

interface Beginning {
  readonly at: Context;
  /** Unix ms; default now. */
  readonly startTime?: number;
}

async function startProvider({ service, collector, settings, log }: OtlpTracerOptions): Promise<NodeTracerProvider> {
  reportProblems(log);
  const exporter = await createExporter(collector, settings.otlpHeaders);
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ ...settings.otlpAttrs, 'service.name': service }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.otlpSampleRatio) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
    forceFlushTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  provider.register();
  return provider;
}

function parentOf({ caller }: SpanOptions): Context {
  if (caller === undefined) return contexts.active();
  return propagation.extract(ROOT_CONTEXT, withoutUndefined(caller), defaultTextMapGetter);
}

async function runIn<T>(span: OtelSpan, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await work({
      set: (fields) => void span.setAttributes(attributesOf(fields)),
      fail: (message) => fail(span, message),
    });
  } catch (error) {
    fail(span, error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    span.end();
  }
}

function fail(span: OtelSpan, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: redact(message) });
}

function scopeFields(): SpanFields {
  const { requestId, application } = currentScope();
  return {
    'tiphys.request.id': requestId,
    'argocd.application': application === undefined ? undefined : `${application.namespace}/${application.name}`,
  };
}

function attributesOf(fields: SpanFields): Record<string, string | number | boolean> {
  const entries = Object.entries(withoutUndefined(fields));
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? redact(value) : value]));
}

function withoutUndefined<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, T] => entry[1] !== undefined));
}
