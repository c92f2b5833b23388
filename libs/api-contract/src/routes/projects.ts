/** Project routes (part of N10): list, get, create. */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { flag, ListMetaSchema, ObjectMetaSchema, text } from '../schemas/common.js';

const tag = 'ProjectService';
const spec = Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' });

export const AppProjectBodySchema = Type.Object({ metadata: ObjectMetaSchema, spec, status: Type.Optional(spec) });
export const AppProjectListSchema = Type.Object({ metadata: ListMetaSchema, items: Type.Array(AppProjectBodySchema) });
export const ProjectCreateRequestSchema = Type.Object({
  project: Type.Object({
    metadata: Type.Object({ ...ObjectMetaSchema.properties, name: Type.String({ minLength: 1 }) }),
    spec: Type.Optional(spec),
  }),
  upsert: flag(),
});

export type AppProjectBody = Static<typeof AppProjectBodySchema>;
export type ProjectCreateRequest = Static<typeof ProjectCreateRequestSchema>;

export const projectRoutes = {
  list: defineRoute({
    access: { resource: 'projects', action: 'get', perItem: true },
    ...{ method: 'GET', path: '/api/v1/projects', operationId: 'ProjectService_List', tag },
    summary: 'List returns list of projects',
    schemas: { query: Type.Object({ name: text(), fields: text() }), response: AppProjectListSchema },
  }),
  create: defineRoute({
    access: { resource: 'projects', action: 'create' },
    ...{ method: 'POST', path: '/api/v1/projects', operationId: 'ProjectService_Create', tag },
    summary: 'Create a new project',
    schemas: { body: ProjectCreateRequestSchema, response: AppProjectBodySchema },
  }),
  get: defineRoute({
    access: { resource: 'projects', action: 'get' },
    ...{ method: 'GET', path: '/api/v1/projects/{name}', operationId: 'ProjectService_Get', tag },
    summary: 'Get returns a project by name',
    schemas: { params: Type.Object({ name: Type.String({ minLength: 1 }) }), response: AppProjectBodySchema },
  }),
};
