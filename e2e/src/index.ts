/** Black-box stories on the real control plane with the real services; run with `npm run e2e`. */
export { type Api, login } from './support/api.js';
export { type App, type AppOptions, deploy } from './support/application.js';
export { type Site, type SiteOptions, useSite } from './support/site.js';
