/** Binds plain handlers to contract routes: validation from the schemas, ETag and gzip for large answers. */
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { RouteContract, RouteInput, RouteSchemas } from '@tiphys/api-contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import type { PublicContext, RequestContext } from './context.js';
import type { Handler, PublicHandler, StreamHandler } from './handler.js';
import { isSerialized, type Serialized, toJson } from './json.js';
import { sendStream } from './stream.js';

/** Registers a route that needs a session. */
export function bindRoute<S extends RouteSchemas>(
  app: FastifyInstance,
  route: RouteContract<S>,
  handler: Handler<S>,
): void {
  app.route({
    ...routeOptions(route),
    handler: async (request, reply) => send(await handler(inputOf(route, request), contextOf(request)), request, reply),
  });
}

/** Registers a route that works without a session. */
export function bindPublicRoute<S extends RouteSchemas>(
  app: FastifyInstance,
  route: RouteContract<S>,
  handler: PublicHandler<S>,
): void {
  app.route({
    ...routeOptions(route),
    handler: async (request, reply) =>
      send(await handler(inputOf(route, request), publicContextOf(request)), request, reply),
  });
}

/** Registers a stream (N19). */
export function bindStream<S extends RouteSchemas>(
  app: FastifyInstance,
  route: RouteContract<S>,
  handler: StreamHandler<S>,
): void {
  app.route({
    ...routeOptions(route),
    handler: async (request, reply) => {
      await sendStream(request, reply, (signal) => handler(inputOf(route, request), { ...contextOf(request), signal }));
      return reply;
    },
  });
}

const PARAMETER = /\{([^}]+)\}/g;

/** `{name}` to `:name`; the last one to `*` when it takes the rest of the path. */
export function urlPattern({ path, rest }: RouteContract): string {
  const pattern = path.replace(PARAMETER, ':$1');
  return rest === true ? pattern.replace(/:[^/]+$/, '*') : pattern;
}

function routeOptions(route: RouteContract) {
  const { params, query, body } = route.schemas;
  return {
    method: route.method,
    url: urlPattern(route),
    config: { jsonLines: route.bodyLines === true, public: route.access === 'public', operation: route },
    schema: {
      // The router names the rest of the path `*`; it is checked as the text it is.
      ...(params === undefined || route.rest === true ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body }),
    },
  };
}

/** The parts were validated against the route's schemas by Fastify before the handler runs. */
function inputOf<S extends RouteSchemas>(route: RouteContract<S>, request: FastifyRequest): RouteInput<S> {
  return { params: paramsOf(route, request), query: request.query, body: request.body } as RouteInput<S>;
}

function paramsOf({ path, rest }: RouteContract, request: FastifyRequest): unknown {
  if (rest !== true) return request.params;
  const { '*': tail, ...params } = request.params as Readonly<Record<string, string>>;
  const name = [...path.matchAll(PARAMETER)].at(-1)?.[1];
  return name === undefined ? params : { ...params, [name]: tail };
}

function contextOf(request: FastifyRequest): RequestContext {
  if (request.user === undefined) throw new ApiError('unauthenticated', 'no session information');
  return { user: request.user, signal: request.deadline };
}

function publicContextOf(request: FastifyRequest): PublicContext {
  const { user, deadline: signal, ip: sourceIp, sessionToken: token } = request;
  return { user, signal, sourceIp, token, origin: `${request.protocol}://${request.host}` };
}

const GZIP_FROM_BYTES = 16_384;
const compress = promisify(gzip);
/** Compressed once per answer object: unchanged lists are answered again without work. */
const compressed = new WeakMap<Serialized, Promise<Buffer>>();

async function send(result: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.type('application/json; charset=utf-8');
  if (!isSerialized(result)) return reply.send(toJson(result));
  if (result.etag !== undefined) {
    reply.header('etag', result.etag).header('cache-control', 'private, no-cache').header('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === result.etag) return reply.code(304).send();
  }
  if (result.serialized.length < GZIP_FROM_BYTES || !acceptsGzip(request)) return reply.send(result.serialized);
  const running = compressed.get(result) ?? compress(result.serialized, { level: constants.Z_BEST_SPEED });
  compressed.set(result, running);
  return reply.header('content-encoding', 'gzip').send(await running);
}

function acceptsGzip(request: FastifyRequest): boolean {
  const header = request.headers['accept-encoding'];
  return typeof header === 'string' && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(header);
}
