/** The OpenAPI document of the contract, and a page to browse it (N18). */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { openApiDocument } from '@tiphys/api-contract';
import fastifyPlugin from 'fastify-plugin';

export interface OpenApiOptions {
  readonly version: string;
}

export const openApiPlugin = fastifyPlugin<OpenApiOptions>(async (app, { version }) => {
  const document = openApiDocument({ version });
  // The plugin of the page asks for it by this decorator.
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  await app.register(async (scope) => {
    // The assets need no session: they show no data of the installation.
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
    });
    await scope.register(swaggerUi, { routePrefix: '/swagger-ui', staticCSP: true });
    const text = JSON.stringify(document);
    for (const url of ['/api/openapi.json', '/swagger.json']) {
      scope.get(url, async (_, reply) => reply.type('application/json; charset=utf-8').send(text));
    }
    scope.get('/api/docs', async (_, reply) => reply.redirect('/swagger-ui'));
  });
});
