/** The one place where errors become answers and log lines. */
import type { Logger } from '@tiphys/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError, errorAnswer } from '../errors.js';

export interface ErrorsOptions {
  readonly log: Logger;
}

export const errorsPlugin = fastifyPlugin<ErrorsOptions>(async (app, { log }) => {
  const respond = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
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
