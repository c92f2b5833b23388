/** The one choke point of access control (S19): every handler asks here before it reads or writes on behalf of a user. */
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';

export type Resource = 'applications' | 'projects';
export type Action = 'get' | 'create' | 'update' | 'delete' | 'sync' | 'override';

export interface AccessRequest {
  readonly resource: Resource;
  readonly action: Action;
  /** `project/name` or `project/namespace/name` for applications, the name for projects. */
  readonly object: string;
}

/** Decides; handlers know nothing of the policy behind it. */
export type Authorizer = (subject: Subject, request: AccessRequest) => boolean;

/** Throws `permissionDenied` unless the subject may do it. */
export function authorize(authorizer: Authorizer, subject: Subject, request: AccessRequest): void {
  if (authorizer(subject, request)) return;
  const { resource, action, object } = request;
  throw new ApiError(
    'permissionDenied',
    `permission denied: ${resource}, ${action}, ${object}, sub: ${subject.username}`,
  );
}
