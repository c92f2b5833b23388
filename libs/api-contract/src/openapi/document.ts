/** The OpenAPI document of the contract (N18): what is committed as docs/reference/openapi.json and served by the API server. */
import { allRoutes } from '../all-routes.js';
import type { RouteContract } from '../route.js';
import { ErrorBodySchema } from '../schemas/common.js';
import { createComponents, type JsonSchema } from './components.js';
import { ERROR_RESPONSES, operationOf } from './operation.js';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: JsonSchema;
  readonly tags: readonly JsonSchema[];
  readonly security: readonly JsonSchema[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: Readonly<Record<string, JsonSchema>>;
}

const DESCRIPTION = `GitOps for Kubernetes. Paths, parameters and shapes are those of Argo CD; what is added changes no answer to a client that
does not ask for it. \`x-permission\` of an operation says what a caller must be allowed at least: \`public\` needs no session,
\`session\` any session; with \`perItem\` nobody is refused and the answer holds what the caller may see.`;

/** OpenAPI 3.1. Equal input gives an equal text: routes are in the order of their paths. */
export function openApiDocument({ version }: { readonly version: string }): OpenApiDocument {
  const components = createComponents();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of allRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, components) };
  }
  const error = components.show(ErrorBodySchema);
  return {
    openapi: '3.1.0',
    info: {
      ...{ title: 'Tiphys', version, description: DESCRIPTION.replaceAll('\n', ' ') },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: tagsOf(allRoutes),
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: components.used(),
      responses: Object.fromEntries(
        Object.values(ERROR_RESPONSES).map(({ name, description }) => [
          name,
          { description, content: { 'application/json': { schema: error } } },
        ]),
      ),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'argocd.token' },
      },
    },
  };
}

function tagsOf(routes: readonly RouteContract[]): readonly JsonSchema[] {
  return [...new Set(routes.map(({ tag }) => tag))].sort().map((name) => ({ name }));
}
