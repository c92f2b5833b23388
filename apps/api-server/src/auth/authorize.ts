/** The one choke point of access control (S19): every handler asks here before it reads or writes on behalf of a user. */
import type { AccessAction, AccessResource } from '@tiphys/model';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';

export interface AccessRequest {
  readonly resource: AccessResource;
  readonly action: AccessAction;
  /** `project/name` or `project/namespace/name` for applications; see {@link scopedObject}; the name for anything else. */
  readonly object: string;
}

/** Repositories and clusters: the address alone, or below the project that they belong to (F18). */
export function scopedObject(project: string | undefined, address: string): string {
  return project === undefined || project === '' ? address : `${project}/${address}`;
}

/** Decides; handlers know nothing of the policy behind it. */
export type Authorizer = (subject: Subject, request: AccessRequest) => boolean;

/** F36: with `server.disable.auth` everybody may do everything. */
export function unlessDisabled(authorizer: Authorizer, isDisabled: () => boolean): Authorizer {
  return (subject, request) => isDisabled() || authorizer(subject, request);
}

/** Throws `permissionDenied` unless the subject may do it. */
export function authorize(authorizer: Authorizer, subject: Subject, request: AccessRequest): void {
  if (authorizer(subject, request)) return;
  const { resource, action, object } = request;
  throw new ApiError(
    'permissionDenied',
    `permission denied: ${resource}, ${action}, ${object}, sub: ${subject.username}`,
  );
}
