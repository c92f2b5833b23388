/** What the ApplicationSet handlers work with, and how one is found with its access check (N06, N21). */
import type { KubeClient } from '@tiphys/cluster';
import type { AccessAction, ApplicationSet } from '@tiphys/model';
import type { ProjectReader } from '../../applications/deps.js';
import { accessNameOf } from '../../applications/names.js';
import type { Audit } from '../../audit/events.js';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { ApplicationSetEntry, ApplicationSetStore } from '../../kube/watched-application-sets.js';

export interface ApplicationSetDeps {
  /** The control-plane namespace. */
  readonly namespace: string;
  readonly kube: Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete' | 'list'>;
  readonly applicationSets: ApplicationSetStore;
  readonly projects: Pick<ProjectReader, 'get'>;
  readonly settings: Pick<LiveSettings, 'clusters'>;
  readonly authorizer: Authorizer;
  readonly audit: Audit;
}

/** The project of its applications decides: `project/name`, or `project/namespace/name` outside the control plane's. */
export function accessNameOfSet(
  { metadata, spec }: Pick<ApplicationSet, 'metadata' | 'spec'>,
  controlPlaneNamespace: string,
): string {
  return accessNameOf({ metadata, spec: spec.template.spec }, controlPlaneNamespace);
}

/** @throws ApiError permissionDenied: ApplicationSets live in the control-plane namespace. */
export function checkNamespace(deps: Pick<ApplicationSetDeps, 'namespace'>, namespace: string | undefined): string {
  if (!namespace || namespace === deps.namespace) return deps.namespace;
  throw new ApiError(
    'permissionDenied',
    `namespace '${namespace}' is not permitted: use ${deps.namespace} or leave the namespace out`,
  );
}

export interface ApplicationSetRequest {
  readonly name: string;
  readonly appsetNamespace?: string;
  readonly action: AccessAction;
}

/** From memory. Missing and forbidden look the same (403); who may read it is told which right another action lacks. */
export function findApplicationSet(
  deps: Pick<ApplicationSetDeps, 'namespace' | 'applicationSets' | 'authorizer'>,
  user: Subject,
  { name, appsetNamespace, action }: ApplicationSetRequest,
): ApplicationSetEntry {
  const entry = deps.applicationSets.get(checkNamespace(deps, appsetNamespace), name);
  if (entry === undefined || !mayGet(deps, user, entry)) throw new ApiError('permissionDenied', 'permission denied');
  const object = accessNameOfSet(entry.applicationSet, deps.namespace);
  authorize(deps.authorizer, user, { resource: 'applicationsets', action, object });
  return entry;
}

export function mayGet(
  { authorizer, namespace }: Pick<ApplicationSetDeps, 'namespace' | 'authorizer'>,
  user: Subject,
  { applicationSet }: ApplicationSetEntry,
): boolean {
  const object = accessNameOfSet(applicationSet, namespace);
  return authorizer(user, { resource: 'applicationsets', action: 'get', object });
}
