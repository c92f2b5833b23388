/** ApplicationSet routes (N06): objects, what they generate, and their changes. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { ApplicationBodySchema } from '../schemas/application.js';
import { ApplicationTreeSchema, EventListSchema } from '../schemas/application-state.js';
import { EmptySchema, flag, ListMetaSchema, ObjectMetaSchema, text, texts } from '../schemas/common.js';

const tag = 'ApplicationSetService';
const object = Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' });

/** The custom resource without `apiVersion` and `kind`; its spec is the CRD's, which the cluster checks. */
export const ApplicationSetBodySchema = Type.Object({
  metadata: ObjectMetaSchema,
  spec: object,
  status: Type.Optional(object),
});
export const ApplicationSetInputSchema = Type.Object({
  metadata: Type.Object({ ...ObjectMetaSchema.properties, name: Type.String({ minLength: 1 }) }),
  spec: Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    required: ['generators', 'template'],
    properties: { generators: { type: 'array' }, template: { type: 'object' } },
  }),
});
export const ApplicationSetListSchema = Type.Object({
  metadata: ListMetaSchema,
  items: Type.Array(ApplicationSetBodySchema),
});
export const ApplicationSetScopeSchema = Type.Object({
  appsetNamespace: Type.Optional(
    Type.String({ description: "The ApplicationSet's namespace; default the control plane's." }),
  ),
});
export const ApplicationSetQuerySchema = Type.Object({
  ...ApplicationSetScopeSchema.properties,
  projects: texts(),
  selector: Type.Optional(Type.String({ description: 'Label selector.' })),
});
/** Argo CD spells the namespace of the stream `appSetNamespace`; both are read. */
export const ApplicationSetWatchQuerySchema = Type.Object({
  ...ApplicationSetQuerySchema.properties,
  name: text(),
  appSetNamespace: text(),
  resourceVersion: text(),
});
export const ApplicationSetWatchEventSchema = Type.Object({
  type: Type.String({ enum: ['ADDED', 'MODIFIED', 'DELETED'] }),
  applicationSet: ApplicationSetBodySchema,
});

export type ApplicationSetInput = Static<typeof ApplicationSetInputSchema>;
export type ApplicationSetQuery = Static<typeof ApplicationSetQuerySchema>;

const all = '/api/v1/applicationsets';
const one = `${all}/{name}`;
const params = Type.Object({ name: Type.String({ minLength: 1, description: "The ApplicationSet's name." }) });
const access = { resource: 'applicationsets', action: 'get' } as const;
const query = ApplicationSetScopeSchema;

export const applicationSetRoutes = {
  list: defineRoute({
    access: { ...access, perItem: true },
    ...{ method: 'GET', path: all, operationId: 'ApplicationSetService_List', tag },
    summary: 'List returns list of applicationset',
    schemas: { query: ApplicationSetQuerySchema, response: ApplicationSetListSchema },
  }),
  create: defineRoute({
    access: { resource: 'applicationsets', action: 'create' },
    ...{ method: 'POST', path: all, operationId: 'ApplicationSetService_Create', tag },
    summary: 'Create creates an applicationset',
    schemas: {
      query: Type.Object({ upsert: flag(), dryRun: flag() }),
      body: ApplicationSetInputSchema,
      response: ApplicationSetBodySchema,
    },
  }),
  generate: defineRoute({
    access: { resource: 'applicationsets', action: 'create' },
    ...{ method: 'POST', path: `${all}/generate`, operationId: 'ApplicationSetService_Generate', tag },
    summary: 'Generate generates the applications of an applicationset without storing anything',
    schemas: {
      body: Type.Object({ applicationSet: ApplicationSetInputSchema }),
      response: Type.Object({ applications: Type.Array(ApplicationBodySchema) }),
    },
  }),
  get: defineRoute({
    access,
    ...{ method: 'GET', path: one, operationId: 'ApplicationSetService_Get', tag },
    summary: 'Get returns an applicationset by name',
    schemas: { params, query, response: ApplicationSetBodySchema },
  }),
  delete: defineRoute({
    access: { resource: 'applicationsets', action: 'delete' },
    ...{ method: 'DELETE', path: one, operationId: 'ApplicationSetService_Delete', tag },
    summary: 'Delete deletes an application set',
    schemas: { params, query, response: EmptySchema },
  }),
  events: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/events`, operationId: 'ApplicationSetService_ListResourceEvents', tag },
    summary: 'ListResourceEvents returns a list of event resources',
    schemas: { params, query, response: EventListSchema },
  }),
  resourceTree: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/resource-tree`, operationId: 'ApplicationSetService_ResourceTree', tag },
    summary: 'ResourceTree returns resource tree',
    schemas: { params, query, response: ApplicationTreeSchema },
  }),
  watch: defineRoute({
    access: { ...access, perItem: true },
    ...{ method: 'GET', path: '/api/v1/stream/applicationsets', operationId: 'ApplicationSetService_Watch', tag },
    summary: 'Watch returns stream of applicationset change events',
    stream: true,
    schemas: { query: ApplicationSetWatchQuerySchema, response: ApplicationSetWatchEventSchema },
  }),
};
