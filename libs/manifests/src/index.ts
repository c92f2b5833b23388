/** Renderers: from a source and a revision to manifests, with read sets and content-addressed keys. */
export { type BuildEnvironment, type BuildEnvironmentRequest, buildEnvironment } from './build-environment.js';
export { type ArchiveFile, readChartArchive } from './charts/archive.js';
export { archiveTree, type Contents, type IndexedFile, indexArchive, indexedTree } from './charts/archive-tree.js';
export { readArtifactArchive } from './charts/artifact-archive.js';
export { DEFAULT_LAYER_MEDIA_TYPES } from './charts/artifacts.js';
export { type ChartClientOptions, createChartClient, type RunningChartClient } from './charts/client.js';
export type * from './charts/ports.js';
export { compileGlob, type GlobMatcher } from './directory/glob.js';
export { listApps } from './list-apps.js';
export { planRender, pluginParameters } from './plan.js';
export * from './plugin/index.js';
export * from './ports.js';
export { canonicalJson, RENDERER_VERSION, renderKey } from './render-key.js';
export { detectSourceType, explicitSourceType } from './source-type.js';
export { readSetHolds } from './tree/recorded-tree.js';
export { normalizeSourcePath } from './tree/source-path.js';
export * from './workspace/index.js';
