/** OpenAPI 3 generated from the routes, and a page to browse it (N18). */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastifyPlugin from 'fastify-plugin';

export interface OpenApiOptions {
  readonly version: string;
}

/** Register before the routes: they are collected as they are declared. */
export const openApiPlugin = fastifyPlugin<OpenApiOptions>(async (app, { version }) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Tiphys', version, description: 'GitOps for Kubernetes. Paths and shapes are those of Argo CD.' },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'argocd.token' },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
  });
  await app.register(async (scope) => {
    // The assets need no session: they show no data of the installation.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
      route.schema = { ...route.schema, hide: true };
    });
    await scope.register(swaggerUi, { routePrefix: '/swagger-ui', staticCSP: true });
    let document: string | undefined;
    for (const url of ['/api/openapi.json', '/swagger.json']) {
      scope.get(url, async (_, reply) => {
        document ??= JSON.stringify(app.swagger());
        return reply.type('application/json; charset=utf-8').send(document);
      });
    }
    scope.get('/api/docs', async (_, reply) => reply.redirect('/swagger-ui'));
  });
});
