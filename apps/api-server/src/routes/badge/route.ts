/** GET /api/badge (A41): public when `statusbadge.enabled` is set, else the same answer for every name. */
import { listOf, texts } from '@tiphys/api-contract';
import { type Application, appKey, type HealthStatusCode } from '@tiphys/model';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { projectOf } from '../../applications/names.js';
import type { ApplicationStore } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import { type BadgeFacts, renderBadge } from './badge.js';

export interface BadgeDeps {
  readonly namespace: string;
  readonly store: Pick<ApplicationStore, 'get' | 'list'>;
  readonly settings: Pick<LiveSettings, 'server'>;
}

const QuerySchema = Type.Object({
  name: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  project: texts(),
  revision: Type.Optional(Type.String()),
  keepFullRevision: Type.Optional(Type.String()),
  showAppName: Type.Optional(Type.String()),
  width: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000 })),
});
type BadgeQuery = Static<typeof QuerySchema>;

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export function registerBadgeRoute(app: FastifyInstance, deps: BadgeDeps): void {
  app.route({
    method: 'GET',
    url: '/api/badge',
    config: { public: true },
    schema: { querystring: QuerySchema, tags: ['Badge'], summary: 'Status badge as SVG', operationId: 'Badge' },
    handler: async (request, reply) => {
      const svg = renderBadge(badgeFacts(deps, request.query as BadgeQuery));
      // Images are cached by proxies that show README files.
      return reply.header('cache-control', 'private, no-store').type('image/svg+xml').send(svg);
    },
  });
}

/** Exported for its table test. */
export function badgeFacts(deps: BadgeDeps, query: BadgeQuery): BadgeFacts {
  const size = query.width === undefined ? {} : { width: query.width };
  if (!deps.settings.server().badge.enabled) return { health: 'Unknown', sync: 'Unknown', ...size };
  for (const name of [query.name, query.namespace, ...listOf(query.project)]) {
    if (name && !NAME.test(name)) throw new ApiError('invalidArgument', `"${name}" is not a valid name`);
  }
  if (query.name) return { ...applicationFacts(deps, query.name, query), ...size };
  const projects = listOf(query.project);
  return { ...projectFacts(deps, projects), ...size };
}

function applicationFacts(deps: BadgeDeps, name: string, query: BadgeQuery): BadgeFacts {
  const application = deps.store.get(appKey(query.namespace || deps.namespace, name))?.application;
  if (application === undefined) return { health: 'Not Found', sync: undefined };
  const { health, sync } = application.status ?? {};
  const revision = query.revision === 'true' ? revisionOf(application, query.keepFullRevision === 'true') : undefined;
  const title = query.showAppName === 'true' ? { title: name } : {};
  const facts = { health: health?.status ?? 'Unknown', sync: sync?.status ?? 'Unknown', ...title } as const;
  return revision === undefined ? facts : { ...facts, revision };
}

function revisionOf({ status }: Application, full: boolean): string | undefined {
  const revision = status?.operationState?.syncResult?.revision ?? status?.sync?.revision;
  return full ? revision : revision?.slice(0, 7);
}

/** Degraded or OutOfSync as soon as one application of the projects is. */
function projectFacts(deps: BadgeDeps, projects: readonly string[]): BadgeFacts {
  const chosen = deps.store.list().filter(({ application }) => projects.includes(projectOf(application)));
  if (chosen.length === 0) return { health: 'Project Not Found', sync: undefined };
  const is = (health: HealthStatusCode) =>
    chosen.some(({ application }) => application.status?.health?.status === health);
  const outOfSync = chosen.some(({ application }) => application.status?.sync?.status !== 'Synced');
  return { health: is('Degraded') ? 'Degraded' : 'Healthy', sync: outOfSync ? 'OutOfSync' : 'Synced' };
}
