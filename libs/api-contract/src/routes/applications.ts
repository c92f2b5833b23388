/** The application routes (N01, N03): objects and operations. */

import { defineRoute } from '../route.js';
import {
  ApplicationBodySchema,
  ApplicationCreateQuerySchema,
  ApplicationDeleteQuerySchema,
  ApplicationInputSchema,
  ApplicationListQuerySchema,
  ApplicationListSchema,
  ApplicationPatchRequestSchema,
  ApplicationQuerySchema,
  ApplicationRollbackRequestSchema,
  ApplicationSpecInputSchema,
  ApplicationSpecQuerySchema,
  ApplicationSyncRequestSchema,
  ApplicationUpdateQuerySchema,
  ApplicationWatchEventSchema,
  ApplicationWatchQuerySchema,
} from '../schemas/application.js';
import { ApplicationParamsSchema, ApplicationScopeSchema, EmptySchema } from '../schemas/common.js';

const tag = 'ApplicationService';
const one = '/api/v1/applications/{name}';

export const applicationRoutes = {
  list: defineRoute({
    access: { resource: 'applications', action: 'get', perItem: true },
    ...{ method: 'GET', path: '/api/v1/applications', operationId: 'ApplicationService_List', tag },
    summary: 'List returns list of applications',
    schemas: { query: ApplicationListQuerySchema, response: ApplicationListSchema },
  }),
  create: defineRoute({
    access: { resource: 'applications', action: 'create' },
    ...{ method: 'POST', path: '/api/v1/applications', operationId: 'ApplicationService_Create', tag },
    summary: 'Create creates an application',
    schemas: { query: ApplicationCreateQuerySchema, body: ApplicationInputSchema, response: ApplicationBodySchema },
  }),
  get: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: one, operationId: 'ApplicationService_Get', tag },
    summary: 'Get returns an application by name',
    schemas: { params: ApplicationParamsSchema, query: ApplicationQuerySchema, response: ApplicationBodySchema },
  }),
  update: defineRoute({
    access: { resource: 'applications', action: 'update' },
    ...{ method: 'PUT', path: one, operationId: 'ApplicationService_Update', tag },
    summary: 'Update updates an application',
    schemas: {
      params: ApplicationParamsSchema,
      query: ApplicationUpdateQuerySchema,
      body: ApplicationInputSchema,
      response: ApplicationBodySchema,
    },
  }),
  updateSpec: defineRoute({
    access: { resource: 'applications', action: 'update' },
    ...{ method: 'PUT', path: `${one}/spec`, operationId: 'ApplicationService_UpdateSpec', tag },
    summary: 'UpdateSpec updates an application spec',
    schemas: {
      params: ApplicationParamsSchema,
      query: ApplicationSpecQuerySchema,
      body: ApplicationSpecInputSchema,
      response: ApplicationSpecInputSchema,
    },
  }),
  patch: defineRoute({
    access: { resource: 'applications', action: 'update' },
    ...{ method: 'PATCH', path: one, operationId: 'ApplicationService_Patch', tag },
    summary: 'Patch patch an application',
    schemas: {
      params: ApplicationParamsSchema,
      body: ApplicationPatchRequestSchema,
      response: ApplicationBodySchema,
    },
  }),
  delete: defineRoute({
    access: { resource: 'applications', action: 'delete' },
    ...{ method: 'DELETE', path: one, operationId: 'ApplicationService_Delete', tag },
    summary: 'Delete deletes an application',
    schemas: { params: ApplicationParamsSchema, query: ApplicationDeleteQuerySchema, response: EmptySchema },
  }),
  sync: defineRoute({
    access: { resource: 'applications', action: 'sync' },
    ...{ method: 'POST', path: `${one}/sync`, operationId: 'ApplicationService_Sync', tag },
    summary: 'Sync syncs an application to its target state',
    schemas: {
      params: ApplicationParamsSchema,
      body: ApplicationSyncRequestSchema,
      response: ApplicationBodySchema,
    },
  }),
  rollback: defineRoute({
    access: { resource: 'applications', action: 'sync' },
    ...{ method: 'POST', path: `${one}/rollback`, operationId: 'ApplicationService_Rollback', tag },
    summary: 'Rollback syncs an application to an entry of its history; it holds also while auto-sync is on',
    schemas: {
      params: ApplicationParamsSchema,
      body: ApplicationRollbackRequestSchema,
      response: ApplicationBodySchema,
    },
  }),
  terminateOperation: defineRoute({
    access: { resource: 'applications', action: 'sync' },
    ...{ method: 'DELETE', path: `${one}/operation`, operationId: 'ApplicationService_TerminateOperation', tag },
    summary: 'TerminateOperation terminates the currently running operation',
    schemas: { params: ApplicationParamsSchema, query: ApplicationScopeSchema, response: EmptySchema },
  }),
  watch: defineRoute({
    access: { resource: 'applications', action: 'get', perItem: true },
    ...{ method: 'GET', path: '/api/v1/stream/applications', operationId: 'ApplicationService_Watch', tag },
    summary: 'Watch returns stream of application change events',
    stream: true,
    schemas: { query: ApplicationWatchQuerySchema, response: ApplicationWatchEventSchema },
  }),
};
