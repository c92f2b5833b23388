/** GitReader port and its nodegit implementation, credentials. */
export type * from './ports.js';
