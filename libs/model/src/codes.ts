/** Status codes of the field, each union derived from one `as const` array. Order matters where the comment says so. */

export const SYNC_STATUS_CODES = ['Synced', 'OutOfSync', 'Unknown'] as const;
export type SyncStatusCode = (typeof SYNC_STATUS_CODES)[number];

/** From best to worst (E01): the health of an application is the worst of its resources. */
export const HEALTH_STATUS_CODES = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'] as const;
export type HealthStatusCode = (typeof HEALTH_STATUS_CODES)[number];

export const OPERATION_PHASES = ['Running', 'Terminating', 'Failed', 'Error', 'Succeeded'] as const;
export type OperationPhase = (typeof OPERATION_PHASES)[number];

export const SYNC_PHASES = ['PreSync', 'Sync', 'PostSync', 'SyncFail'] as const;
export type SyncPhase = (typeof SYNC_PHASES)[number];

export const HOOK_TYPES = [...SYNC_PHASES, 'Skip', 'PreDelete', 'PostDelete'] as const;
export type HookType = (typeof HOOK_TYPES)[number];

export const HOOK_DELETE_POLICIES = ['HookSucceeded', 'HookFailed', 'BeforeHookCreation'] as const;
export type HookDeletePolicy = (typeof HOOK_DELETE_POLICIES)[number];

export const RESULT_CODES = ['Synced', 'SyncFailed', 'Pruned', 'PruneSkipped'] as const;
export type ResultCode = (typeof RESULT_CODES)[number];

/** From weakest to strongest: merging two requests takes the maximum. */
export const REFRESH_TYPES = ['normal', 'hard'] as const;
export type RefreshType = (typeof REFRESH_TYPES)[number];

/** How much a refresh must look at (C20-C23), from weakest to strongest: merging takes the maximum. */
export const COMPARE_LEVELS = ['nothing', 'recent', 'latest', 'latestForceResolve'] as const;
export type CompareWith = (typeof COMPARE_LEVELS)[number];

export const CONDITION_TYPES = [
  'DeletionError',
  'InvalidSpecError',
  'ComparisonError',
  'SyncError',
  'UnknownError',
  'SharedResourceWarning',
  'RepeatedResourceWarning',
  /** Ours: what a renderer warns of, and a Git host that could not be asked while its last good answer is used. */
  'RenderWarning',
  /** Ours: who changed what of a live object, while nothing reverts it. */
  'DriftWarning',
  /** Ours: `status.resources` holds a part of the resources only. */
  'ShortenedStatusWarning',
  'ExcludedResourceWarning',
  'OrphanedResourceWarning',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

export const TRACKING_METHODS = ['annotation', 'annotation+label', 'label'] as const;
export type TrackingMethod = (typeof TRACKING_METHODS)[number];

export const SOURCE_TYPES = ['Helm', 'Kustomize', 'Directory', 'Plugin'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];
