/** Gives every request a signal that ends with the client's connection or with the request's time. */
import fastifyPlugin from 'fastify-plugin';
import type {} from '../http/types.js';

const REQUEST_TIMEOUT_MS = 90_000;

export const deadlinePlugin = fastifyPlugin(async (app) => {
  app.decorateRequest('deadline', undefined as unknown as AbortSignal);
  app.addHook('onRequest', async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) gone.abort(new Error('the client closed the connection'));
    });
    request.deadline = AbortSignal.any([gone.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
  });
});
