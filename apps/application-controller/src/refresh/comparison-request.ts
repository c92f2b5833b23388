/** What to render for a refresh: the commit of the last comparison, what the ref names now, or everything anew (C20-C24). */
import type { RefreshDecision } from '@tiphys/gitops-engine';
import { type Application, sourcesOf } from '@tiphys/model';
import type { ComparisonRequest } from '../comparison/compare-app.js';

export interface RefreshTurn {
  readonly app: Application;
  readonly decision: Extract<RefreshDecision, { kind: 'refresh' }>;
  /** Unix ms; a resolution made before it is too old. */
  readonly sinceMs: number;
}

const CACHE_MODES = { nothing: 'normal', recent: 'normal', latest: 'normal', latestForceResolve: 'resolve' } as const;

export function comparisonRequest({ app, decision, sinceMs }: RefreshTurn): ComparisonRequest {
  const sources = sourcesOf(app.spec);
  const { revision, revisions = revision === undefined ? [] : [revision] } = app.status?.sync ?? {};
  const pinned = decision.compareWith === 'nothing' || decision.compareWith === 'recent';
  // A push names its moment: one look at the host after it serves every application that follows the ref.
  const mode = sinceMs > 0 ? 'normal' : wasInvalid(app) ? 'resolve' : CACHE_MODES[decision.compareWith];
  return {
    app,
    sources,
    revisions: sources.map((_, index) => (pinned ? revisions[index] || undefined : undefined)),
    cacheMode: decision.refreshType === 'hard' ? 'hard' : mode,
    resolvedAfterMs: sinceMs,
    syncOptions: app.spec.syncPolicy?.syncOptions ?? [],
  };
}

/** While the specification was refused, pushes and refreshes were answered without a look at Git: what is cached may be old. */
function wasInvalid({ status }: Application): boolean {
  return status?.conditions?.some(({ type }) => type === 'InvalidSpecError') === true;
}
