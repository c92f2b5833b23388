/** Whether an application must be looked at again, and how closely (C20-C24, A24, A25). */
import {
  ANNOTATIONS,
  type Application,
  type ApplicationSpec,
  type CompareWith,
  hasMultipleSources,
  type RefreshType,
  type SyncStatus,
} from '@tiphys/model';
import type { RefreshRequest } from '../compare/types.js';
import { equalJson } from './equal-json.js';
import { mergeRefreshRequests } from './refresh-request.js';

/** Time limits of one decision. There is no periodic refresh per application: a poller per (repository, ref) asks for it. */
export interface RefreshLimits {
  /** Normal refresh when the last one is older; undefined or 0: never. */
  readonly softRefreshAfterMs?: number | undefined;
  /** Hard refresh when the last one is older (`--app-hard-resync`, C24); undefined or 0: never. */
  readonly hardRefreshAfterMs?: number | undefined;
  /**
   * When the application was last refreshed (hard), as far as the caller knows; else `status.reconciledAt`. A refresh
   * that changes nothing leaves no trace on the object, so a caller that uses the limits must remember it.
   */
  readonly lastRefreshedAt?: Date | undefined;
  readonly lastHardRefreshedAt?: Date | undefined;
}

export type RefreshDecision =
  /** `checkAfterMs` is `Infinity` when no time limit is due to expire. */
  | { readonly kind: 'skip'; readonly reason: string; readonly checkAfterMs: number }
  | {
      readonly kind: 'refresh';
      readonly compareWith: CompareWith;
      readonly refreshType: RefreshType;
      /** Why, for logs and events: a clause such as `spec.source differs`. */
      readonly reason: string;
    };

interface Cause extends RefreshRequest {
  readonly reason: string;
}

/**
 * The strongest of: what was asked, the `refresh` annotation, a spec that differs from what was last compared, a missing
 * status, an expired limit. `skip-reconcile: "true"` wins over all of them.
 */
// eslint-disable-next-line max-params -- the shape of every decision: object, request, limits, now
export function decideRefresh(
  app: Application,
  requested: RefreshRequest | undefined,
  limits: RefreshLimits,
  now: Date,
): RefreshDecision {
  if (app.metadata.annotations?.[ANNOTATIONS.skipReconcile] === 'true') {
    const reason = `annotation ${ANNOTATIONS.skipReconcile} is set; remove it to resume`;
    return { kind: 'skip', reason, checkAfterMs: Number.POSITIVE_INFINITY };
  }
  const expiry = expiries(app, limits, now);
  const causes: readonly Cause[] = [
    ...requestCauses(requested),
    ...annotationCauses(app),
    ...specCauses(app),
    ...expiry.filter(({ dueInMs }) => dueInMs <= 0).map(({ cause }) => cause),
  ];
  const merged = causes.reduce<RefreshRequest | undefined>(mergeRefreshRequests, undefined);
  if (merged === undefined) {
    const checkAfterMs = Math.min(Number.POSITIVE_INFINITY, ...expiry.map(({ dueInMs }) => dueInMs));
    return { kind: 'skip', reason: 'nothing asked and nothing changed', checkAfterMs };
  }
  return { kind: 'refresh', ...merged, reason: causes.map(({ reason }) => reason).join(', ') };
}

function requestCauses(requested: RefreshRequest | undefined): readonly Cause[] {
  return requested === undefined ? [] : [{ ...requested, reason: 'refresh requested' }];
}

function annotationCauses(app: Application): readonly Cause[] {
  const value = app.metadata.annotations?.[ANNOTATIONS.refresh];
  if (value === undefined) return [];
  const refreshType = value === 'hard' ? 'hard' : 'normal';
  return [{ compareWith: 'latestForceResolve', refreshType, reason: `${refreshType} refresh annotation` }];
}

/** Whether the status is about the spec as it is now. */
export function isSpecCompared(app: Application): boolean {
  return specCauses(app).length === 0;
}

function specCauses(app: Application): readonly Cause[] {
  const sync = app.status?.sync;
  if (sync?.comparedTo === undefined) {
    return [{ compareWith: 'latestForceResolve', refreshType: 'normal', reason: 'never compared' }];
  }
  const { destination, ignoreDifferences } = sync.comparedTo;
  const causes: Cause[] = [];
  if (!sameSources(app.spec, sync)) {
    causes.push({ compareWith: 'latestForceResolve', refreshType: 'normal', reason: 'spec.source differs' });
  }
  if (!equalJson(destinationOf(app.spec.destination), destinationOf(destination))) {
    causes.push({ compareWith: 'latest', refreshType: 'normal', reason: 'spec.destination differs' });
  }
  if (!equalJson(app.spec.ignoreDifferences ?? [], ignoreDifferences ?? [])) {
    causes.push({ compareWith: 'latest', refreshType: 'normal', reason: 'spec.ignoreDifferences differs' });
  }
  return causes;
}

/** Argo CD writes an empty source beside `sources`; only the form that the spec uses is compared. */
function sameSources(spec: ApplicationSpec, { comparedTo }: SyncStatus): boolean {
  if (hasMultipleSources(spec)) return equalJson(spec.sources, comparedTo?.sources);
  return !hasMultipleSources(comparedTo ?? {}) && equalJson(spec.source, comparedTo?.source);
}

/** Argo CD fills in the name or the server it looked up; an empty text is an absent one. */
function destinationOf(destination: ApplicationSpec['destination']) {
  const { server, name, namespace } = destination;
  return { server: server || undefined, name: name || undefined, namespace: namespace || undefined };
}

interface Expiry {
  readonly dueInMs: number;
  readonly cause: Cause;
}

function expiries(app: Application, limits: RefreshLimits, now: Date): readonly Expiry[] {
  const reconciledAt = app.status?.reconciledAt;
  const known = reconciledAt === undefined ? undefined : new Date(reconciledAt);
  const due = (afterMs: number | undefined, last: Date | undefined, cause: Cause): readonly Expiry[] => {
    if (afterMs === undefined || afterMs <= 0 || !Number.isFinite(afterMs) || last === undefined) return [];
    return [{ dueInMs: last.getTime() + afterMs - now.getTime(), cause }];
  };
  return [
    ...due(limits.softRefreshAfterMs, limits.lastRefreshedAt ?? known, {
      compareWith: 'latest',
      refreshType: 'normal',
      reason: 'comparison expired',
    }),
    ...due(limits.hardRefreshAfterMs, limits.lastHardRefreshedAt ?? known, {
      compareWith: 'latestForceResolve',
      refreshType: 'hard',
      reason: 'comparison expired, hard refresh',
    }),
  ];
}
