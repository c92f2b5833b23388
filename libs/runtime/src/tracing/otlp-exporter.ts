/** Sends spans to the collector, over the protocol that its address asks for. */
import { diag } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { Logger } from '../ports.js';
import type { Collector } from './otlp-settings.js';

export const EXPORT_TIMEOUT_MS = 5_000;
const REPORT_EVERY_MS = 60_000;

export async function createExporter(
  { protocol, url }: Collector,
  headers: Readonly<Record<string, string>>,
): Promise<SpanExporter> {
  if (protocol === 'http') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    return new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS });
  }
  const [{ OTLPTraceExporter }, { Metadata }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-grpc'),
    import('@grpc/grpc-js'),
  ]);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new OTLPTraceExporter({ url, metadata, timeoutMillis: EXPORT_TIMEOUT_MS });
}

/** The SDK's own complaints. A collector that is away is no failure of the service, and is said once a minute. */
export function reportProblems(log: Logger): void {
  let quietUntil = 0;
  const warn = (message: string): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + REPORT_EVERY_MS;
    log.warn('traces cannot be sent and are lost: check otlp.address and the collector', { reason: message });
  };
  const nothing = (): void => undefined;
  diag.setLogger({ error: warn, warn, info: nothing, debug: nothing, verbose: nothing });
}
