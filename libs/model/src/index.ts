/** The vocabulary of Tiphys: types, names, codes and errors. No I/O, no dependency on any other project. */
export * from './cache-keys.js';
export * from './codes.js';
export * from './crd/app-project.js';
export * from './crd/application.js';
export * from './crd/application-set.js';
export * from './crd/application-set-providers.js';
export { type LabelSelector, LabelSelectorSchema } from './crd/fields.js';
export * from './crd/operation.js';
export * from './crd/source.js';
export * from './errors/gitops-error.js';
export * from './kubernetes/object.js';
export * from './kubernetes/resource-key.js';
export * from './names.js';
export * from './redact.js';
export * from './text/duration.js';
export * from './text/encoding.js';
export * from './text/glob.js';
