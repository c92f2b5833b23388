/** The one place that writes the audit log: driven by the contract of the route, so that no route can forget it. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Clock, isRequestId, REQUEST_ID_HEADER } from '@tiphys/runtime';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { type AnsweredRequest, auditFields, isAudited } from '../audit/entry.js';
import { newScope, withScope } from '../audit/scope.js';
import type { AuditTrail } from '../audit/trail.js';
import type {} from '../http/types.js';

/** The id that a trusted proxy gave the request, when it is one that logs can hold; else a new one. */
export function requestIds(trustProxy: boolean): (request: IncomingMessage) => string {
  return (request) => {
    const given = trustProxy ? request.headers[REQUEST_ID_HEADER] : undefined;
    return isRequestId(given) ? given : randomUUID();
  };
}

export interface AuditOptions {
  readonly trail: Pick<AuditTrail, 'record'>;
  readonly clock: Clock;
}

const SWITCHING_PROTOCOLS = 101;

/** Register first: the scope must surround every other hook and handler. */
export const auditPlugin = fastifyPlugin<AuditOptions>(async (app, { trail, clock }) => {
  app.decorateRequest('auditScope', undefined);
  app.decorateRequest('recordUpgrade', function recordUpgrade(this: FastifyRequest) {
    const status = SWITCHING_PROTOCOLS;
    trail.record(auditFields(answeredRequest({ request: this, status, payload: undefined, at: clock.now() })));
  });
  app.addHook('onRequest', (request, reply, done) => {
    const scope = newScope(request.id);
    request.auditScope = scope;
    reply.header(REQUEST_ID_HEADER, request.id);
    withScope(scope, done);
  });
  const audited = new WeakSet<FastifyRequest>();
  app.addHook('onSend', async (request, reply, payload) => {
    if (audited.has(request)) return payload;
    const answered = answeredRequest({ request, status: reply.statusCode, payload, at: clock.now() });
    if (isAudited(answered)) {
      audited.add(request);
      trail.record(auditFields(answered));
    }
    return payload;
  });
});

interface Answer {
  readonly request: FastifyRequest;
  readonly status: number;
  readonly payload: unknown;
  readonly at: Date;
}

function answeredRequest({ request, status, payload, at }: Answer): AnsweredRequest {
  const { method, user, params, query, body, sessionToken, ip: sourceIp } = request;
  const scope = request.auditScope ?? newScope(request.id);
  const { url, config } = request.routeOptions;
  return {
    ...{ at, scope, method, user, params, query, body, sourceIp, payload, status },
    route: url ?? request.url.split('?')[0] ?? '',
    operation: config.operation,
    hasToken: sessionToken !== undefined,
  };
}
