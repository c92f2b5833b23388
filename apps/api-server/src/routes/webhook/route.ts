/** Binds POST /api/webhook: the raw body, whatever its content type, up to the size limit (J06, S13). */
import type { FastifyInstance } from 'fastify';
import { createWebhookHandler, type WebhookDeps } from './handler.js';

/** Hard limit while reading; the setting `webhook.maxPayloadSizeMB` can only lower it. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;
const REQUESTS_PER_MINUTE = 1_200;

export async function registerWebhookRoute(app: FastifyInstance, deps: WebhookDeps): Promise<void> {
  const handle = createWebhookHandler(deps);
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
    scope.addContentTypeParser('*', options, (_, body, done) => done(null, body));
    scope.route({
      method: 'POST',
      url: '/api/webhook',
      config: {
        public: true,
        anyContentType: true,
        rateLimit: { max: REQUESTS_PER_MINUTE, timeWindow: 60_000 },
      },
      schema: { tags: ['Webhook'], summary: 'Push events of Git hosts', operationId: 'Webhook' },
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        return reply.code(202).send(handle({ headers: request.headers, body, sourceIp: request.ip }));
      },
    });
  });
}
