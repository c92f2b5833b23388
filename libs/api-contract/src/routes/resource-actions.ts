/** Routes of resource actions (N04): list, run by name, run with parameters. */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { ApplicationParamsSchema, EmptySchema } from '../schemas/common.js';
import { ResourceActionsSchema, ResourceQuerySchema, RunResourceActionSchema } from '../schemas/resource-actions.js';

const tag = 'ApplicationService';
const path = '/api/v1/applications/{name}/resource/actions';
const params = ApplicationParamsSchema;

export const resourceActionRoutes = {
  listResourceActions: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method: 'GET', path, operationId: 'ApplicationService_ListResourceActions', tag },
    summary: 'ListResourceActions returns list of resource actions',
    schemas: { params, query: ResourceQuerySchema, response: ResourceActionsSchema },
  }),
  /** Deprecated in Argo CD: the body is the action's name as a JSON text. */
  runResourceAction: defineRoute({
    access: { resource: 'applications', action: 'action' },
    ...{ method: 'POST', path, operationId: 'ApplicationService_RunResourceAction', tag },
    summary: 'RunResourceAction runs a resource action',
    schemas: { params, query: ResourceQuerySchema, body: Type.String({ minLength: 1 }), response: EmptySchema },
  }),
  runResourceActionV2: defineRoute({
    access: { resource: 'applications', action: 'action' },
    ...{ method: 'POST', path: `${path}/v2`, operationId: 'ApplicationService_RunResourceActionV2', tag },
    summary: 'RunResourceActionV2 runs a resource action with parameters',
    schemas: { params, body: RunResourceActionSchema, response: EmptySchema },
  }),
};
