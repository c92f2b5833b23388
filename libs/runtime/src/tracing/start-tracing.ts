/** Starts tracing where it is asked for; without a collector nothing of OpenTelemetry is loaded. */
import type { Logger } from '../ports.js';
import { collectorOf, type TracingSettings } from './otlp-settings.js';
import { noTracer, type Tracer } from './tracer.js';

export interface TracingOptions {
  /** `service.name` of the spans, as Argo CD names its services: `argocd-server`. */
  readonly service: string;
  readonly settings: TracingSettings;
  readonly log: Logger;
}

/** Never rejects for a collector that is not there: spans that cannot be sent are dropped, and a log line says so. */
export async function startTracing({ service, settings, log }: TracingOptions): Promise<Tracer> {
  if (settings.otlpAddress === '') return noTracer;
  const collector = collectorOf(settings.otlpAddress, settings.otlpInsecure);
  const { createOtlpTracer } = await import('./otlp-tracer.js');
  const tracer = await createOtlpTracer({ service, collector, settings, log });
  log.info('traces are sent', { collector: collector.url, protocol: collector.protocol });
  return tracer;
}
