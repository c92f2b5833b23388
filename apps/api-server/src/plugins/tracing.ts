/** A span for every request (M07), below the trace of the caller where it names one. */
import type { Tracer } from '@tiphys/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type {} from '../http/types.js';

/** Nothing is hooked in when there is no tracing. */
export const tracingPlugin = fastifyPlugin<{ readonly tracer: Tracer }>(async (app, { tracer }) => {
  if (!tracer.enabled) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent, tracestate } = request.headers;
    const caller = { traceparent: one(traceparent), tracestate: one(tracestate) };
    const options = { kind: 'server', caller, fields: fieldsOf(request) } as const;
    tracer
      .span(nameOf(request), options, async (span) => {
        const closed = whenClosed(reply);
        done();
        await closed;
        span.set({ 'http.response.status_code': reply.statusCode });
        if (reply.statusCode >= 500) span.fail(`status ${reply.statusCode}`);
      })
      .catch(() => undefined);
  });
});

function whenClosed({ raw }: FastifyReply): Promise<void> {
  return new Promise((resolve) => raw.once('close', resolve));
}

function nameOf({ method, routeOptions: { url, config } }: FastifyRequest): string {
  return config.operation?.operationId ?? `${method} ${url ?? 'unknown'}`;
}

/** The pattern of the route, never its path: names of objects are not for everybody who reads traces. */
function fieldsOf({ method, routeOptions }: FastifyRequest) {
  return { 'http.request.method': method, 'http.route': routeOptions.url };
}

function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
