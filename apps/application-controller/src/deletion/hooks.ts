/** The stages of a deletion in which PreDelete or PostDelete hooks run and are cleaned up (D08). */
import {
  type DeleteHooksStep,
  type DeleteHookType,
  hasBegun,
  isResourcePermitted,
  planDeleteHookCleanup,
  planDeleteHooks,
  prepareTargets,
} from '@tiphys/gitops-engine';
import {
  FINALIZERS,
  GitOpsError,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyOf,
  sourcesOf,
} from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { renderTargets } from '../comparison/compare-app.js';
import { instanceOf } from '../identity.js';
import type { CacheMode } from '../ports.js';
import { type DeletionDeps, type DeletionTurn, RECHECK_MS } from './stage.js';

/**
 * Undefined when every hook that Git has now has run and is healthy.
 * @throws GitOpsError when Git cannot be read, when the project forbids a hook, or when one has failed.
 */
export async function runDeleteHooks(
  deps: DeletionDeps,
  turn: DeletionTurn,
  type: DeleteHookType,
): Promise<ReconcileOutcome | undefined> {
  const deletionRequestedAt = turn.app.metadata.deletionTimestamp ?? '';
  const begun = hasBegun({ type, deletionRequestedAt, live: await liveOf(deps, turn, []) });
  // Each try begins with what the ref names then; while its hooks run, they are those of that commit.
  const targets = await hookTargets(deps, turn, begun ? 'normal' : 'resolve');
  const live = await liveOf(deps, turn, targets.map(resourceKeyOf));
  return execute(deps, turn, planDeleteHooks({ type, targets, live, deletionRequestedAt }));
}

/** Undefined when all that the delete policies say is gone. */
export async function cleanUpDeleteHooks(
  deps: DeletionDeps,
  turn: DeletionTurn,
  type: DeleteHookType,
): Promise<ReconcileOutcome | undefined> {
  return execute(deps, turn, planDeleteHookCleanup({ type, live: await liveOf(deps, turn, []) }));
}

function liveOf(deps: DeletionDeps, { app, cluster, signal }: DeletionTurn, wanted: readonly ResourceKey[]) {
  return cluster.cache.managedLiveState(instanceOf(app, deps.namespace), wanted, signal);
}

async function hookTargets(
  deps: DeletionDeps,
  { app, cluster, signal }: DeletionTurn,
  cacheMode: CacheMode,
): Promise<readonly KubernetesObject[]> {
  const sources = sourcesOf(app.spec);
  const request = {
    ...{ app, sources, revisions: sources.map(() => undefined), syncOptions: [] },
    ...{ cacheMode, resolvedAfterMs: 0 },
  };
  const { targets } = await renderTargets(deps, request, { cluster, signal });
  const { discovery } = cluster.cache;
  const prepared = prepareTargets({
    instanceName: instanceOf(app, deps.namespace),
    destinationNamespace: app.spec.destination.namespace ?? '',
    targets,
    scopeOf: (groupKind) => {
      const resource = discovery.resolve(groupKind);
      if (resource === undefined) return undefined;
      return resource.namespaced ? 'namespaced' : 'cluster';
    },
    settings: deps.settings().comparison,
    isExcluded: (groupKind) => deps.settings().isExcluded(groupKind, cluster.server),
  });
  return prepared.targets.map(({ object }) => object);
}

async function execute(
  deps: DeletionDeps,
  turn: DeletionTurn,
  step: DeleteHooksStep,
): Promise<ReconcileOutcome | undefined> {
  const { cluster, signal } = turn;
  const again = (reason: string): ReconcileOutcome => ({ kind: 'requeueAfter', ms: RECHECK_MS, reason });
  switch (step.kind) {
    case 'complete':
      return undefined;
    case 'wait':
      return again(step.reason);
    case 'create':
      assertPermitted(turn, step.objects);
      await Promise.all(step.objects.map((object) => create(deps, turn, object)));
      return again(`created ${step.objects.length} hook(s)`);
    case 'release':
      await Promise.all(step.objects.map((object) => release(deps, turn, object)));
      return undefined;
    case 'delete':
      await Promise.all(step.objects.map((object) => remove(deps, turn, object)));
      return again(`deleting ${step.objects.length} hook(s)`);
    case 'failed':
      await Promise.all(step.objects.map((object) => remove(deps, { cluster, signal }, object)));
      throw new GitOpsError('ManifestGeneration', `${step.message}; it is tried again with what Git has then`);
  }
}

function create(deps: DeletionDeps, { cluster, signal }: DeletionTurn, object: KubernetesObject) {
  return deps.writer.apply(cluster, object, {
    ...{ dryRun: false, serverSide: true, replace: false, force: false, validate: true },
    ...{ migrateClientSideApply: false, live: undefined, signal },
  });
}

type WriteContext = Pick<DeletionTurn, 'cluster' | 'signal'>;

function release(deps: DeletionDeps, { cluster, signal }: WriteContext, object: KubernetesObject) {
  return deps.writer.removeFinalizer(cluster, resourceKeyOf(object), { finalizer: FINALIZERS.hook, signal });
}

async function remove(deps: DeletionDeps, context: WriteContext, object: KubernetesObject): Promise<void> {
  await release(deps, context, object);
  const { cluster, signal } = context;
  const { uid } = object.metadata;
  await deps.writer.prune(cluster, resourceKeyOf(object), { propagation: 'background', uid, signal });
}

function assertPermitted({ app, project, cluster }: DeletionTurn, objects: readonly KubernetesObject[]): void {
  const { server, name } = cluster;
  const refused = objects.map(resourceKeyOf).filter((key) => {
    const destination = { server, name, namespace: key.namespace };
    return !isResourcePermitted(project, { key, clusterScoped: key.namespace === '', destination });
  });
  if (refused.length === 0) return;
  const names = refused.map(({ kind, name: hook }) => `${kind}/${hook}`).join(', ');
  throw new GitOpsError(
    'PermissionDenied',
    `project ${app.spec.project} does not permit the hook(s) ${names}; allow them in the AppProject or remove them from Git`,
  );
}
