/** Hermetic runs of tools. */
export type * from './ports.js';
export { createToolbox, type ToolboxOptions, toolSearchPath } from './toolbox.js';
