/** The limits of the blast-radius guard (design 9) that hold for an application beside its own annotation. */
import {
  checkCascadeLimit,
  checkPruneLimit,
  type DeleteLimits,
  isDeletionApproved,
  type ManagedResource,
  overPruneLimit,
} from '@tiphys/gitops-engine';
import { ANNOTATIONS, type Application, GitOpsError, type KubernetesObject, type OperationState } from '@tiphys/model';
import type { ControllerSettings, ProjectReader } from './ports.js';

export interface LimitDeps {
  readonly projects: ProjectReader;
  readonly settings: () => Pick<ControllerSettings, 'deleteLimits'>;
}

export function pruneLimitsFor(app: Application, { projects, settings }: LimitDeps): DeleteLimits {
  const project = projects.get(app.spec.project)?.metadata.annotations?.[ANNOTATIONS.pruneLimit];
  return { project, installation: settings().deleteLimits.prune };
}

/**
 * An automated operation is held to the limit when it runs, too: with `retry.refresh` it may deploy another commit than
 * the one that was decided about.
 * @throws GitOpsError InvalidSpec when it would delete more, and nobody has approved that since the last deployment.
 */
export function assertWithinPruneLimit(deps: LimitDeps, { app, state, resources }: Pruning): void {
  const { sync, initiatedBy } = state.operation;
  if (initiatedBy?.automated !== true || sync?.prune !== true || sync.dryRun === true) return;
  const { syncOptions = [] } = sync;
  const verdict = checkPruneLimit(app, resources, { syncOptions, limits: pruneLimitsFor(app, deps) });
  if (!verdict.exceeded || isDeletionApproved(app, app.status?.history?.at(-1)?.deployedAt)) return;
  throw new GitOpsError('InvalidSpec', `nothing was synced: ${overPruneLimit(verdict)}`);
}

export interface Pruning {
  readonly app: Application;
  readonly state: OperationState;
  readonly resources: readonly ManagedResource[];
}

/**
 * Resources that go with an Application, when a limit was set for it.
 * @throws GitOpsError InvalidSpec when there are more, and nobody has approved that since the deletion was asked for.
 */
export function assertWithinCascadeLimit(
  { projects, settings }: LimitDeps,
  app: Application,
  doomed: readonly KubernetesObject[],
): void {
  const project = projects.get(app.spec.project)?.metadata.annotations?.[ANNOTATIONS.cascadeLimit];
  const limits = { project, installation: settings().deleteLimits.cascade };
  const verdict = checkCascadeLimit(app, doomed, limits);
  if (!verdict.exceeded || isApprovedSinceDeletion(app)) return;
  throw new GitOpsError(
    'InvalidSpec',
    `the deletion would take ${verdict.deleted} objects with it, over the limit of ${verdict.limit}; set the annotation ` +
      `${ANNOTATIONS.deletionApproved} to the time now, raise ${ANNOTATIONS.cascadeLimit}, or remove the finalizer to leave them behind`,
  );
}

/** Kubernetes times have whole seconds: an approval in the second of the deletion counts. */
function isApprovedSinceDeletion(app: Application): boolean {
  const requested = Date.parse(app.metadata.deletionTimestamp ?? '');
  return isDeletionApproved(app, new Date(requested - 1).toISOString());
}
