/** Routes of one live resource of an application (N04). */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import {
  ResourceDeleteQuerySchema,
  ResourceManifestSchema,
  ResourcePatchQuerySchema,
} from '../schemas/application-resources.js';
import { ApplicationParamsSchema, EmptySchema } from '../schemas/common.js';
import { ResourceQuerySchema } from '../schemas/resource-actions.js';

const tag = 'ApplicationService';
const one = '/api/v1/applications/{name}';
const params = ApplicationParamsSchema;

export const applicationResourceRoutes = {
  getResource: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path: `${one}/resource`, operationId: 'ApplicationService_GetResource', tag },
    summary: 'GetResource returns single application resource',
    schemas: { params, query: ResourceQuerySchema, response: ResourceManifestSchema },
  }),
  /** The body is the patch as a JSON text. */
  patchResource: defineRoute({
    access: { resource: 'applications', action: 'update' },
    ...{ method: 'POST', path: `${one}/resource`, operationId: 'ApplicationService_PatchResource', tag },
    summary: 'PatchResource patch single application resource',
    schemas: {
      ...{ params, query: ResourcePatchQuerySchema, response: ResourceManifestSchema },
      body: Type.String({ minLength: 2 }),
    },
  }),
  deleteResource: defineRoute({
    access: { resource: 'applications', action: 'delete' },
    ...{ method: 'DELETE', path: `${one}/resource`, operationId: 'ApplicationService_DeleteResource', tag },
    summary: 'DeleteResource deletes a single application resource',
    schemas: { params, query: ResourceDeleteQuerySchema, response: EmptySchema },
  }),
};
