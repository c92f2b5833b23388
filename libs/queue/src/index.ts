/** BullMQ: keyed queue and reconciler runner. */

export type * from './ports.js';
export { PRIORITIES } from './ports.js';
