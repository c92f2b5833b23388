/** Finds the application of a request and checks access, with Argo CD's rule for what a caller may learn (N21). */
import type { ApplicationScope } from '@tiphys/api-contract';
import { type AccessAction, appKey } from '@tiphys/model';
import { authorize } from '../auth/authorize.js';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';
import type { ApplicationDeps } from './deps.js';
import { accessNameOf, projectOf } from './names.js';
import type { ApplicationEntry } from './store.js';

export interface ApplicationRequest extends ApplicationScope {
  readonly name: string;
  /** Of several, one that is permitted is enough. */
  readonly action: AccessAction | readonly AccessAction[];
}

type FindDeps = Pick<ApplicationDeps, 'namespace' | 'store' | 'authorizer'>;

/**
 * Missing and forbidden look the same (403) unless the caller names the project and may read in it: then a missing
 * application is 404.
 */
export function findApplication(deps: FindDeps, user: Subject, request: ApplicationRequest): ApplicationEntry {
  const { name, appNamespace, project } = request;
  const namespace = appNamespace || deps.namespace;
  const entry = deps.store.get(appKey(namespace, name));
  if (entry === undefined || (project && projectOf(entry.application) !== project)) {
    throw missing(deps, user, { name, namespace, project });
  }
  const object = accessNameOf(entry.application, deps.namespace);
  if (!deps.authorizer(user, { resource: 'applications', action: 'get', object })) throw hidden();
  const actions = typeof request.action === 'string' ? [request.action] : request.action;
  authorizeOne(deps, user, { actions, object });
  return entry;
}

interface OneOf {
  readonly actions: readonly AccessAction[];
  readonly object: string;
}

function authorizeOne({ authorizer }: FindDeps, user: Subject, { actions, object }: OneOf): void {
  const isPermitted = (action: AccessAction) => authorizer(user, { resource: 'applications', action, object });
  if (actions.some(isPermitted)) return;
  const [action = 'get'] = actions;
  authorize(authorizer, user, { resource: 'applications', action, object });
}

interface Missing {
  readonly name: string;
  readonly namespace: string;
  readonly project: string | undefined;
}

function missing(deps: FindDeps, user: Subject, { name, namespace, project }: Missing): ApiError {
  if (!project) return hidden();
  const object = accessNameOf({ metadata: { name, namespace }, spec: { project, destination: {} } }, deps.namespace);
  if (!deps.authorizer(user, { resource: 'applications', action: 'get', object })) return hidden();
  return new ApiError(
    'notFound',
    `applications.argoproj.io "${name}" not found in namespace ${namespace}, project ${project}`,
  );
}

function hidden(): ApiError {
  return new ApiError('permissionDenied', 'permission denied');
}
