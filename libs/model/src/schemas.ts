/** The JSON schemas of the custom resources, as values: for validation, OpenAPI and the CRD generator. */
export * from './crd/app-project.js';
export * from './crd/application.js';
export * from './crd/application-set.js';
export * from './crd/application-set-providers.js';
export { LabelSelectorSchema } from './crd/fields.js';
export * from './crd/operation.js';
export * from './crd/source.js';
