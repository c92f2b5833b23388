/** Fastify: authentication, REST and streams; writes custom resources. The process is `main.ts`. */
export { buildApp } from './app.js';
export type { ApiServerDeps } from './deps.js';
