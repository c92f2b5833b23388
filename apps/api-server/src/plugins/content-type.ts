/** Bodies: JSON only, and changing requests must say so (N21): a form of a foreign page cannot send that header. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { EXCESS_TEXTS, jsonExcess } from '../http/json-limits.js';
import type {} from '../http/types.js';

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

class UnsupportedMediaType extends Error {
  readonly statusCode = 415;
}

class PayloadTooLarge extends Error {
  readonly statusCode = 413;
}

export const contentTypePlugin = fastifyPlugin(async (app) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, jsonParser(app));
  app.addHook('onRequest', async (request) => {
    if (SAFE_METHODS.includes(request.method) || request.routeOptions.config.anyContentType === true) return;
    if (!request.is404 && !isJson(request)) {
      const text = `invalid content type: ${request.method} needs the header "content-type: application/json"`;
      throw new UnsupportedMediaType(text);
    }
  });
});

function isJson(request: FastifyRequest): boolean {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() === 'application/json';
}

/** An empty body is no body: DELETE and POST without input still need the header above. */
function jsonParser(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (request: FastifyRequest, body: string, done: (error: Error | null, value?: unknown) => void): void => {
    const excess = jsonExcess(body);
    if (excess !== undefined) done(new PayloadTooLarge(EXCESS_TEXTS[excess]));
    else if (body.trim() === '') done(null, undefined);
    else void parse(request, body, done);
  };
}
