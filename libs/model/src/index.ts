/**
 * The vocabulary of Tiphys: types, names, codes and errors. No I/O, no dependency on any other project. The schemas behind
 * the types are in `@tiphys/model/schemas`: 20 MB that only who validates should load.
 */
export * from './access.js';
export * from './announced-revision.js';
export * from './cache-keys.js';
export * from './codes.js';
export type * from './comparison-settings.js';
export type * from './crd/app-project.js';
export type * from './crd/application.js';
export type * from './crd/application-set.js';
export type * from './crd/application-set-providers.js';
export type { LabelSelector } from './crd/fields.js';
export type * from './crd/operation.js';
export type * from './crd/source.js';
export * from './crd/sources-of.js';
export * from './crd/tokens-of-role.js';
export * from './errors/gitops-error.js';
export type * from './invalid-setting.js';
export * from './kubernetes/object.js';
export * from './kubernetes/resource-key.js';
export * from './names.js';
export * from './redact.js';
export * from './text/duration.js';
export * from './text/encoding.js';
export * from './text/git-url.js';
export * from './text/glob.js';
export * from './text/kubernetes-time.js';
