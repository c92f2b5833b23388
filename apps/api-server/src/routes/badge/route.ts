/** GET /api/badge (A41): an image that needs no session, switched on by `statusbadge.enabled`. */
import type { FastifyInstance } from 'fastify';
import { type TProperties, Type } from 'typebox';
import type {} from '../../http/types.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import { renderBadge } from './badge.js';
import { type BadgeQuery, type BadgeSource, badgeFacts } from './facts.js';

export interface BadgeDeps extends Omit<BadgeSource, 'enabled'> {
  readonly settings: Pick<LiveSettings, 'server'>;
}

const ONE_OR_MORE = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]));
const PARAMETERS = [
  ...['name', 'namespace', 'appNamespace', 'project'],
  ...['revision', 'keepFullRevision', 'showAppName', 'width'],
];
/** What is no number or truth value is left out, not refused: an image is nothing that shows errors. */
const QuerySchema = Type.Object(Object.fromEntries(PARAMETERS.map((name) => [name, ONE_OR_MORE])) as TProperties);

export function registerBadgeRoute(app: FastifyInstance, { settings, ...source }: BadgeDeps): void {
  app.route({
    method: 'GET',
    url: '/api/badge',
    config: { public: true },
    schema: { querystring: QuerySchema, tags: ['Badge'], summary: 'Status badge as SVG', operationId: 'Badge' },
    handler: async (request, reply) => {
      const { enabled } = settings.server().badge;
      const svg = renderBadge(badgeFacts({ ...source, enabled }, request.query as BadgeQuery));
      return (
        reply
          // Images are cached by proxies that show README files.
          .header('cache-control', 'private, no-store')
          // Pages of other sites show the image, and may read it.
          .header('access-control-allow-origin', '*')
          .header('cross-origin-resource-policy', 'cross-origin')
          .type('image/svg+xml')
          .send(svg)
      );
    },
  });
}
