/** Pure: policy text to decision. */
export * from './enforcer.js';
export type { Grants } from './grants.js';
export type { OnMatch } from './pattern.js';
export * from './policy.js';
export * from './project-policy.js';
export * from './request-project.js';
export * from './settings.js';
