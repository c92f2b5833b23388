/** Pure: ConfigMap and Secret data to typed settings, with a list of what was not understood. */
export * from './accounts.js';
export * from './certificates.js';
export * from './clusters.js';
export * from './comparison.js';
export type { HealthScript } from './customizations.js';
export * from './deep-links.js';
export * from './oidc.js';
export type { Parsed, SettingsData, SettingsProblem } from './reader.js';
export * from './reconciliation.js';
export * from './render-inputs.js';
export * from './repositories.js';
export * from './repository-connection.js';
export * from './resource-access.js';
export * from './resource-actions.js';
export * from './resource-filter.js';
export * from './secret.js';
export * from './server.js';
export * from './source-integrity.js';
