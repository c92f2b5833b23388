/** One apply: server-side by default; client-side, replace and force as asked (design 7, D21, D24-D27). */
import { isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { kubeStatusOf } from '../client/errors.js';
import { applyClientSide } from './client-side/client-side-apply.js';
import { migrationPatch } from './migrate-fields.js';
import { recreate, replaceObject } from './replace.js';
import { type ApplyTarget, resolveTarget } from './target.js';
import type { ApplyRequest, ApplyResult } from './types.js';
import { writeOptionsOf } from './write-options.js';

/** @throws GitOpsError with the API server's own message; nothing is written by a dry run. */
export async function applyResource(request: ApplyRequest): Promise<ApplyResult> {
  const target = await resolveTarget(request);
  const { force, replace } = request.options;
  const mayRecreate = force === true && !isKept(target);
  if (replace === true) return mayRecreate ? recreate(request, target) : replaceObject(request, target);
  try {
    return await merge(request, target);
  } catch (error) {
    if (!mayRecreate || !isImmutable(error)) throw error;
    return recreate(request, target);
  }
}

function merge(request: ApplyRequest, target: ApplyTarget): Promise<ApplyResult> {
  const write = writeOptionsOf(request);
  return request.options.serverSideApply === false
    ? applyClientSide({ request, target, write })
    : applyServerSide({ request, target, write });
}

interface Step {
  readonly request: ApplyRequest;
  readonly target: ApplyTarget;
  readonly write: ReturnType<typeof writeOptionsOf>;
}

async function applyServerSide({ request, target, write }: Step): Promise<ApplyResult> {
  const live = await migrate({ request, target, write });
  const patch = { ...target, type: 'apply' } as const;
  const object = await request.client.patch(patch, target.body, { ...write, force: true });
  return { object, action: actionOf(live, object) };
}

/** A dry run migrates nothing. */
async function migrate(step: Step): Promise<KubernetesObject | undefined> {
  const { live, options } = step.request;
  const isWanted = options.clientSideApplyMigration !== false && options.dryRun !== true;
  return live !== undefined && isWanted ? moveFields(step, live) : live;
}

/** A conflict means that the live object is not the newest: read it and try again. */
async function moveFields(
  { request, target, write }: Step,
  live: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  const { client, options, signal } = request;
  const alsoFrom = options.migrationManager === undefined ? [] : [options.migrationManager];
  let current: KubernetesObject | undefined = live;
  for (let attempt = 1; current !== undefined; attempt++) {
    const patch = migrationPatch(current, { fieldManager: write.fieldManager, alsoFrom });
    if (patch === undefined) return current;
    try {
      return await client.patch({ ...target, type: 'json' }, patch, { fieldManager: write.fieldManager, signal });
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt >= 3) throw error;
      current = await client.get(target.resource, target, signal);
    }
  }
  return undefined;
}

/** Without a live object to compare with, a first generation tells a creation. */
function actionOf(live: KubernetesObject | undefined, object: KubernetesObject): ApplyResult['action'] {
  if (live === undefined) return 'created';
  return live.metadata.resourceVersion === object.metadata.resourceVersion ? 'unchanged' : 'configured';
}

/** Deleting one of these would delete everything in it. */
function isKept({ resource: { group, kind } }: ApplyTarget): boolean {
  return (
    (kind === 'Namespace' && group === '') || (kind === 'CustomResourceDefinition' && group === 'apiextensions.k8s.io')
  );
}

function isImmutable(error: unknown): boolean {
  const status = kubeStatusOf(error);
  return status?.code === 422 && /immutable|may not change|forbidden: updates to/i.test(status.message);
}
