/** One apply: server-side by default; client-side, replace and force as asked (design 7, D21, D24-D27). */
import { FIELD_MANAGER, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { kubeStatusOf } from '../client/errors.js';
import type { WriteOptions } from '../ports.js';
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
  readonly write: WriteOptions;
}

async function applyServerSide({ request, target, write }: Step): Promise<ApplyResult> {
  const live = await migrate({ request, target, write });
  const patch = { ...target, type: 'apply' } as const;
  const object = await request.client.patch(patch, target.body, { ...write, force: true });
  return { object, action: actionOf(live, object) };
}

/** A conflict means that the live object is not the newest: read it and try once more. A dry run migrates nothing. */
async function migrate({ request, target, write }: Step): Promise<KubernetesObject | undefined> {
  const { client, options, signal, live } = request;
  if (live === undefined || options.clientSideApplyMigration === false || options.dryRun === true) return live;
  const migration = {
    fieldManager: write.fieldManager ?? FIELD_MANAGER,
    alsoFrom: options.migrationManager === undefined ? [] : [options.migrationManager],
  };
  for (let current: KubernetesObject | undefined = live, attempt = 1; ; attempt++) {
    const patch = current === undefined ? undefined : migrationPatch(current, migration);
    if (patch === undefined) return current;
    try {
      return await client.patch({ ...target, type: 'json' }, patch, { fieldManager: migration.fieldManager, signal });
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt >= 3) throw error;
      current = await client.get(target.resource, target, signal);
    }
  }
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
