/** Pure: policy text to decision. */
export * from './enforcer.js';
export * from './policy.js';
export * from './project-policy.js';
export * from './settings.js';
