/** Versions and ranges of them, as close to the library of Argo CD and Helm as node-semver allows (A07-A09, B27). */
export * from './max-version.js';
export * from './range.js';
