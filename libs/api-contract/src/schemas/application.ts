/** Applications on the wire (N01): the custom resource without `apiVersion` and `kind`, and the requests that change it. */
import {
  ApplicationSpecSchema,
  ApplicationStatusSchema,
  InfoSchema,
  OperationSchema,
  RetryStrategySchema,
  SyncResourceSelectorSchema,
  SyncStrategySchema,
} from '@tiphys/model/schemas';
import { type Static, Type } from 'typebox';
import { ApplicationScopeSchema, flag, int64, ListMetaSchema, ObjectMetaSchema, text, texts } from './common.js';

/** A spec as users send it: without `project` it goes to the project `default`. */
export const ApplicationSpecInputSchema = Type.Object({ ...ApplicationSpecSchema.properties, project: text() });

export const ApplicationInputSchema = Type.Object({
  metadata: Type.Object({ ...ObjectMetaSchema.properties, name: Type.String({ minLength: 1 }) }),
  spec: ApplicationSpecInputSchema,
  operation: Type.Optional(OperationSchema),
});

export const ApplicationBodySchema = Type.Object({
  metadata: ObjectMetaSchema,
  spec: ApplicationSpecSchema,
  status: Type.Optional(ApplicationStatusSchema),
  operation: Type.Optional(OperationSchema),
});

const numbers = (description: string) => Type.Record(Type.String(), Type.Integer(), { description });

/** The numbers of a facet leave the condition on that facet out of account: they say what another choice would show. */
export const ApplicationCountsSchema = Type.Object({
  total: Type.Integer({ description: 'Applications that match, on all pages.' }),
  sync: numbers('By sync status.'),
  health: numbers('By health status.'),
  project: numbers('By project.'),
  cluster: numbers('By name of the destination cluster, or its address when it is not registered.'),
  autoSync: numbers('`enabled` and `disabled`.'),
});

export const ApplicationListSchema = Type.Object({
  metadata: Type.Object({
    ...ListMetaSchema.properties,
    remainingItemCount: Type.Optional(Type.Integer({ description: 'On later pages; only with `limit`.' })),
    counts: Type.Optional(ApplicationCountsSchema),
  }),
  items: Type.Array(ApplicationBodySchema),
});

export const ApplicationWatchEventSchema = Type.Object({
  type: Type.String({ enum: ['ADDED', 'MODIFIED', 'DELETED'] }),
  application: ApplicationBodySchema,
});

const FIELDS = 'Comma-separated paths to keep (`items.metadata.name`), or with a leading `-` to leave out.';

export const ApplicationQuerySchema = Type.Object({
  name: text(),
  refresh: Type.Optional(Type.String({ description: 'normal or hard: reconcile now; a single get waits for it.' })),
  projects: texts(),
  project: texts(),
  resourceVersion: text(),
  selector: Type.Optional(Type.String({ description: 'Label selector.' })),
  repo: Type.Optional(Type.String({ description: 'Repository URL of a source.' })),
  appNamespace: text(),
  fields: Type.Optional(Type.String({ description: FIELDS })),
});

/** Conditions beyond Argo CD's; several values of one mean any of them. */
const filters = {
  search: Type.Optional(Type.String({ maxLength: 256, description: 'Part of `namespace/name`, in any case.' })),
  syncStatus: texts(),
  healthStatus: texts(),
  cluster: texts(),
  namespace: texts(),
  autoSync: Type.Optional(Type.Boolean({ description: 'Whether automated sync is on.' })),
};

export const APPLICATION_SORT_FIELDS = [
  'name',
  'project',
  'namespace',
  'cluster',
  'sync',
  'health',
  'createdAt',
  'lastSync',
] as const;
export type ApplicationSortField = (typeof APPLICATION_SORT_FIELDS)[number];

export const ApplicationListQuerySchema = Type.Object({
  ...ApplicationQuerySchema.properties,
  ...filters,
  limit: Type.Optional(Type.Integer({ minimum: 0, description: 'Items on a page; 0 or absent: all of them.' })),
  continue: Type.Optional(Type.String({ maxLength: 2048, description: '`metadata.continue` of the page before.' })),
  sortBy: Type.Optional(
    Type.Unsafe<ApplicationSortField>({
      ...{ type: 'string', enum: APPLICATION_SORT_FIELDS },
      description: 'Default name. By sync and health, what needs attention comes first.',
    }),
  ),
  order: Type.Optional(
    Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'], description: 'Default asc.' }),
  ),
  counts: Type.Optional(Type.Boolean({ description: 'Adds `metadata.counts`.' })),
});
export const ApplicationWatchQuerySchema = Type.Object({ ...ApplicationQuerySchema.properties, ...filters });

export const ApplicationCreateQuerySchema = Type.Object({ upsert: flag(), validate: flag() });
export const ApplicationUpdateQuerySchema = Type.Object({ validate: flag(), project: text() });
export const ApplicationSpecQuerySchema = Type.Object({ ...ApplicationScopeSchema.properties, validate: flag() });

export const ApplicationPatchRequestSchema = Type.Object({
  name: text(),
  patch: Type.String({ description: 'The patch, as JSON text.' }),
  patchType: Type.Optional(Type.String({ description: 'json (RFC 6902, the default) or merge (RFC 7386).' })),
  appNamespace: text(),
  project: text(),
});

export const ApplicationDeleteQuerySchema = Type.Object({
  ...ApplicationScopeSchema.properties,
  cascade: Type.Optional(Type.Boolean({ description: 'Delete the deployed resources too; default true.' })),
  propagationPolicy: Type.Optional(Type.String({ description: 'foreground (default) or background.' })),
});

export const ApplicationSyncRequestSchema = Type.Object({
  name: text(),
  revision: text(),
  dryRun: flag(),
  prune: flag(),
  strategy: Type.Optional(Type.Union([SyncStrategySchema, Type.Null()])),
  resources: Type.Optional(Type.Union([Type.Array(SyncResourceSelectorSchema), Type.Null()])),
  manifests: Type.Optional(Type.Array(Type.String())),
  infos: Type.Optional(Type.Array(InfoSchema)),
  retryStrategy: Type.Optional(Type.Union([RetryStrategySchema, Type.Null()])),
  syncOptions: Type.Optional(
    Type.Union([Type.Object({ items: Type.Optional(Type.Array(Type.String())) }), Type.Null()]),
  ),
  appNamespace: text(),
  project: text(),
  sourcePositions: Type.Optional(Type.Array(int64())),
  revisions: Type.Optional(Type.Array(Type.String())),
});

export const ApplicationRollbackRequestSchema = Type.Object({
  name: text(),
  id: Type.Optional(int64()),
  dryRun: flag(),
  prune: flag(),
  appNamespace: text(),
  project: text(),
});

export type ApplicationInput = Static<typeof ApplicationInputSchema>;
export type ApplicationSpecInput = Static<typeof ApplicationSpecInputSchema>;
export type ApplicationBody = Static<typeof ApplicationBodySchema>;
export type ApplicationQuery = Static<typeof ApplicationQuerySchema>;
export type ApplicationListQuery = Static<typeof ApplicationListQuerySchema>;
/** What lists and streams can be filtered by. */
export type ApplicationFilter = Static<typeof ApplicationWatchQuerySchema>;
export type ApplicationCounts = Static<typeof ApplicationCountsSchema>;
export type ApplicationPatchRequest = Static<typeof ApplicationPatchRequestSchema>;
export type ApplicationDeleteQuery = Static<typeof ApplicationDeleteQuerySchema>;
export type ApplicationSyncRequest = Static<typeof ApplicationSyncRequestSchema>;
export type ApplicationRollbackRequest = Static<typeof ApplicationRollbackRequestSchema>;
