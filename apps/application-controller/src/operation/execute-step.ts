/** One batch of calls to the cluster: dry runs, applies, prunes or hook deletions, and what came of each. */
import { applyGroups, applyMessage, type SyncStep, type SyncTask, type TaskOutcome } from '@tiphys/gitops-engine';
import { FINALIZERS, isGitOpsError, type KubernetesObject, redact, toGitOpsError } from '@tiphys/model';
import type { DestinationCluster, ResourceWriter } from '../ports.js';

/** Concurrent writes of one application; the client limits the total. */
const CONCURRENT_WRITES = 10;

export interface ExecuteDeps {
  readonly writer: ResourceWriter;
}

export type ExecutableStep = Exclude<SyncStep, { kind: 'wait' } | { kind: 'complete' }>;

export interface StepContext {
  readonly cluster: DestinationCluster;
  readonly signal: AbortSignal;
  /** Aborted: nothing further is begun; tasks without an outcome are left (D41). */
  readonly ending?: AbortSignal;
}

/** One outcome per task. A refusal is that task's outcome; throws only when the cluster cannot be reached at all. */
export async function executeStep(
  deps: ExecuteDeps,
  step: ExecutableStep,
  context: StepContext,
): Promise<readonly TaskOutcome[]> {
  const groups = step.kind === 'apply' ? applyGroups(step.tasks) : [step.tasks];
  const outcomes: TaskOutcome[] = [];
  for (const group of groups) {
    for (let start = 0; start < group.length; start += CONCURRENT_WRITES) {
      if (context.ending?.aborted === true) return outcomes;
      const batch = group.slice(start, start + CONCURRENT_WRITES);
      outcomes.push(
        ...(await Promise.all(
          batch.map((task) => guarded(task, () => executeTask(deps, { step, task }, context), context)),
        )),
      );
    }
    if (outcomes.some((outcome) => outcome.code === 'SyncFailed')) break;
  }
  return outcomes;
}

async function guarded(
  task: SyncTask,
  work: () => Promise<TaskOutcome>,
  { signal }: StepContext,
): Promise<TaskOutcome> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || isUnreachable(error)) throw error;
    return { task, code: 'SyncFailed', message: redact(toGitOpsError(error).message) };
  }
}

/** The cluster did not answer at all: nothing is known about the resource, so the whole turn is retried. */
function isUnreachable(error: unknown): boolean {
  return isGitOpsError(error) && error.code === 'Upstream';
}

function executeTask(
  deps: ExecuteDeps,
  { step, task }: { step: ExecutableStep; task: SyncTask },
  context: StepContext,
): Promise<TaskOutcome> {
  switch (step.kind) {
    case 'dryRun':
      return dryRun(deps, task, context);
    case 'apply':
      return task.kind === 'prune' ? prune(deps, task, context) : apply(deps, { task, dryRun: false }, context);
    case 'deleteHooks':
      return deleteHook(deps, task, context);
    case 'releaseHooks':
      return releaseHook(deps, task, context);
  }
}

/** With `SkipDryRunOnMissingResource` a kind that the cluster does not know yet is not asked about (D21). */
async function dryRun(deps: ExecuteDeps, task: SyncTask, context: StepContext): Promise<TaskOutcome> {
  if (task.kind === 'prune') return { task, code: 'Pruned', message: 'pruned (dry run)' };
  // Only an operation that is a dry run as a whole has such tasks in its step: they need what it does not write.
  if (task.skipDryRun) return { task, code: 'Synced', message: doneMessage(task, { dryRun: true }) };
  const unknown = context.cluster.cache.discovery.resolve(task.key) === undefined;
  if (!unknown || !task.options.skipDryRunOnMissingResource) return apply(deps, { task, dryRun: true }, context);
  return {
    task,
    code: 'Synced',
    message: applyMessage(task, 'not asked about: the cluster does not know its kind yet'),
  };
}

async function apply(
  deps: ExecuteDeps,
  { task, dryRun }: { task: SyncTask; dryRun: boolean },
  { cluster, signal }: StepContext,
): Promise<TaskOutcome> {
  const { options } = task;
  const live = await deps.writer.apply(cluster, task.object, {
    dryRun,
    serverSide: options.serverSideApply !== false,
    replace: options.replace,
    force: options.force,
    validate: options.validate,
    migrateClientSideApply: options.clientSideApplyMigration,
    live: task.live,
    signal,
  });
  const message = doneMessage(task, { dryRun });
  return dryRun ? { task, code: 'Synced', message } : { task, code: 'Synced', message, live };
}

function doneMessage(task: SyncTask, { dryRun }: { readonly dryRun: boolean }): string {
  const verb = task.live === undefined ? 'created' : 'configured';
  return applyMessage(task, dryRun ? `${verb} (dry run)` : verb);
}

async function prune(deps: ExecuteDeps, task: SyncTask, { cluster, signal }: StepContext): Promise<TaskOutcome> {
  const propagation = task.options.prunePropagationPolicy;
  await deps.writer.prune(cluster, task.key, { propagation, uid: task.live?.metadata.uid, signal });
  return { task, code: 'Pruned', message: 'pruned' };
}

async function deleteHook(deps: ExecuteDeps, task: SyncTask, context: StepContext): Promise<TaskOutcome> {
  await releaseHook(deps, task, context);
  await deps.writer.prune(context.cluster, task.key, {
    propagation: 'background',
    uid: undefined,
    signal: context.signal,
  });
  return { task, code: 'Pruned', message: 'hook deleted' };
}

/** Takes our finalizer off, so that a completed hook can go (D06). */
async function releaseHook(deps: ExecuteDeps, task: SyncTask, { cluster, signal }: StepContext): Promise<TaskOutcome> {
  const live: KubernetesObject | undefined = await deps.writer.removeFinalizer(cluster, task.key, {
    finalizer: FINALIZERS.hook,
    signal,
  });
  const outcome = { task, code: 'Synced', message: 'hook released' } as const;
  return live === undefined ? outcome : { ...outcome, live };
}
