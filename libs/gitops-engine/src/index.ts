/** Pure decisions of the sync engine: functions from data to data, no I/O, no clock, no logger. */
export type * from './compare/types.js';
export { DIFF_VERDICTS } from './compare/types.js';
export type * from './sync/types.js';
export type * from './tree/types.js';
