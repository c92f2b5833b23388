/** Pure decisions of the sync engine: functions from data to data, no I/O, no clock, no logger. */
export * from './actions/index.js';
export { compareState } from './compare/compare-state.js';
export * from './compare/prepare-targets.js';
export * from './compare/tracking.js';
export type * from './compare/types.js';
export { DIFF_VERDICTS } from './compare/types.js';
export { type DiffOptions, diffResource } from './diff/diff-resource.js';
export { isSecret, maskSecrets } from './diff/mask-secrets.js';
export * from './health/aggregate-health.js';
export * from './health/assess-health.js';
export * from './health/health-scripts.js';
export { compileIgnoreDifferences, type IgnoreRules } from './normalize/ignore-differences.js';
export { isIgnoredUpdate } from './normalize/ignored-update.js';
export { type NormalizationRules, normalize } from './normalize/normalize.js';
export * from './project/app-namespace.js';
export * from './project/check-project.js';
export * from './project/effective-project.js';
export * from './project/global-projects.js';
export * from './project/resource-permission.js';
export * from './project/sync-identity.js';
export * from './refresh/decide-refresh.js';
export * from './refresh/equal-json.js';
export * from './refresh/refresh-request.js';
export { boundedMessage } from './status/bounds.js';
export * from './status/build-status.js';
export * from './status/conditions.js';
export * from './status/history.js';
export * from './status/status-patch.js';
export * from './sync/apply-groups.js';
export * from './sync/decide-auto-sync.js';
export * from './sync/hooks.js';
export * from './sync/kind-order.js';
export * from './sync/namespace-target.js';
export * from './sync/next-sync-step.js';
export * from './sync/plan-delete-hooks.js';
export * from './sync/plan-deletion.js';
export * from './sync/plan-sync.js';
export * from './sync/plan-termination.js';
export * from './sync/prune-limit.js';
export * from './sync/record-results.js';
export * from './sync/retry.js';
export * from './sync/self-heal-backoff.js';
export * from './sync/sync-messages.js';
export * from './sync/sync-options.js';
export {
  decideSyncWindow,
  isActive as isSyncWindowActive,
  syncWindowProblem,
  type WindowDecision,
  type WindowQuestion,
  type WindowSubject,
  windowApplies,
} from './sync/sync-windows.js';
export { isDryRunFailure, resultOf, stateOf, syncResultKey, type TaskState } from './sync/task-results.js';
export type * from './sync/types.js';
export * from './tree/build-tree.js';
export * from './tree/images.js';
export * from './tree/orphans.js';
export * from './tree/summarize-node.js';
export type * from './tree/types.js';
