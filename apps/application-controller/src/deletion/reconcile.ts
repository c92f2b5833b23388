/** Deletion of an application (A22, A23, D08, D51): PreDelete hooks, its resources in reverse order, PostDelete hooks, then the end. */
import { statusPatch, withConditions } from '@tiphys/gitops-engine';
import { type Application, GitOpsError, isGitOpsError, kubernetesTime, redact, toGitOpsError } from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { asSyncIdentity } from '../sync-identity.js';
import { deleteNextBatch } from './cascade.js';
import { cleanUpDeleteHooks, runDeleteHooks } from './hooks.js';
import {
  type DeletionDeps,
  type DeletionStage,
  type DeletionTurn,
  destinationOf,
  OUR_FINALIZERS,
  stageOf,
} from './stage.js';

export type { DeletionDeps } from './stage.js';

/** Until something is tried again that only a person or a commit can repair. */
const FAILED_RETRY_MS = 10_000;

export function createDeletionReconciler(
  deps: DeletionDeps,
): (app: Application, signal: AbortSignal) => Promise<ReconcileOutcome> {
  return async function reconcileDeletion(app, signal) {
    const stage = stageOf(app);
    if (stage === undefined) return { kind: 'done' };
    try {
      return await runStage(deps, app, { stage, signal });
    } catch (error) {
      const failure = toGitOpsError(error);
      if (signal.aborted || (isGitOpsError(error) && error.code === 'Conflict')) throw error;
      const message = redact(failure.message);
      await showFailure(deps, app, { message, signal });
      if (failure.retry === 'never' || failure.code === 'ManifestGeneration')
        return { kind: 'requeueAfter', ms: FAILED_RETRY_MS, reason: message };
      throw error;
    }
  };
}

interface Running {
  readonly stage: DeletionStage;
  readonly signal: AbortSignal;
}

async function runStage(deps: DeletionDeps, app: Application, { stage, signal }: Running): Promise<ReconcileOutcome> {
  const cluster = await destinationOf(deps, app, signal);
  if (cluster === undefined) return letGo(deps, app, { finalizers: OUR_FINALIZERS, signal });
  const project = deps.projects.get(app.spec.project);
  if (project === undefined) throw missingProject(app);
  const { namespace, settings } = deps;
  const writable = asSyncIdentity(cluster, app, { project, settings: settings(), namespace });
  const outcome = await stageWork(deps, { app, cluster: writable, project, signal }, stage);
  return outcome ?? letGo(deps, app, { finalizers: stage.finalizers, signal });
}

/** Only the project says what may be deleted: without it nothing is, as in Argo CD (design 9). */
function missingProject({ spec }: Application): GitOpsError {
  return new GitOpsError(
    'InvalidSpec',
    `project ${spec.project} does not exist, so nothing says what may be deleted; create it again, or remove the finalizers to leave the resources behind`,
  );
}

function stageWork(
  deps: DeletionDeps,
  turn: DeletionTurn,
  stage: DeletionStage,
): Promise<ReconcileOutcome | undefined> {
  switch (stage.kind) {
    case 'cascade':
      return deleteNextBatch(deps, turn);
    case 'hooks':
      return runDeleteHooks(deps, turn, stage.type);
    case 'cleanup':
      return cleanUpDeleteHooks(deps, turn, stage.type);
  }
}

/** The next stage begins with the change of the finalizers, which the watch shows. */
async function letGo(
  deps: DeletionDeps,
  app: Application,
  { finalizers, signal }: { readonly finalizers: readonly string[]; readonly signal: AbortSignal },
): Promise<ReconcileOutcome> {
  const remaining = (app.metadata.finalizers ?? []).filter((finalizer) => !finalizers.includes(finalizer));
  const isLast = !remaining.some((finalizer) => OUR_FINALIZERS.includes(finalizer));
  if (isLast) {
    deps.events.record(app, {
      ...{ type: 'Normal', reason: 'ResourceDeleted' },
      message: 'application deleted; its resources are gone',
    });
  }
  await deps.applications.patch(app, { metadata: { finalizers: remaining } }, signal);
  return { kind: 'done' };
}

/** A DeletionError condition and a warning, once for the same reason. */
async function showFailure(
  deps: DeletionDeps,
  app: Application,
  { message, signal }: { readonly message: string; readonly signal: AbortSignal },
): Promise<void> {
  const before = app.status ?? {};
  const status = withConditions(before, {
    conditions: [{ type: 'DeletionError', message }],
    evaluated: ['DeletionError'],
    now: kubernetesTime(deps.clock.now()),
  });
  const patch = statusPatch(before, status);
  if (patch === undefined) return;
  await deps.applications.patch(app, { status: patch }, signal);
  const text = `Unable to delete application resources: ${message}`;
  deps.events.record(app, { type: 'Warning', reason: 'StatusRefreshed', message: text });
}
