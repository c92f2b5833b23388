/**
 * Memory for large bodies (S12, S14): each has a limit of its own, and all that are read at the same time have one together.
 * Who comes when it is used up is told to come again; small bodies always pass.
 */
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { ApiError } from '../errors.js';

const MIB = 1024 * 1024;
const SMALL_BYTES = MIB;
/** Three of the largest; what is read takes about three times as much until it is answered. */
const SESSION_BYTES = 48 * MIB;
/** Webhooks: two of the largest. Strangers cannot use up what those with a session need. */
const PUBLIC_BYTES = 100 * MIB;

export const bodyBudgetPlugin = fastifyPlugin(async (app) => {
  const left = { session: SESSION_BYTES, public: PUBLIC_BYTES };
  app.addHook('onRequest', async (request, reply) => {
    const bytes = expectedBytes(request);
    if (bytes <= SMALL_BYTES) return;
    const share = request.user === undefined ? 'public' : 'session';
    if (bytes > left[share]) {
      const text = 'too many large requests are being read; try again in a second';
      throw new ApiError('resourceExhausted', text, { 'retry-after': '1', connection: 'close' });
    }
    left[share] -= bytes;
    reply.raw.once('close', () => {
      left[share] += bytes;
    });
  });
});

/** As announced, up to the limit of the route, which ends what is larger; that limit for a body in chunks. */
function expectedBytes({ headers, routeOptions }: FastifyRequest): number {
  const { bodyLimit = SMALL_BYTES } = routeOptions;
  if (headers['transfer-encoding'] !== undefined) return bodyLimit;
  const length = Number(headers['content-length'] ?? 0);
  return Number.isFinite(length) ? Math.min(length, bodyLimit) : bodyLimit;
}
