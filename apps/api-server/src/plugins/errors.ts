/** The one place where errors become answers and log lines. */
import type { Logger } from '@tiphys/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError, errorAnswer } from '../errors.js';

export interface ErrorsOptions {
  readonly log: Logger;
}

/** What ended the request's time is the reason of whatever was thrown after it. */
function interruption({ deadline }: FastifyRequest): ApiError | undefined {
  // An error may come before the request has a deadline.
  if ((deadline as AbortSignal | undefined)?.aborted !== true) return undefined;
  const { reason } = deadline as { readonly reason: unknown };
  if (!(reason instanceof DOMException) || reason.name !== 'TimeoutError') {
    return new ApiError('cancelled', 'the client closed the connection');
  }
  return new ApiError('deadlineExceeded', 'the request took too long and was given up; try again, or ask for less');
}

export const errorsPlugin = fastifyPlugin<ErrorsOptions>(async (app, { log }) => {
  const respond = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = interruption(request) ?? thrown;
    const { status, headers, body, unexpected } = errorAnswer(error, request.id);
    if (request.auditScope !== undefined) request.auditScope.reason = body.message;
    const fields = { request: request.id, method: request.method, route: request.routeOptions.url, status };
    if (unexpected) log.error('request failed', { ...fields, error });
    else if (status === 401 || status === 403) {
      log.info('request refused', {
        ...fields,
        reason: body.message,
        user: request.user?.username,
        sourceIp: request.ip,
        security: 3,
      });
    }
    return reply.code(status).headers(headers).type('application/json; charset=utf-8').send(JSON.stringify(body));
  };
  app.setErrorHandler(respond);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const text = `there is no ${request.method} ${path} in this version; /api/openapi.json lists what there is`;
    return respond(new ApiError('notFound', text), request, reply);
  });
});
