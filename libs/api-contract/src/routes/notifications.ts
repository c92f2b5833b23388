/** What the notifications of this installation know by name (N15); never how they are configured. */
import { Type } from 'typebox';
import { defineRoute } from '../route.js';

const tag = 'NotificationService';

export const NotificationNamesSchema = Type.Object({ items: Type.Array(Type.Object({ name: Type.String() })) });

const schemas = { response: NotificationNamesSchema };
const method = 'GET';

/** Whoever has logged in may read the names, as in Argo CD. */
export const notificationRoutes = {
  services: defineRoute({
    access: 'session',
    ...{ method, path: '/api/v1/notifications/services', operationId: 'NotificationService_ListServices', tag },
    summary: 'List returns list of services',
    schemas,
  }),
  templates: defineRoute({
    access: 'session',
    ...{ method, path: '/api/v1/notifications/templates', operationId: 'NotificationService_ListTemplates', tag },
    summary: 'List returns list of templates',
    schemas,
  }),
  triggers: defineRoute({
    access: 'session',
    ...{ method, path: '/api/v1/notifications/triggers', operationId: 'NotificationService_ListTriggers', tag },
    summary: 'List returns list of triggers',
    schemas,
  }),
};
