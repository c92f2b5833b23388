/** A collector of traces in this process that speaks OTLP over HTTP with JSON. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly OtlpAttribute[];
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

export interface OtlpCollector {
  readonly url: string;
  readonly bodies: readonly OtlpBody[];
  /** Of the requests, with their path. */
  readonly headers: readonly IncomingHttpHeaders[];
  spans(): readonly OtlpSpan[];
  /** @throws when there is none. */
  span(name: string): OtlpSpan;
  stop(): Promise<void>;
}

/** `status`: what it answers. */
export async function startOtlpCollector(status = 200): Promise<OtlpCollector> {
  const bodies: OtlpBody[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      headers.push({ ...request.headers, path: request.url });
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as OtlpBody);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const spans = (): readonly OtlpSpan[] => {
    const scopes = bodies.flatMap((body) => body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans));
    return scopes.flatMap((scope) => scope.spans);
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ bodies, headers, spans },
    span: (name) => {
      const found = spans().find((span) => span.name === name);
      const all = spans().map((span) => span.name);
      if (found === undefined) throw new Error(`no span ${name} was sent, but ${all.join(', ')}`);
      return found;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Attributes by name. */
export function otlpAttributes(attributes: readonly OtlpAttribute[] = []): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
