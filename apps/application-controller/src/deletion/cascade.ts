/** The stage in which an application's resources are deleted, batch by batch. Never needs Git. */
import {
  type CascadeInput,
  cascadeModeOf,
  cascadeObjects,
  isResourcePermitted,
  planCascadeDeletion,
} from '@tiphys/gitops-engine';
import { ANNOTATIONS, GitOpsError, groupKindString, resourceKeyOf } from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { assertWithinCascadeLimit } from '../delete-limits.js';
import { instanceOf } from '../identity.js';
import { type DeletionDeps, type DeletionTurn, RECHECK_MS } from './stage.js';

/**
 * Undefined when nothing is left.
 * @throws GitOpsError InvalidSpec while more would go than its limit permits, Upstream while a kind cannot be read of which the application is known to have objects.
 */
export async function deleteNextBatch(deps: DeletionDeps, turn: DeletionTurn): Promise<ReconcileOutcome | undefined> {
  const { app, cluster, project, signal } = turn;
  const instance = instanceOf(app, deps.namespace);
  const live = await cluster.cache.managedLiveState(instance, [], signal);
  const { server, name } = cluster;
  const input: CascadeInput = {
    instanceName: instance,
    live: [...live.values()],
    mode: cascadeModeOf(app.metadata.finalizers) ?? 'foreground',
    syncOptions: app.spec.syncPolicy?.syncOptions ?? [],
    deletionApprovedAt: app.metadata.annotations?.[ANNOTATIONS.deletionApproved],
    deletionRequestedAt: app.metadata.deletionTimestamp ?? '',
    self: { namespace: app.metadata.namespace ?? '', name: app.metadata.name ?? '' },
    isPermitted: (key) =>
      isResourcePermitted(project, {
        key,
        clusterScoped: key.namespace === '',
        destination: { server, name, namespace: key.namespace },
      }),
  };
  assertWithinCascadeLimit(deps, app, cascadeObjects(input));
  const step = planCascadeDeletion(input);
  if (step.kind === 'complete') return assertAllRead(turn);
  if (step.kind === 'wait') return { kind: 'requeueAfter', ms: RECHECK_MS, reason: step.reason };
  const propagation = step.propagationPolicy === 'Foreground' ? 'foreground' : 'background';
  await Promise.all(
    step.objects.map((object) =>
      deps.writer.prune(cluster, resourceKeyOf(object), { propagation, uid: object.metadata.uid, signal }),
    ),
  );
  return { kind: 'requeueAfter', ms: RECHECK_MS, reason: `deleting ${step.objects.length} resource(s)` };
}

/** What cannot be seen is not gone: letting go now would leave objects behind that nobody owns. */
function assertAllRead({ app, cluster }: DeletionTurn): undefined {
  const unreadable = cluster.cache.unreadable();
  const kinds = (app.status?.resources ?? []).map(({ group = '', kind = '' }) => groupKindString({ group, kind }));
  const hidden = kinds.find((kind) => unreadable.has(kind));
  if (hidden === undefined) return undefined;
  const reason = unreadable.get(hidden) ?? '';
  throw new GitOpsError(
    'Upstream',
    `resources of kind ${hidden} cannot be read (${reason}), so it is not known whether any are left; repair that, or remove the finalizer to leave them behind`,
  );
}
