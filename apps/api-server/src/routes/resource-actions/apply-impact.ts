/** Writes what an action asks for: everything is checked and tried as a dry run before anything is written (E13). */
import type { ApiResource } from '@tiphys/cluster';
import { actionPatch, type ImpactedResource } from '@tiphys/gitops-engine';
import { type AppProject, groupVersionKindOf, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { assertPermitted, describeObject, type LiveResource } from '../../applications/live-resource.js';
import { ApiError } from '../../errors.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';

export interface ImpactContext {
  readonly subject: LiveResource;
  readonly project: AppProject | undefined;
  readonly signal: AbortSignal;
}

interface Write {
  readonly operation: ImpactedResource['operation'];
  readonly object: KubernetesObject;
  readonly resource: ApiResource;
}

/** @throws ApiError permissionDenied for what the project does not permit, invalidArgument for a patch of another object. */
export async function applyImpact(impact: readonly ImpactedResource[], context: ImpactContext): Promise<void> {
  const writes: Write[] = [];
  for (const entry of impact) writes.push(await prepare(entry, context));
  for (const write of writes) if (write.operation === 'create') await create(write, context, true);
  for (const write of writes) {
    if (write.operation === 'create') await create(write, context, false);
    else await patch(write, context);
  }
}

async function prepare({ operation, resource: object }: ImpactedResource, context: ImpactContext): Promise<Write> {
  const { subject, signal } = context;
  if (operation === 'patch') {
    if (!isSameObject(object, subject.live)) {
      throw new ApiError('invalidArgument', `an action can patch its own object only, not ${describeObject(object)}`);
    }
    assertPermitted(context.project, subject.live, subject);
    return { operation, object, resource: subject.resource };
  }
  const { version, ...groupKind } = groupVersionKindOf(object);
  const resource = await subject.destination.discovery.ensure(groupKind, signal, version);
  if (resource === undefined) {
    throw new ApiError('invalidArgument', `the cluster does not serve ${object.apiVersion} ${object.kind}`);
  }
  assertPermitted(context.project, object, { ...subject, resource });
  return { operation, object, resource };
}

function isSameObject(a: KubernetesObject, b: KubernetesObject): boolean {
  const sameName = a.metadata.name === b.metadata.name && a.metadata.namespace === b.metadata.namespace;
  return sameName && a.apiVersion === b.apiVersion && a.kind === b.kind;
}

async function create({ resource, object }: Write, { subject, signal }: ImpactContext, dryRun: boolean): Promise<void> {
  const options = { fieldManager: API_SERVER_MANAGER, signal, ...(dryRun ? { dryRun } : {}) };
  await subject.destination.client.create(resource, object, options);
}

/** The status goes to its subresource; a kind without one gets it with the rest, as in Argo CD. */
async function patch({ resource, object }: Write, { subject, signal }: ImpactContext): Promise<void> {
  const { live, destination } = subject;
  const { namespace = '', name = '' } = live.metadata;
  const { main, status } = actionPatch(live, object);
  const options = { fieldManager: API_SERVER_MANAGER, signal };
  const target = { resource, namespace, name, type: 'merge' } as const;
  let rest = main;
  if (status !== undefined) {
    try {
      await destination.client.patch({ ...target, subresource: 'status' }, status, options);
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'NotFound') throw error;
      rest = { ...main, ...status };
    }
  }
  if (rest !== undefined) await destination.client.patch(target, rest, options);
}
