/** The server side of the plugin contract, for the sidecar. */
export { type PluginSpec, parsePluginConfig } from './config.js';
export { type PluginServer, type PluginServerOptions, startPluginServer } from './grpc-server.js';
export { findIsolation, type Isolation } from './isolation.js';
export { createPluginService, type PluginCall, type PluginService, type PluginServiceOptions } from './service.js';
