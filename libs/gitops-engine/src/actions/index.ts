/** Resource actions: discovery, running, and the patches that follow. */
export * from './action-patch.js';
export { builtInActionKinds } from './built-in/index.js';
export * from './discover-actions.js';
export type * from './types.js';
