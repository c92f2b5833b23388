/** Bodies: JSON only, and changing requests must say so (N21, F36 `server.api.content.types`): a form of a foreign page cannot send that header. */
import type { HttpServerSettings } from '@tiphys/settings';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { EXCESS_TEXTS, jsonExcess } from '../http/json-limits.js';
import { parseJsonLines } from '../http/json-lines.js';
import type {} from '../http/types.js';

const JSON_TYPE = 'application/json';
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

class UnsupportedMediaType extends Error {
  readonly statusCode = 415;
}

class PayloadTooLarge extends Error {
  readonly statusCode = 413;
}

export interface ContentTypeOptions {
  readonly settings: () => Pick<HttpServerSettings, 'contentTypes'>;
}

export const contentTypePlugin = fastifyPlugin<ContentTypeOptions>(async (app, { settings }) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, jsonParser(app));
  app.addHook('onRequest', async (request) => {
    if (SAFE_METHODS.includes(request.method) || request.routeOptions.config.anyContentType === true) return;
    if (request.is404) return;
    const { contentTypes } = settings();
    const type = mediaType(request);
    if (contentTypes.length > 0 && !contentTypes.includes(type)) {
      const expected = contentTypes.map((known) => `"content-type: ${known}"`).join(' or ');
      throw new UnsupportedMediaType(`invalid content type: ${request.method} needs the header ${expected}`);
    }
    // Whatever is permitted by the administrator, bodies are JSON.
    if (type !== JSON_TYPE) request.headers['content-type'] = JSON_TYPE;
  });
});

function mediaType(request: FastifyRequest): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase();
}

type Done = (error: Error | null, value?: unknown) => void;

function parseLines(body: string, done: Done): void {
  try {
    done(null, parseJsonLines(body));
  } catch (error) {
    done(error as Error);
  }
}

/** An empty body is no body: DELETE and POST without input still need the header above. */
function jsonParser(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (request: FastifyRequest, body: string, done: Done): void => {
    const excess = jsonExcess(body);
    if (excess !== undefined) done(new PayloadTooLarge(EXCESS_TEXTS[excess]));
    else if (body.trim() === '') done(null, undefined);
    else if (request.routeOptions.config.jsonLines === true) parseLines(body, done);
    else void parse(request, body, done);
  };
}
