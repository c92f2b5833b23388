/** Project routes (N10). */
import { type Static, Type } from 'typebox';
import { defineRoute } from '../route.js';
import { EventListSchema } from '../schemas/application-state.js';
import { EmptySchema, flag, int64, ListMetaSchema, ObjectMetaSchema, text } from '../schemas/common.js';

const tag = 'ProjectService';
const object = Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object' });

export const AppProjectBodySchema = Type.Object({
  metadata: ObjectMetaSchema,
  spec: object,
  status: Type.Optional(object),
});
export const AppProjectListSchema = Type.Object({ metadata: ListMetaSchema, items: Type.Array(AppProjectBodySchema) });
const ProjectInputSchema = Type.Object({
  metadata: Type.Object({ ...ObjectMetaSchema.properties, name: Type.String({ minLength: 1 }) }),
  spec: Type.Optional(object),
  status: Type.Optional(object),
});
export const ProjectCreateRequestSchema = Type.Object({ project: ProjectInputSchema, upsert: flag() });
export const ProjectUpdateRequestSchema = Type.Object({ project: ProjectInputSchema });

/** The project as its applications see it (F08), and what belongs to it (F07). */
export const DetailedProjectSchema = Type.Object({
  globalProjects: Type.Array(AppProjectBodySchema),
  project: AppProjectBodySchema,
  repositories: Type.Array(object),
  clusters: Type.Array(object),
});
export const GlobalProjectsSchema = Type.Object({ items: Type.Array(AppProjectBodySchema) });
export const ProjectSyncWindowsSchema = Type.Object({ windows: Type.Array(object) });
export const ProjectTokenRequestSchema = Type.Object({
  /** The path names project and role too, and wins. */
  project: text(),
  role: text(),
  description: text(),
  /** Seconds; 0 or absent: the token never expires. */
  expiresIn: Type.Optional(int64()),
  id: text(),
});

export type AppProjectBody = Static<typeof AppProjectBodySchema>;
export type ProjectInput = Static<typeof ProjectInputSchema>;
export type ProjectCreateRequest = Static<typeof ProjectCreateRequestSchema>;

const all = '/api/v1/projects';
const one = `${all}/{name}`;
const params = Type.Object({ name: Type.String({ minLength: 1 }) });
const tokenPath = `${all}/{project}/roles/{role}/token`;
const roleParams = { project: Type.String({ minLength: 1 }), role: Type.String({ minLength: 1 }) };
const access = { resource: 'projects', action: 'get' } as const;

export const projectRoutes = {
  list: defineRoute({
    access: { ...access, perItem: true },
    ...{ method: 'GET', path: all, operationId: 'ProjectService_List', tag },
    summary: 'List returns list of projects',
    schemas: { query: Type.Object({ name: text(), fields: text() }), response: AppProjectListSchema },
  }),
  create: defineRoute({
    access: { resource: 'projects', action: 'create' },
    ...{ method: 'POST', path: all, operationId: 'ProjectService_Create', tag },
    summary: 'Create a new project',
    schemas: { body: ProjectCreateRequestSchema, response: AppProjectBodySchema },
  }),
  get: defineRoute({
    access,
    ...{ method: 'GET', path: one, operationId: 'ProjectService_Get', tag },
    summary: 'Get returns a project by name',
    schemas: { params, response: AppProjectBodySchema },
  }),
  update: defineRoute({
    access: { resource: 'projects', action: 'update' },
    ...{ method: 'PUT', path: one, operationId: 'ProjectService_Update', tag },
    summary: 'Update updates a project',
    schemas: { params, body: ProjectUpdateRequestSchema, response: AppProjectBodySchema },
  }),
  delete: defineRoute({
    access: { resource: 'projects', action: 'delete' },
    ...{ method: 'DELETE', path: one, operationId: 'ProjectService_Delete', tag },
    summary: 'Delete deletes a project',
    schemas: { params, response: EmptySchema },
  }),
  detailed: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/detailed`, operationId: 'ProjectService_GetDetailedProject', tag },
    summary: 'GetDetailedProject returns a project that include project, global project and scoped resources by name',
    schemas: { params, response: DetailedProjectSchema },
  }),
  events: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/events`, operationId: 'ProjectService_ListEvents', tag },
    summary: 'ListEvents returns a list of project events',
    schemas: { params, response: EventListSchema },
  }),
  globalProjects: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/globalprojects`, operationId: 'ProjectService_GetGlobalProjects', tag },
    summary: 'Get returns a virtual project by name',
    schemas: { params, response: GlobalProjectsSchema },
  }),
  syncWindows: defineRoute({
    access,
    ...{ method: 'GET', path: `${one}/syncwindows`, operationId: 'ProjectService_GetSyncWindowsState', tag },
    summary: 'GetSchedulesState returns true if there are any active sync syncWindows',
    schemas: { params, response: ProjectSyncWindowsSchema },
  }),
  createToken: defineRoute({
    access: { resource: 'projects', action: 'update' },
    ...{ method: 'POST', path: tokenPath, operationId: 'ProjectService_CreateToken', tag },
    summary: 'Create a new project token',
    schemas: {
      params: Type.Object(roleParams),
      body: ProjectTokenRequestSchema,
      response: Type.Object({ token: Type.String() }),
    },
  }),
  deleteToken: defineRoute({
    access: { resource: 'projects', action: 'update' },
    ...{ method: 'DELETE', path: `${tokenPath}/{iat}`, operationId: 'ProjectService_DeleteToken', tag },
    summary: 'Delete a new project token',
    schemas: {
      params: Type.Object({ ...roleParams, iat: Type.String({ pattern: '^[0-9]+$' }) }),
      query: Type.Object({ id: text() }),
      response: EmptySchema,
    },
  }),
};
