/** The refresh reconciler: decide whether to look, compare, write the status when it differs, start a sync when due. */
import {
  type ApplicationTree,
  type ComparisonResult,
  decideRefresh,
  type RefreshDecision,
  type RefreshRequest,
} from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type AppKey,
  type Application,
  type ApplicationStatus,
  COMPARE_LEVELS,
  instanceNameOf,
  isGitOpsError,
  type JsonObject,
  parseAppKey,
  REFRESH_TYPES,
} from '@tiphys/model';
import type { KeyedQueue, PendingRequest, ReconcileOutcome } from '@tiphys/queue';
import {
  type ComparisonDeps,
  type ComparisonRequest,
  compareRendered,
  renderTargets,
} from '../comparison/compare-app.js';
import { pruneLimitsFor } from '../delete-limits.js';
import { beginState, startedEvent } from '../operation/begin.js';
import { isPaused } from '../paused.js';
import type {
  ApplicationStore,
  Clusters,
  ControllerSettings,
  DestinationCluster,
  EventRecorder,
  RenderedManifests,
  ResourceViews,
} from '../ports.js';
import { windowFor } from '../sync-window.js';
import { type NextAutoSync, nextAutoSync } from './auto-sync.js';
import { type AwaitDeps, type Awaiting, beginAwaiting } from './await-announced.js';
import { type CheckDeps, checkSpec } from './check-spec.js';
import { comparisonRequest } from './comparison-request.js';
import { finalizersFor } from './delete-hook-finalizers.js';
import type { HardRefreshes } from './hard-refreshes.js';
import { renderNotOlder } from './known-commit.js';
import { orphansOf } from './orphans.js';
import { RepoOutage, type RepoOutages } from './repo-outages.js';
import { driftConditions, reportDrift, reportStatusChange } from './report.js';
import { type ComparisonMemory, fingerprintOf } from './skip-equal.js';
import { comparedStatus, failedStatus, invalidStatus, patchOf, sameStatusAt } from './status.js';
import { managedResourceView, nodesBelow, treeOf } from './views.js';

export interface RefreshDeps extends ComparisonDeps, CheckDeps, AwaitDeps {
  readonly clusters: Clusters;
  readonly applications: ApplicationStore;
  readonly refreshQueue: KeyedQueue;
  readonly operationQueue: KeyedQueue;
  readonly views: ResourceViews;
  readonly events: EventRecorder;
  readonly memory: ComparisonMemory;
  readonly hardRefreshes: HardRefreshes;
  readonly repoOutages: RepoOutages;
  readonly settings: () => ControllerSettings;
}

interface Turn {
  readonly key: AppKey;
  readonly app: Application;
  readonly decision: Extract<RefreshDecision, { kind: 'refresh' }>;
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

interface AwaitingTurn extends Turn {
  readonly awaiting: Awaiting;
}

/** While an operation writes, its objects change all the time: look again when it is done, or this much later. */
const DURING_OPERATION_MS = 2_000;
/** Until a Git host that could not be asked about a push is asked again. */
const STALE_RETRY_MS = 10_000;
const HEALTH_RETRY_MS = 30_000;

export function createRefreshReconciler(
  deps: RefreshDeps,
): (key: AppKey, signal: AbortSignal) => Promise<ReconcileOutcome> {
  return async function reconcileApplication(key, signal) {
    const app = deps.applications.get(key);
    const pending = await deps.refreshQueue.readRequest(key);
    const outcome =
      app === undefined ? await forget(deps, key) : await refreshOrSkip(deps, { key, app, pending, signal });
    // After the write: a crash must not lose a request.
    if (pending !== undefined) await deps.refreshQueue.acknowledge(key, pending.token);
    return outcome;
  };
}

async function forget(deps: RefreshDeps, key: AppKey): Promise<ReconcileOutcome> {
  deps.memory.delete(key);
  deps.hardRefreshes.forget(key);
  deps.repoOutages.ended(key);
  const app = parseAppKey(key);
  deps.clusters.forget(instanceNameOf(app, deps.namespace));
  await deps.views.forget(app);
  return { kind: 'done' };
}

interface Asked {
  readonly key: AppKey;
  readonly app: Application;
  readonly pending: PendingRequest | undefined;
  readonly signal: AbortSignal;
}

async function refreshOrSkip(deps: RefreshDeps, { key, app, pending, signal }: Asked): Promise<ReconcileOutcome> {
  if (isPaused(deps, app)) return { kind: 'done' };
  if (app.metadata.deletionTimestamp !== undefined) {
    await deps.operationQueue.enqueue({ key, priority: 'dependency' });
    return { kind: 'done' };
  }
  const { hardRefreshAfterMs } = deps.settings();
  const limits = { hardRefreshAfterMs, lastHardRefreshedAt: deps.hardRefreshes.lastOf(key) };
  const decision = decideRefresh(app, requestOf(pending), limits, deps.clock.now());
  if (decision.kind === 'skip') {
    return Number.isFinite(decision.checkAfterMs)
      ? { kind: 'requeueAfter', ms: decision.checkAfterMs, reason: decision.reason }
      : { kind: 'done' };
  }
  if (isWriting(app) && weak(decision))
    return { kind: 'requeueAfter', ms: DURING_OPERATION_MS, reason: 'an operation is running' };
  const outcome = await refresh(deps, { key, app, decision, sinceMs: pending?.since ?? 0, signal });
  if (decision.refreshType === 'hard') deps.hardRefreshes.done(key);
  return outcome;
}

function requestOf(pending: PendingRequest | undefined): RefreshRequest | undefined {
  if (pending === undefined) return undefined;
  return {
    compareWith: COMPARE_LEVELS[pending.level] ?? 'recent',
    refreshType: REFRESH_TYPES[pending.hardness] ?? 'normal',
  };
}

/** An operation that has just begun; one that waits (hooks, health) is looked at like any other state. */
function isWriting(app: Application): boolean {
  const state = app.status?.operationState;
  return (
    app.operation !== undefined &&
    (state === undefined || state.phase !== 'Running' || state.syncResult?.resources === undefined)
  );
}

function weak({ compareWith, refreshType }: Turn['decision']): boolean {
  return refreshType === 'normal' && (compareWith === 'nothing' || compareWith === 'recent');
}

async function refresh(deps: RefreshDeps, turn: Turn): Promise<ReconcileOutcome> {
  const { app, key } = turn;
  const invalid = checkSpec(app, deps);
  if (invalid.length > 0) {
    deps.memory.delete(key);
    await writeStatus(deps, turn, { status: invalidStatus(app, invalid, deps.clock.now()) });
    return { kind: 'done' };
  }
  const awaiting = await beginAwaiting(deps, turn);
  const asked = { ...turn, awaiting };
  const written = await compareAndWrite(deps, asked).catch((error: unknown) => writeFailure(deps, asked, error));
  // A queue or cache that is away is no failure of the comparison: what follows is not shown as one.
  return awaiting.finish(written === undefined ? { kind: 'done' } : await announce(deps, turn, written));
}

/** @throws GitOpsError when the comparison is to be tried again. */
async function writeFailure(deps: RefreshDeps, turn: AwaitingTurn, error: unknown): Promise<undefined> {
  const { app, key, signal, awaiting } = turn;
  if (signal.aborted || (isGitOpsError(error) && error.code === 'Conflict')) throw error;
  // While it may be that a replica of the host is behind, the turn's own timer is the earlier one.
  const isPatient = awaiting.isPatient();
  if (error instanceof RepoOutage && isPatient) return undefined;
  if (error instanceof RepoOutage) throw error.cause;
  deps.memory.delete(key);
  const times = { now: deps.clock.now(), outageSince: deps.repoOutages.since(key) };
  const { status, failure } = failedStatus(app, error, times);
  await writeStatus(deps, turn, { status });
  if (failure.retry !== 'never' && !isPatient) throw failure;
  return undefined;
}

/** A comparison whose status is on the Application; the queue and the views do not know it yet. */
interface Written {
  readonly result: ComparisonResult;
  readonly tree: ApplicationTree;
  readonly next: NextAutoSync;
  /** Absent: the next comparison may find something else with the same inputs. */
  readonly fingerprint?: string;
}

/** Undefined when nothing was compared, since nothing is new. */
async function compareAndWrite(deps: RefreshDeps, turn: AwaitingTurn): Promise<Written | undefined> {
  const request = comparisonRequest(turn);
  const cluster = await deps.clusters.for(turn.app.spec.destination, turn.signal);
  const render = (asked: ComparisonRequest) => renderTargets(deps, asked, { cluster, signal: turn.signal });
  const rendered = await renderNotOlder(request, render).catch((error: unknown) => {
    throw deps.repoOutages.failed(turn.key, error, outageOptions(deps, turn));
  });
  deps.repoOutages.ended(turn.key);
  turn.awaiting.resolved(rendered.revisions);
  if (rendered.stale === true && turn.sinceMs > 0) await askAgain(deps, turn);
  const fingerprint = fingerprintOf(turn.app, {
    rendered,
    cluster,
    settings: deps.settings(),
    namespace: deps.namespace,
    orphans: orphansOf(deps, turn.app, { cluster, managed: [] }).nodes ?? [],
  });
  if (canSkip(deps, turn, fingerprint)) {
    await writeStatus(deps, turn, { status: sameStatusAt(turn.app, rendered, deps.clock.now()) });
    return undefined;
  }
  return compareAnew(deps, turn, { rendered, cluster, fingerprint });
}

/** Who asked for a look at Git, and an application without a state to keep, sees the outage at once (C26). */
function outageOptions(deps: RefreshDeps, { app, decision, awaiting }: AwaitingTurn) {
  const isForced = decision.compareWith === 'latestForceResolve' || decision.refreshType === 'hard';
  const asked = isForced && !awaiting.isPatient();
  const known = app.status?.sync?.status ?? 'Unknown';
  return { graceMs: deps.settings().repoErrorGraceMs, showAtOnce: asked || known === 'Unknown' };
}

/** The push that asked was not seen yet: what is known is compared now, and the host is asked again for the push (R8). */
function askAgain({ refreshQueue }: RefreshDeps, { key, sinceMs }: Turn): Promise<void> {
  const request = { level: COMPARE_LEVELS.indexOf('latestForceResolve'), hardness: 0, since: sinceMs };
  return refreshQueue.enqueueAfter({ key, priority: 'webhook', request }, STALE_RETRY_MS);
}

interface Inputs {
  readonly rendered: RenderedManifests;
  readonly cluster: DestinationCluster;
  readonly fingerprint: string;
}

async function compareAnew(
  deps: RefreshDeps,
  turn: Turn,
  { rendered, cluster, fingerprint }: Inputs,
): Promise<Written> {
  const { app, signal } = turn;
  const comparison = await compareRendered(deps, comparisonRequest(turn), { rendered, cluster, signal });
  const { result } = comparison;
  const now = deps.clock.now();
  const nodeHealth = await deps.configuredHealth.ofNodes(comparison.cluster, nodesBelow(comparison), signal);
  const orphans = orphansOf(deps, app, { cluster, managed: result.resources.map(({ key }) => key) });
  const tree = treeOf(comparison, { nodeHealth, orphaned: orphans.nodes });
  const next = nextAutoSync(
    app,
    { result, revisions: rendered.revisions },
    {
      settings: deps.settings(),
      window: windowFor(app, deps, { isManual: false }),
      pruneLimits: pruneLimitsFor(app, deps),
      now,
    },
  );
  const drift = next.starts === undefined ? driftConditions(app, { result, revisions: rendered.revisions }) : [];
  const conditions = [...next.conditions, ...orphans.conditions, ...drift];
  const compared = comparedStatus(app, { comparison, tree, conditions, settings: deps.settings() }, now);
  // Recorded as running in the same write: one patch less, and a crash after it is a resumed operation.
  const status =
    next.operation === undefined ? compared : { ...compared, operationState: beginState(next.operation, now) };
  const extra = extraPatch(next.patch, finalizersFor(app, result));
  await writeStatus(deps, turn, { status, ...(extra === undefined ? {} : { extra }) });
  const preliminary = comparison.configuredHealth.preliminary;
  return { result, tree, next, ...(preliminary ? {} : { fingerprint }) };
}

function extraPatch(patch: JsonObject | undefined, finalizers: readonly string[] | undefined): JsonObject | undefined {
  if (finalizers === undefined) return patch;
  const metadata = (patch?.['metadata'] ?? {}) as JsonObject;
  return { ...patch, metadata: { ...metadata, finalizers: [...finalizers] } };
}

async function announce(
  deps: RefreshDeps,
  { app, key }: Turn,
  { result, tree, next, fingerprint }: Written,
): Promise<ReconcileOutcome> {
  if (next.operation !== undefined) deps.events.record(app, startedEvent(next.operation));
  if (next.starts === 'self-heal') reportDrift(deps.events, app, result);
  if (next.starts !== undefined) await deps.operationQueue.enqueue({ key, priority: 'selfHeal' });
  // Until the views are there the comparison is not done: only then may the next one be skipped.
  deps.memory.delete(key);
  const { sensitiveAnnotations } = deps.settings();
  const managed = result.resources.map((resource) => managedResourceView(resource, sensitiveAnnotations));
  await deps.views.publish(app, { tree, managed });
  if (result.syncStatus === 'Synced' && fingerprint !== undefined) deps.memory.set(key, fingerprint);
  if (next.retryAfterMs !== undefined)
    return { kind: 'requeueAfter', ms: next.retryAfterMs, reason: 'self-heal back-off' };
  // A script went over a limit: it may have been the machine, so it is asked again.
  if (fingerprint === undefined)
    return { kind: 'requeueAfter', ms: HEALTH_RETRY_MS, reason: 'a health script is tried again' };
  return { kind: 'done' };
}

/** Same inputs as the last comparison, which found everything in sync, and nothing pending that a new decision could change. */
function canSkip(deps: RefreshDeps, { key, app, decision }: Turn, fingerprint: string): boolean {
  if (decision.refreshType === 'hard' || decision.compareWith === 'nothing' || app.operation !== undefined)
    return false;
  if (app.metadata.annotations?.[ANNOTATIONS.rollbackHold] !== undefined) return false;
  return deps.memory.get(key) === fingerprint && app.status?.sync?.status === 'Synced';
}

interface StatusWrite {
  readonly status: ApplicationStatus;
  readonly extra?: JsonObject;
}

async function writeStatus(deps: RefreshDeps, { app, signal }: Turn, { status, extra }: StatusWrite): Promise<void> {
  const clearRefresh = app.metadata.annotations?.[ANNOTATIONS.refresh] !== undefined;
  const patch = patchOf(app, status, { extra, clearRefresh });
  if (patch === undefined) return;
  const updated = await deps.applications.patch(app, patch, signal);
  reportStatusChange(deps.events, app, updated);
}
