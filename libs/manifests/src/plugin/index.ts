/** Config management plugins: the client of their sidecars, and what a sidecar of our own is made of. */
export type * from './ports.js';
export * from './server/index.js';
export { createPluginSockets, type PluginSockets, type PluginSocketsOptions } from './sockets.js';
