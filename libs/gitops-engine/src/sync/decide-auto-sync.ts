/** Whether an application with automated sync starts an operation now (D34-D38, design 9). */
import {
  ANNOTATIONS,
  type Application,
  type ApplicationCondition,
  hasMultipleSources,
  type Operation,
  type OperationState,
  type SyncPolicy,
  sourcesOf,
} from '@tiphys/model';
import type { ComparisonResult, ManagedResource } from '../compare/types.js';
import { equalJson } from '../refresh/equal-json.js';
import { isSkipped } from './hooks.js';
import {
  checkPruneLimit,
  type DeleteLimits,
  isDeletionApproved,
  overPruneLimit,
  prunableResources,
} from './prune-limit.js';
import { DEFAULT_SELF_HEAL_BACKOFF, type SelfHealBackoff, selfHealDelayMs } from './self-heal-backoff.js';

export const AUTO_SYNC_SKIP_REASONS = [
  'automated sync is off',
  'application is being deleted',
  'another operation is in progress',
  'application is not out of sync',
  'comparison failed',
  'rollback hold',
  'sync window',
  'nothing to apply',
  'only prunes are needed and automated prune is off',
  'revision was synced already and self-heal is off',
  'last attempt to this revision failed',
  'everything would be deleted',
  'prune limit exceeded',
] as const;
export type SkipReason = (typeof AUTO_SYNC_SKIP_REASONS)[number];

export interface AutoSyncInput {
  readonly app: Application;
  readonly comparison: Pick<ComparisonResult, 'syncStatus' | 'resources' | 'conditions'>;
  /** What the sources resolve to now, in their order: the revisions that were compared. */
  readonly revisions: readonly string[];
  readonly now: Date;
  readonly selfHealBackoff?: SelfHealBackoff;
  /** Prune limits of project and installation; absent: the default. */
  readonly pruneLimits?: DeleteLimits;
  /** Decision of the project's sync windows (D47-D50); absent: allowed. */
  readonly window?: { readonly allowed: boolean; readonly reason: string };
}

export type AutoSyncDecision =
  | {
      readonly kind: 'skip';
      readonly reason: SkipReason;
      /** To be shown on the Application: the user has to act. */
      readonly condition?: Pick<ApplicationCondition, 'type' | 'message'>;
    }
  | {
      readonly kind: 'start';
      readonly operation: Operation;
      readonly reason: 'new revision' | 'self-heal';
      /** The ref left the revision of the rollback hold: remove the annotation in the same write. */
      readonly clearHold: boolean;
    }
  | { readonly kind: 'retryAfter'; readonly ms: number };

type Skip = Extract<AutoSyncDecision, { kind: 'skip' }>;
type Automated = NonNullable<SyncPolicy['automated']>;

/** Automated operations without a retry policy of their own (D35). */
const DEFAULT_RETRY = { limit: 5 };

export function decideAutoSync(input: AutoSyncInput): AutoSyncDecision {
  const automated = input.app.spec.syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false) return skip('automated sync is off');
  const blocked = blockedBy(input) ?? pruneBlock(input, automated);
  if (blocked !== undefined) return blocked;
  const clearHold = input.app.metadata.annotations?.[ANNOTATIONS.rollbackHold] !== undefined;
  if (!wasAttempted(input)) {
    return { kind: 'start', operation: operationFor(input, automated), reason: 'new revision', clearHold };
  }
  return selfHeal(input, automated, clearHold);
}

function skip(reason: SkipReason, message?: string): Skip {
  if (message === undefined) return { kind: 'skip', reason };
  return { kind: 'skip', reason, condition: { type: 'SyncError', message } };
}

function blockedBy({ app, comparison, revisions, window }: AutoSyncInput): Skip | undefined {
  if (app.metadata.deletionTimestamp !== undefined) return skip('application is being deleted');
  if (isOperating(app)) return skip('another operation is in progress');
  if (comparison.conditions.some(({ type }) => type === 'ComparisonError' || type === 'InvalidSpecError')) {
    return skip('comparison failed');
  }
  if (comparison.syncStatus !== 'OutOfSync') return skip('application is not out of sync');
  if (app.metadata.annotations?.[ANNOTATIONS.rollbackHold] === revisions.join(',')) return skip('rollback hold');
  return window?.allowed === false ? skip('sync window') : undefined;
}

function isOperating({ operation, status }: Application): boolean {
  const phase = status?.operationState?.phase;
  return operation !== undefined || phase === 'Running' || phase === 'Terminating';
}

function pruneBlock(input: AutoSyncInput, automated: Automated): Skip | undefined {
  const { resources } = input.comparison;
  const prunes = prunableResources(resources, input.app.spec.syncPolicy?.syncOptions ?? []);
  if (!resources.some(needsApply)) {
    if (prunes.length === 0) return skip('nothing to apply');
    if (automated.prune !== true) return skip('only prunes are needed and automated prune is off');
  }
  if (automated.prune !== true || prunes.length === 0) return undefined;
  return emptyBlock(input, automated) ?? limitBlock(input);
}

/** D36 */
function emptyBlock({ comparison, revisions }: AutoSyncInput, automated: Automated): Skip | undefined {
  const ordinary = comparison.resources.filter(({ hooks }) => hooks.length === 0);
  if (automated.allowEmpty === true || !ordinary.every(({ requiresPruning }) => requiresPruning)) return undefined;
  const message = `Skipping sync attempt to ${revisions.join(', ')}: auto-sync will wipe out all resources`;
  return skip('everything would be deleted', `${message}; set spec.syncPolicy.automated.allowEmpty if that is wanted`);
}

function limitBlock({ app, comparison, revisions, pruneLimits }: AutoSyncInput): Skip | undefined {
  const syncOptions = app.spec.syncPolicy?.syncOptions ?? [];
  const verdict = checkPruneLimit(app, comparison.resources, { syncOptions, limits: pruneLimits });
  const state = app.status?.operationState;
  // The operation that used an approval finishes after it.
  if (!verdict.exceeded || isDeletionApproved(app, state?.finishedAt ?? state?.startedAt)) return undefined;
  const target = revisions.join(', ');
  return skip('prune limit exceeded', `Skipping sync attempt to ${target}: ${overPruneLimit(verdict)}`);
}

function needsApply({ target, status, hooks }: ManagedResource): boolean {
  return target !== undefined && status !== 'Synced' && hooks.length === 0 && !isSkipped(target);
}

/** Once per (revision, source): the last operation that was no dry run tried exactly this. */
function wasAttempted({ app, revisions }: AutoSyncInput): boolean {
  const state = app.status?.operationState;
  const result = state?.syncResult;
  if (state?.operation.sync === undefined || state.operation.sync.dryRun === true || result === undefined) return false;
  const attempted =
    result.revisions !== undefined && result.revisions.length > 0 ? result.revisions : [result.revision];
  return equalJson(attempted, revisions) && equalJson(sourcesOf(result), sourcesOf(app.spec));
}

function selfHeal(input: AutoSyncInput, automated: Automated, clearHold: boolean): AutoSyncDecision {
  const state = input.app.status?.operationState;
  if (state?.phase !== 'Succeeded') {
    const message = `Failed last sync attempt to ${input.revisions.join(', ')}: ${state?.message ?? ''}`;
    return skip('last attempt to this revision failed', message);
  }
  if (automated.selfHeal !== true) return skip('revision was synced already and self-heal is off');
  const { attempts, waitMs } = healPace(state, input);
  if (waitMs > 0) return { kind: 'retryAfter', ms: waitMs };
  return { kind: 'start', operation: healOperation(input, automated, attempts + 1), reason: 'self-heal', clearHold };
}

/** A quiet time as long as the cap ends a row of heals. */
function healPace(state: OperationState, { now, selfHealBackoff = DEFAULT_SELF_HEAL_BACKOFF }: AutoSyncInput) {
  const elapsedMs = now.getTime() - Date.parse(state.finishedAt ?? state.startedAt);
  const attempts = elapsedMs >= selfHealBackoff.capMs ? 0 : (state.operation.sync?.autoHealAttemptsCount ?? 0);
  return { attempts, waitMs: selfHealDelayMs(attempts, selfHealBackoff) - elapsedMs };
}

/** D37: only what differs, no hooks. */
function healOperation(input: AutoSyncInput, automated: Automated, autoHealAttemptsCount: number): Operation {
  const full = operationFor(input, automated);
  const differing = input.comparison.resources.filter(
    ({ status, hooks }) => status === 'OutOfSync' && hooks.length === 0,
  );
  const resources = differing.map(({ key }) => ({
    ...(key.group === '' ? {} : { group: key.group }),
    kind: key.kind,
    name: key.name,
    ...(key.namespace === '' ? {} : { namespace: key.namespace }),
  }));
  return { ...full, sync: { ...full.sync, autoHealAttemptsCount, resources } };
}

function operationFor({ app, revisions }: AutoSyncInput, automated: Automated): Operation {
  const { syncOptions, retry } = app.spec.syncPolicy ?? {};
  const pinned = hasMultipleSources(app.spec) ? { revisions: [...revisions] } : { revision: revisions[0] ?? '' };
  return {
    sync: {
      ...pinned,
      ...(automated.prune === true ? { prune: true } : {}),
      ...(syncOptions === undefined ? {} : { syncOptions }),
    },
    initiatedBy: { automated: true },
    retry: retry ?? DEFAULT_RETRY,
  };
}
