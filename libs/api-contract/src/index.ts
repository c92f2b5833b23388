/** REST routes as schemas with inferred types; OpenAPI is generated from them. */
export * from './route.js';
export * from './routes/accounts.js';
export { applicationResourceRoutes } from './routes/application-resources.js';
export { applicationStateRoutes } from './routes/application-state.js';
export { applicationRoutes } from './routes/applications.js';
export * from './routes/certificates.js';
export * from './routes/clusters.js';
export * from './routes/installation.js';
export * from './routes/projects.js';
export * from './routes/resource-actions.js';
export * from './routes/session.js';
export * from './schemas/application.js';
export * from './schemas/application-resources.js';
export * from './schemas/application-state.js';
export * from './schemas/common.js';
export * from './schemas/resource-actions.js';
