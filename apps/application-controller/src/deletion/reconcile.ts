/** Deletion of an application (A22, D51): its resources first, in reverse order, then the finalizer. Never needs Git. */
import { type CascadeMode, cascadeModeOf, isResourcePermitted, planCascadeDeletion } from '@tiphys/gitops-engine';
import { ANNOTATIONS, type Application, FINALIZERS, isGitOpsError, resourceKeyOf } from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { instanceOf } from '../identity.js';
import type {
  ApplicationStore,
  Clusters,
  DestinationCluster,
  EventRecorder,
  ProjectReader,
  ResourceViews,
  ResourceWriter,
} from '../ports.js';

export interface DeletionDeps {
  readonly applications: ApplicationStore;
  readonly clusters: Clusters;
  readonly projects: ProjectReader;
  readonly writer: ResourceWriter;
  readonly views: ResourceViews;
  readonly events: EventRecorder;
  readonly namespace: string;
}

/** Watch events of the vanishing objects wake us; this is the safety net. */
const RECHECK_MS = 1_000;
const CASCADE_FINALIZERS: readonly string[] = [
  FINALIZERS.resources,
  FINALIZERS.resourcesForeground,
  FINALIZERS.resourcesBackground,
];

export function createDeletionReconciler(
  deps: DeletionDeps,
): (app: Application, signal: AbortSignal) => Promise<ReconcileOutcome> {
  return async function reconcileDeletion(app, signal) {
    const finalizers = app.metadata.finalizers ?? [];
    const mode = cascadeModeOf(finalizers);
    if (mode === undefined) return { kind: 'done' };
    const cluster = await destination(deps, app, signal);
    if (cluster !== undefined) {
      const outcome = await deleteNextBatch(deps, app, { cluster, mode, signal });
      if (outcome !== undefined) return outcome;
    }
    const remaining = finalizers.filter((finalizer) => !CASCADE_FINALIZERS.includes(finalizer));
    deps.events.record(app, {
      type: 'Normal',
      reason: 'ResourceDeleted',
      message: 'application deleted; its resources are gone',
    });
    await deps.applications.patch(app, { metadata: { finalizers: remaining } }, signal);
    return { kind: 'done' };
  };
}

/** Undefined when nobody knows the destination any more: nothing can be deleted there (D51). */
async function destination(
  deps: DeletionDeps,
  app: Application,
  signal: AbortSignal,
): Promise<DestinationCluster | undefined> {
  try {
    return await deps.clusters.for(app.spec.destination, signal);
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'InvalidSpec') return undefined;
    throw error;
  }
}

interface Cascade {
  readonly cluster: DestinationCluster;
  readonly mode: CascadeMode;
  readonly signal: AbortSignal;
}

/** Undefined when nothing is left. */
async function deleteNextBatch(
  deps: DeletionDeps,
  app: Application,
  { cluster, mode, signal }: Cascade,
): Promise<ReconcileOutcome | undefined> {
  const instance = instanceOf(app, deps.namespace);
  const live = await cluster.cache.managedLiveState(instance, [], signal);
  const project = deps.projects.get(app.spec.project);
  const { server, name } = cluster;
  const step = planCascadeDeletion({
    instanceName: instance,
    live: [...live.values()],
    mode,
    syncOptions: app.spec.syncPolicy?.syncOptions ?? [],
    deletionApprovedAt: app.metadata.annotations?.[ANNOTATIONS.deletionApproved],
    deletionRequestedAt: app.metadata.deletionTimestamp ?? '',
    self: { namespace: app.metadata.namespace ?? '', name: app.metadata.name ?? '' },
    isPermitted: (key) =>
      project === undefined ||
      isResourcePermitted(project, {
        key,
        clusterScoped: key.namespace === '',
        destination: { server, name, namespace: key.namespace },
      }),
  });
  if (step.kind === 'complete') return undefined;
  if (step.kind === 'wait') return { kind: 'requeueAfter', ms: RECHECK_MS, reason: step.reason };
  const propagation = step.propagationPolicy === 'Foreground' ? 'foreground' : 'background';
  await Promise.all(
    step.objects.map((object) =>
      deps.writer.prune(cluster, resourceKeyOf(object), { propagation, uid: object.metadata.uid, signal }),
    ),
  );
  return { kind: 'requeueAfter', ms: RECHECK_MS, reason: `deleting ${step.objects.length} resource(s)` };
}
