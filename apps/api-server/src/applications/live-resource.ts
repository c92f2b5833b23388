/** One live object of an application's tree, after the access check that the operation needs (F14, S19). */

import type { ApiResource } from '@tiphys/cluster';
import type { ApplicationTree } from '@tiphys/gitops-engine';
import {
  type AccessAction,
  type Application,
  groupVersionKindOf,
  type KubernetesObject,
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
  const { name, appNamespace, project } = request;
  const scope = {
    ...(appNamespace === undefined ? {} : { appNamespace }),
    ...(project === undefined ? {} : { project }),
  };
  const { application } = findApplication(deps.applicationState.applications, context.user, { ...scope, name, action });
  const view = await readView(deps.applicationState, context, { name, query: scope, keyOf: resourceTreeCacheKey });
  const { nodes = [] } = JSON.parse(view.text ?? '{}') as Partial<ApplicationTree>;
  const node = nodes.find((candidate) => isAsked(candidate, request));
  const described = `${request.kind ?? ''} ${request.group ?? ''} ${request.resourceName ?? ''}`;
  if (node?.uid === undefined || node.uid === '') {
    throw new ApiError('invalidArgument', `${described} not found as part of application ${name}`);
  }
  const destination = await deps.destinations.for(application.spec.destination);
  const groupKind = { group: node.group ?? '', kind: node.kind ?? '' };
  const resource = await destination.discovery.ensure(groupKind, context.signal, node.version);
  if (resource === undefined) throw new ApiError('notFound', `the cluster no longer serves ${groupKind.kind}`);
  const key = { namespace: node.namespace ?? '', name: node.name ?? '' };
  const live = await destination.client.get(resource, key, context.signal);
  if (live === undefined) throw new ApiError('notFound', `${described} is gone; refresh the application`);
  return { application, destination, resource, live };
}

type Node = ApplicationTree['nodes'][number];

/** A version that is given must fit as well. */
function isAsked(
  node: Node,
  { group = '', kind = '', namespace = '', resourceName = '', version }: LiveResourceRequest,
) {
  return (
    (node.group ?? '') === group &&
    (node.kind ?? '') === kind &&
    (node.namespace ?? '') === namespace &&
    (node.name ?? '') === resourceName &&
    (!version || node.version === undefined || node.version === version)
  );
}

/** `action/<group>/<kind>/<name>` for a policy (F13). */
export function actionPermission({ group = '', kind = '' }: LiveResourceRequest, action: string): AccessAction {
  return `action/${group}/${kind}/${action}`;
}

export function describeObject(object: KubernetesObject): string {
  const { group, kind } = groupVersionKindOf(object);
  return `${group}/${kind}/${object.metadata.name ?? ''}`;
}
