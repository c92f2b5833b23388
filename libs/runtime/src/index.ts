/** Configuration, logger, metrics, lifecycle, operations server, clock, back-off. */
export type * from './ports.js';
