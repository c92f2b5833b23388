/** ApplicationSets as pure code: which applications one stands for. */
export { generateApplications, unsupportedParts } from './generate.js';
export { type GeneratorCluster, type GeneratorSources, MAX_GENERATED, normalizeName } from './parameters.js';
