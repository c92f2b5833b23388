/** From a recorded operation to the plan of its attempt: render what it names, compare with live state, plan. */
import {
  boundRevisions,
  equalJson,
  lastAttempted,
  planSync,
  progressFrom,
  type SyncProgress,
} from '@tiphys/gitops-engine';
import { type Application, type ApplicationSource, GitOpsError, type OperationState, sourcesOf } from '@tiphys/model';
import {
  type AppComparison,
  type ComparisonDeps,
  type ComparisonRequest,
  compareRendered,
  renderTargets,
} from '../comparison/compare-app.js';
import { assertWithinPruneLimit } from '../delete-limits.js';
import type { ControllerSettings, Deployments, ProjectReader, RenderedManifests } from '../ports.js';
import { asSyncIdentity } from '../sync-identity.js';
import { manifestsFor } from './deployed-manifests.js';
import { localManifests } from './local-manifests.js';
import { assertPermitted } from './permitted.js';
import { planRequest } from './plan-request.js';
import type { RunningOperation } from './running.js';

const FULL_SHA = /^[0-9a-f]{40}$/i;

export interface PrepareDeps extends ComparisonDeps {
  readonly deployments: Deployments;
  readonly settings: () => Pick<ControllerSettings, 'comparison' | 'deleteLimits' | 'impersonation' | 'isExcluded'>;
  readonly projects: ProjectReader;
}

/** Renders, compares and plans; nothing is written. @throws GitOpsError when there is nothing to run. */
export async function prepare(
  deps: PrepareDeps,
  { app, state }: { app: Application; state: OperationState },
  signal: AbortSignal,
): Promise<RunningOperation> {
  const request = comparisonRequest(app, state);
  const cluster = await deps.clusters.for(app.spec.destination, signal);
  const project = deps.projects.get(app.spec.project);
  const writable = asSyncIdentity(cluster, app, { project, settings: deps.settings(), namespace: deps.namespace });
  const render = () => renderTargets(deps, request, { cluster, signal });
  const rendered =
    localManifests(state.operation.sync ?? {}, request.sources.length) ??
    (await manifestsFor(deps.deployments, { app, state, request }, { render, signal }));
  assertNotOlder(rendered, { app, state });
  const comparison = await compareRendered(deps, request, { rendered, cluster, signal });
  const deployed = withRevisions(state, request, rendered);
  assertWithinPruneLimit(deps, { app, state, resources: comparison.result.resources });
  const { comparison: settings } = deps.settings();
  const plan = planRequest(app, { state: deployed, comparison, namespace: deps.namespace, settings });
  const tasks = planSync({ resources: comparison.result.resources, request: plan });
  assertPermitted(tasks, { app, project, cluster });
  return {
    app,
    state: deployed,
    cluster: writable,
    rendered,
    tasks,
    progress: withHealth(progressFrom(state, comparison.live), comparison),
  };
}

function withHealth(progress: SyncProgress, { configuredHealth }: AppComparison): SyncProgress {
  const { overrides } = configuredHealth;
  return overrides === undefined ? progress : { ...progress, healthOverrides: overrides };
}

/**
 * The state of an attempt that ended before it was known what it deploys, with what was asked of it: an automated sync is
 * not started again for what it has just tried (D34).
 */
export function withAttempted(app: Application, state: OperationState): OperationState {
  if (state.syncResult?.resources !== undefined) return state;
  const { sources, revisions } = comparisonRequest(app, state);
  const [source] = sources;
  const asked = revisions.map((revision) => revision ?? '');
  const attempted =
    sources.length === 1 && source !== undefined
      ? { revision: asked[0] ?? '', source }
      : { revision: '', revisions: asked, sources: [...sources] };
  return { ...state, syncResult: { ...attempted, resources: [] } };
}

function comparisonRequest(app: Application, state: OperationState): ComparisonRequest {
  const sync = state.operation.sync ?? {};
  const overridden = sync.sources ?? (sync.source === undefined ? undefined : [sync.source]);
  const sources: readonly ApplicationSource[] = overridden ?? sourcesOf(app.spec);
  const pinned = boundRevisions(state) ?? listOf(sync) ?? [];
  return {
    app,
    sources,
    revisions: sources.map((_, index) => pinned[index] || undefined),
    // A person means what the branch names now, not what a poll saw a minute ago (C23).
    cacheMode: sources.every((_, index) => FULL_SHA.test(pinned[index] ?? '')) ? 'normal' : 'resolve',
    resolvedAfterMs: 0,
    syncOptions: sync.syncOptions ?? app.spec.syncPolicy?.syncOptions ?? [],
  };
}

function listOf(
  from: { readonly revision?: string; readonly revisions?: readonly string[] } | undefined,
): readonly string[] | undefined {
  if (from?.revisions !== undefined && from.revisions.length > 0) return from.revisions;
  return from?.revision === undefined || from.revision === '' ? undefined : [from.revision];
}

/**
 * A commit from memory, because the Git host cannot be asked, is deployed only when it is the one known here already: no
 * retry and no stale cache takes the application back (design 9). What the host itself names is always followed.
 */
function assertNotOlder(
  { stale, revisions }: RenderedManifests,
  { app, state }: { readonly app: Application; readonly state: OperationState },
): void {
  if (stale !== true) return;
  const { source, sources } = state.operation.sync ?? {};
  const isOverridden = source !== undefined || sources !== undefined;
  const known = lastAttempted(state) ?? (isOverridden ? undefined : listOf(app.status?.sync));
  if (known === undefined || equalJson(known, revisions)) return;
  throw new GitOpsError(
    'Upstream',
    `the Git host cannot be asked which commit to deploy, and ${revisions.join(', ')}, which it named some time ago, may be older than ${known.join(', ')}; the sync waits for it`,
  );
}

function withRevisions(
  state: OperationState,
  { app, sources, syncOptions }: ComparisonRequest,
  rendered: RenderedManifests,
): OperationState {
  const [source] = sources;
  const single = sources.length === 1 && source !== undefined;
  const deployed = single
    ? { revision: rendered.revisions[0] ?? '', source }
    : { revision: '', revisions: [...rendered.revisions], sources: [...sources] };
  const metadata = syncOptions.includes('CreateNamespace=true')
    ? app.spec.syncPolicy?.managedNamespaceMetadata
    : undefined;
  const managed = metadata === undefined ? {} : { managedNamespaceMetadata: metadata };
  return { ...state, syncResult: { ...state.syncResult, ...deployed, ...managed } };
}
