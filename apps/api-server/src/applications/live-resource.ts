/** One live object of an application's tree, after the access check that the operation needs (F14, S19). */

import type { ApiResource } from '@tiphys/cluster';
import type { ApplicationTree } from '@tiphys/gitops-engine';
import {
  type AccessAction,
  type Application,
  groupVersionKindOf,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyString,
  resourceTreeCacheKey,
} from '@tiphys/model';
import { ApiError } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import type { Destination, Destinations } from '../kube/destinations.js';
import { readView } from '../routes/application-state/cached-views.js';
import type { ApplicationStateDeps } from '../routes/application-state/deps.js';
import { findApplication } from './find.js';

export interface LiveResourceRequest {
  /** Of the application. */
  readonly name: string;
  readonly appNamespace?: string | undefined;
  readonly project?: string | undefined;
  readonly resourceName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly version?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
}

export interface LiveResource {
  readonly application: Application;
  readonly destination: Destination;
  readonly resource: ApiResource;
  readonly live: KubernetesObject;
}

export interface LiveResourceDeps {
  readonly applicationState: ApplicationStateDeps;
  readonly destinations: Destinations;
}

/**
 * Reads the object from its cluster. What is not in the tree of the application does not exist for the caller, whatever
 * the cluster holds. @throws ApiError permissionDenied, invalidArgument (not in the tree), notFound (gone meanwhile).
 */
export async function readLiveResource(
  deps: LiveResourceDeps,
  context: RequestContext,
  { action, ...request }: LiveResourceRequest & { readonly action: AccessAction },
): Promise<LiveResource> {
  const { name } = request;
  const scope = scopeOf(request);
  const { application } = findApplication(deps.applicationState.applications, context.user, { ...scope, name, action });
  const view = await readView(deps.applicationState, context, { name, query: scope, keyOf: resourceTreeCacheKey });
  const node = findNode(view.text, request);
  const described = [request.kind, request.group, request.resourceName].map((part) => part ?? '').join(' ');
  if (node === undefined) {
    throw new ApiError('invalidArgument', `${described} not found as part of application ${name}`);
  }
  const destination = await deps.destinations.for(application.spec.destination);
  const resource = await destination.discovery.ensure(node, context.signal, node.version);
  if (resource === undefined) throw new ApiError('notFound', `the cluster no longer serves ${node.kind}`);
  const live = await destination.client.get(resource, node, context.signal);
  if (live === undefined) throw new ApiError('notFound', `${described} is gone; refresh the application`);
  return { application, destination, resource, live };
}

function scopeOf({ appNamespace, project }: LiveResourceRequest) {
  return { ...(appNamespace === undefined ? {} : { appNamespace }), ...(project === undefined ? {} : { project }) };
}

interface FoundNode extends ResourceKey {
  readonly version: string | undefined;
}

/** A version that is given must fit as well; a node without uid is only in Git. */
function findNode(text: string | undefined, request: LiveResourceRequest): FoundNode | undefined {
  const { group = '', kind = '', namespace = '', resourceName: name = '', version } = request;
  const { nodes = [] } = JSON.parse(text ?? '{}') as Partial<ApplicationTree>;
  const wanted = resourceKeyString({ group, kind, namespace, name });
  const node = nodes.find((candidate) => {
    const isVersion = !version || candidate.version === undefined || candidate.version === version;
    return isVersion && resourceKeyString(keyOf(candidate)) === wanted;
  });
  return node?.uid ? { ...keyOf(node), version: node.version } : undefined;
}

function keyOf({ group = '', kind = '', namespace = '', name = '' }: ApplicationTree['nodes'][number]): ResourceKey {
  return { group, kind, namespace, name };
}

/** `action/<group>/<kind>/<name>` for a policy (F13). */
export function actionPermission({ group = '', kind = '' }: LiveResourceRequest, action: string): AccessAction {
  return `action/${group}/${kind}/${action}`;
}

export function describeObject(object: KubernetesObject): string {
  const { group, kind } = groupVersionKindOf(object);
  return `${group}/${kind}/${object.metadata.name ?? ''}`;
}
