/** Show, patch and delete one live resource of an application (N04, F14). */
import type { applicationResourceRoutes } from '@tiphys/api-contract';
import { maskSecrets } from '@tiphys/gitops-engine';
import type { KubernetesObject } from '@tiphys/model';
import {
  assertPermitted,
  fineGrainedPermissions,
  type LiveResource,
  type LiveResourceRequest,
  readLiveResource,
} from '../../applications/live-resource.js';
import { projectOf } from '../../applications/names.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { toJson } from '../../http/json.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import { type ApplicationResourceDeps, accessSettings } from './deps.js';
import { parsePatch, refuseDisclosure, withoutSecretValues } from './patch.js';

type Routes = typeof applicationResourceRoutes;

export function createGetResource(deps: ApplicationResourceDeps): Handler<Routes['getResource']['schemas']> {
  return async ({ params, query }, context) => {
    const { live } = await readLiveResource(deps, context, { ...query, ...params, action: 'get' });
    return shown(deps, live);
  };
}

export function createPatchResource(deps: ApplicationResourceDeps): Handler<Routes['patchResource']['schemas']> {
  return async ({ params, query, body }, context) => {
    const { patchType = '', ...resource } = query;
    const request = { ...resource, ...params };
    const subject = await readForWrite(deps, context, { verb: 'update', request });
    const patch = parsePatch(patchType, body);
    refuseDisclosure(subject.live, patch);
    const patched = await applyPatch(subject, patch, context.signal);
    const { audit } = deps.applicationState.applications;
    audit(context.user, subject.application, {
      reason: 'ResourceUpdated',
      action: `patched resource ${describe(request)}`,
    });
    return shown(deps, patched);
  };
}

/** Dependents go first unless `force` (at once, without grace) or `orphan` (they stay) says otherwise. */
export function createDeleteResource(deps: ApplicationResourceDeps): Handler<Routes['deleteResource']['schemas']> {
  return async ({ params, query }, context) => {
    const { force = false, orphan = false, ...resource } = query;
    const request = { ...resource, ...params };
    const { application, destination, live, ...found } = await readForWrite(deps, context, {
      ...{ verb: 'delete', request },
    });
    const { namespace = '', name = '', uid } = live.metadata;
    await destination.client.delete(
      found.resource,
      { namespace, name },
      {
        propagationPolicy: orphan ? 'Orphan' : force ? 'Background' : 'Foreground',
        ...(force && !orphan ? { gracePeriodSeconds: 0 } : {}),
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        signal: context.signal,
      },
    );
    const { audit } = deps.applicationState.applications;
    audit(context.user, application, { reason: 'ResourceDeleted', action: `deleted resource ${describe(request)}` });
    return {};
  };
}

interface WriteRequest {
  readonly verb: 'update' | 'delete';
  readonly request: LiveResourceRequest;
}

async function readForWrite(
  deps: ApplicationResourceDeps,
  context: RequestContext,
  { verb, request }: WriteRequest,
): Promise<LiveResource> {
  const { fineGrainedInheritanceDisabled } = accessSettings(deps);
  const action = fineGrainedPermissions(verb, request, fineGrainedInheritanceDisabled);
  const subject = await readLiveResource(deps, context, { ...request, action });
  const { projects } = deps.applicationState.applications;
  assertPermitted(projects.get(projectOf(subject.application)), subject.live, subject);
  return subject;
}

async function applyPatch(
  { live, resource, destination }: LiveResource,
  { type, body }: ReturnType<typeof parsePatch>,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const { namespace = '', name = '' } = live.metadata;
  try {
    const options = { fieldManager: API_SERVER_MANAGER, signal };
    return await destination.client.patch({ resource, namespace, name, type }, body, options);
  } catch (error) {
    throw withoutSecretValues(live, error);
  }
}

function shown(deps: ApplicationResourceDeps, object: KubernetesObject) {
  const { live = object } = maskSecrets({ live: object }, accessSettings(deps).sensitiveAnnotations);
  return { manifest: toJson(live) };
}

function describe({ group = '', kind = '', resourceName = '' }: LiveResourceRequest): string {
  return `${group}/${kind} '${resourceName}'`;
}
