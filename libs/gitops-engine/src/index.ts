/** Pure decisions of the sync engine: functions from data to data, no I/O, no clock, no logger. */
export type * from './compare/types.js';
export { DIFF_VERDICTS } from './compare/types.js';
export * from './health/aggregate-health.js';
export * from './health/assess-health.js';
export * from './refresh/decide-refresh.js';
export * from './refresh/refresh-request.js';
export * from './sync/apply-groups.js';
export * from './sync/hooks.js';
export * from './sync/kind-order.js';
export * from './sync/next-sync-step.js';
export * from './sync/plan-sync.js';
export * from './sync/record-results.js';
export * from './sync/sync-messages.js';
export * from './sync/sync-options.js';
export { isDryRunFailure, resultOf, stateOf, syncResultKey, type TaskState } from './sync/task-results.js';
export type * from './sync/types.js';
export * from './tree/images.js';
export type * from './tree/types.js';
