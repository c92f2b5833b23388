/** What the audit log says of one request: who, from where, what, on which object, with which result, what changed. */

import type { RouteContract } from '@tiphys/api-contract';
import { redact } from '@tiphys/model';
import { decodeJwt } from 'jose';
import type { Subject } from '../http/context.js';
import { summarizeChange } from './change-summary.js';
import type { AuditScope } from './scope.js';
import type { AuditFields } from './trail.js';

export type AuditedOperation = Pick<RouteContract, 'operationId' | 'method' | 'access'>;

/** A request that was answered, without transport types. */
export interface AnsweredRequest {
  readonly at: Date;
  readonly scope: AuditScope;
  readonly method: string;
  /** Pattern of the route, or the path where there is none. */
  readonly route: string;
  /** Undefined: not a route of the contract. */
  readonly operation: AuditedOperation | undefined;
  readonly user: Subject | undefined;
  /** A token was sent, valid or not. */
  readonly hasToken: boolean;
  readonly sourceIp: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly status: number;
  /** The text of the answer, for the id of a token that it holds. */
  readonly payload: unknown;
}

const READS = ['GET', 'HEAD', 'OPTIONS'];
/** Browsers come to them with GET; a session begins or ends there. */
const LOGINS = ['/auth/callback', '/auth/logout'];
const MAX_CHANGES = 20;

/** Every changing operation, every login and logout, whoever may open a shell, every refusal but that of somebody who sent nothing at all. */
export function isAudited({ operation, method, route, status, hasToken }: AnsweredRequest): boolean {
  if (status === 403 || (status === 401 && hasToken) || LOGINS.includes(route)) return true;
  if (operation === undefined) return false;
  return !READS.includes(method) || permissionOf(operation)?.resource === 'exec';
}

export function auditFields(answered: AnsweredRequest): AuditFields {
  const { scope, operation, status } = answered;
  const changes = scope.changes.flatMap((change) => summarizeChange(change) ?? []);
  const issued = issuedToken(answered);
  const permission = permissionOf(operation);
  return {
    time: answered.at.toISOString(),
    request: scope.requestId,
    operation: operation?.operationId ?? `${answered.method} ${answered.route}`,
    ...(permission === undefined ? {} : { permission }),
    object: objectOf(answered),
    user: userOf(answered),
    sourceIp: answered.sourceIp,
    result: { status, ...(scope.reason === undefined ? {} : { reason: bounded(scope.reason, 500) }) },
    security: securityLevel(status, changes.length > 0),
    ...(issued === undefined ? {} : { issued }),
    ...(changes.length === 0 ? {} : { changes: changes.slice(0, MAX_CHANGES) }),
    ...(changes.length > MAX_CHANGES ? { moreChanges: changes.length - MAX_CHANGES } : {}),
  };
}

/** Argo CD's levels (F35): 1 information, 2 low, 3 medium. */
function securityLevel(status: number, changed: boolean): number {
  if (status === 401 || status === 403 || status === 429) return 3;
  return changed ? 2 : 1;
}

function permissionOf(operation: AuditedOperation | undefined): Readonly<Record<string, string>> | undefined {
  const { access } = operation ?? {};
  return typeof access === 'object' ? { resource: access.resource, action: access.action } : undefined;
}

/** Whoever logs in is not known before; the name that was given is. */
function userOf({ user, body }: AnsweredRequest): Readonly<Record<string, unknown>> {
  if (user !== undefined) {
    const { username, issuer, groups, tokenId } = user;
    return { subject: username, issuer, groups: groups.length, ...(tokenId === undefined ? {} : { token: tokenId }) };
  }
  const claimed = textAt(body, 'username');
  return { subject: '', ...(claimed === undefined ? {} : { claimed: bounded(claimed, 64) }) };
}

/** Where bodies name their object, in the order of preference. */
const NAMES = [
  ['metadata', 'name'],
  ['project', 'metadata', 'name'],
  ['name'],
  ['repo'],
  ['server'],
  ['url'],
  ['keyID'],
] as const;

/** The object as the request names it: the path's parameters, else the body's name, else the query's. */
function objectOf({ scope, params, body, query }: AnsweredRequest): string {
  if (scope.object !== undefined) return bounded(scope.object, 500);
  const inPath = isRecord(params) ? Object.values(params).filter((value) => typeof value === 'string') : [];
  if (inPath.length > 0) return bounded(inPath.join('/'), 500);
  const sources = [...NAMES.map((path) => textAt(body, ...path)), ...NAMES.map((path) => textAt(query, ...path))];
  return bounded(sources.find((name) => name !== undefined && name !== '') ?? '', 500);
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value);
  return typeof found === 'string' ? found : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bounded(text: string, length: number): string {
  return redact(text.slice(0, length));
}

/** Logins and new tokens: the id by which the token is found again, never the token. */
function issuedToken({ operation, status, payload }: AnsweredRequest): AuditFields | undefined {
  const issues = operation?.method === 'POST' && status === 200 && typeof payload === 'string';
  if (!issues || payload.length > 20_000 || !/"(?:access_)?token"/.test(payload)) return undefined;
  try {
    const answer = JSON.parse(payload) as { readonly token?: unknown; readonly access_token?: unknown };
    const token = answer.token ?? answer.access_token;
    if (typeof token !== 'string') return undefined;
    const { sub: subject, jti: id, exp: expiresAt } = decodeJwt(token);
    return { subject, id, ...(expiresAt === undefined ? {} : { expiresAt }) };
  } catch {
    return undefined;
  }
}
