/** The one choke point of access control (S19): every handler asks here before it reads or writes on behalf of a user. */
import { ADMIN } from '@tiphys/settings';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';
import { ISSUER } from './session-tokens.js';

export type Resource = 'applications' | 'projects';
export type Action = 'get' | 'create' | 'update' | 'delete' | 'sync' | 'override';

export interface AccessRequest {
  readonly resource: Resource;
  readonly action: Action;
  /** `project/name` or `project/namespace/name` for applications, the name for projects. */
  readonly object: string;
}

/** Decides; the policy behind it (RBAC) can be replaced without touching a handler. */
export type Authorizer = (subject: Subject, request: AccessRequest) => boolean;

/** `role:admin` for the built-in admin, nothing for anybody else. */
export const adminOnly: Authorizer = (subject) => subject.issuer === ISSUER && subject.username === ADMIN;

/** Throws `permissionDenied` unless the subject may do it. */
export function authorize(authorizer: Authorizer, subject: Subject, request: AccessRequest): void {
  if (authorizer(subject, request)) return;
  const { resource, action, object } = request;
  throw new ApiError(
    'permissionDenied',
    `permission denied: ${resource}, ${action}, ${object}, sub: ${subject.username}`,
  );
}
