/** Binds POST /api/webhook: the raw body, whatever its content type, up to the size limit (J06, S13). */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {} from '../../http/types.js';
import { createWebhookHandler, type WebhookDeps } from './handler.js';
import { createBodyReader } from './read-body.js';

/** Of one address. */
const REQUESTS_PER_MINUTE = 1_200;

export async function registerWebhookRoute(app: FastifyInstance, deps: WebhookDeps): Promise<void> {
  const handle = createWebhookHandler(deps);
  const readBody = createBodyReader();
  const parse = async (request: FastifyRequest, stream: IncomingMessage): Promise<Buffer> =>
    readBody(stream, {
      announcedBytes: Number(request.headers['content-length'] ?? 0),
      maxBytes: deps.settings.webhook().maxPayloadBytes,
      signal: request.deadline,
    });
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', parse);
    scope.route({
      method: 'POST',
      url: '/api/webhook',
      config: {
        public: true,
        anyContentType: true,
        rateLimit: { max: REQUESTS_PER_MINUTE, timeWindow: 60_000 },
      },
      schema: { tags: ['Webhook'], summary: 'Push events of Git hosts and registries', operationId: 'Webhook' },
      // Of a body that was refused in the middle the rest would be read, were the connection kept.
      onError: async (_, reply) => void reply.header('connection', 'close'),
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { headers, ip: sourceIp } = request;
        const query = request.query as Readonly<Record<string, unknown>>;
        return reply.code(202).send(handle({ headers, query, body, sourceIp }));
      },
    });
  });
}
