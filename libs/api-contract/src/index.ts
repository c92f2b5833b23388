/** REST routes as schemas with inferred types; OpenAPI and the client are derived from them. */
export { allRoutes } from './all-routes.js';
export {
  ApiCallError,
  type ApiClient,
  type ApiClientOptions,
  type CallInput,
  type CallOptions,
  createApiClient,
} from './client/client.js';
export { type OpenApiDocument, openApiDocument } from './openapi/document.js';
export * from './surface.js';
