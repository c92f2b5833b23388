/** One live object of an application's tree, after the access check that the operation needs (F14, S19). */

import type { ApiResource } from '@tiphys/cluster';
import { type ApplicationTree, isResourcePermitted } from '@tiphys/gitops-engine';
import {
  type AccessAction,
  type Application,
  type AppProject,
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
import { projectOf } from './names.js';

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
 * the cluster holds. Of several actions one that is permitted is enough. @throws ApiError permissionDenied,
 * invalidArgument (not in the tree), notFound (gone meanwhile).
 */
export async function readLiveResource(
  deps: LiveResourceDeps,
  context: RequestContext,
  { action, ...request }: LiveResourceRequest & { readonly action: AccessAction | readonly AccessAction[] },
): Promise<LiveResource> {
  const { name } = request;
  const scope = scopeOf(request);
  const { applications } = deps.applicationState;
  const { application } = findApplication(applications, context.user, { ...scope, name, action });
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

/** Whether the cached tree of an application has a live object at the key; orphaned resources are part of it. */
export function isInTree(text: string | undefined, { group, kind, namespace, name }: ResourceKey): boolean {
  return findNode(text, { name: '', group, kind, namespace, resourceName: name }) !== undefined;
}

/** A version that is given must fit as well; a node without uid is only in Git. Orphaned resources are part of the tree. */
function findNode(text: string | undefined, request: LiveResourceRequest): FoundNode | undefined {
  const { group = '', kind = '', namespace = '', resourceName: name = '', version } = request;
  const { nodes = [], orphanedNodes = [] } = JSON.parse(text ?? '{}') as Partial<ApplicationTree>;
  const wanted = resourceKeyString({ group, kind, namespace, name });
  const node = [...nodes, ...orphanedNodes].find((candidate) => {
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

/**
 * `update/<group>/<kind>/<ns>/<name>` for a policy (F14); where the settings let resources inherit, `update` of the
 * application is enough too. The same for `delete`.
 */
export function fineGrainedPermissions(
  verb: 'update' | 'delete',
  { group = '', kind = '', namespace = '', resourceName = '' }: LiveResourceRequest,
  inheritanceDisabled: boolean,
): readonly AccessAction[] {
  const own: AccessAction = `${verb}/${group}/${kind}/${namespace}/${resourceName}`;
  return inheritanceDisabled ? [own] : [verb, own];
}

/** @throws ApiError permissionDenied unless the application's project lets it manage the object. */
export function assertPermitted(
  project: AppProject | undefined,
  object: KubernetesObject,
  subject: Pick<LiveResource, 'application' | 'destination' | 'resource'>,
): void {
  const { group, kind, namespaced } = subject.resource;
  const { name = '', namespace = '' } = object.metadata;
  const destination = { server: subject.destination.server, name: subject.destination.name, namespace };
  const query = { key: { group, kind, namespace, name }, clusterScoped: !namespaced, destination };
  if (project !== undefined && isResourcePermitted(project, query)) return;
  const { application } = subject;
  throw new ApiError(
    'permissionDenied',
    `application ${application.metadata.name ?? ''} is not permitted to manage ${group}/${kind}/${name} in ${namespace}: project ${projectOf(application)} does not allow it`,
  );
}

export function describeObject(object: KubernetesObject): string {
  const { group, kind } = groupVersionKindOf(object);
  return `${group}/${kind}/${object.metadata.name ?? ''}`;
}
