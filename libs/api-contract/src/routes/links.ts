/** Deep links (P18): where administrators send people from an application, one of its resources, or a project. */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';
import { ApplicationParamsSchema, ApplicationScopeSchema, text } from '../schemas/common.js';
import { ResourceQuerySchema } from '../schemas/resource-actions.js';

export const LinksSchema = Type.Object({
  items: Type.Array(Type.Object({ title: text(), url: text(), description: text(), iconClass: text() })),
});

const applications = 'ApplicationService';
const projects = 'ProjectService';
const one = '/api/v1/applications/{name}';
const method = 'GET';

export const linkRoutes = {
  application: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{ method, path: `${one}/links`, operationId: 'ApplicationService_ListLinks', tag: applications },
    summary: 'ListLinks returns the list of all application deep links',
    schemas: {
      params: ApplicationParamsSchema,
      /** `namespace` is Argo CD's name for the application's namespace here. */
      query: Type.Object({ ...ApplicationScopeSchema.properties, namespace: text() }),
      response: LinksSchema,
    },
  }),
  resource: defineRoute({
    access: { resource: 'applications', action: 'get' },
    ...{
      method,
      path: `${one}/resource/links`,
      operationId: 'ApplicationService_ListResourceLinks',
      tag: applications,
    },
    summary: 'ListResourceLinks returns the list of all resource deep links',
    schemas: { params: ApplicationParamsSchema, query: ResourceQuerySchema, response: LinksSchema },
  }),
  project: defineRoute({
    access: { resource: 'projects', action: 'get' },
    ...{ method, path: '/api/v1/projects/{name}/links', operationId: 'ProjectService_ListLinks', tag: projects },
    summary: 'ListLinks returns all deep links for the particular project',
    schemas: { params: Type.Object({ name: Type.String({ minLength: 1 }) }), response: LinksSchema },
  }),
};
