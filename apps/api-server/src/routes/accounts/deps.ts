/** What the account handlers work with, and who may act on which account. */
import type { AccessAction } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Account } from '@tiphys/settings';
import { type Authorizer, authorize } from '../../auth/authorize.js';
import type { PasswordCheck } from '../../auth/password.js';
import { ISSUER, type SessionTokens } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { DataWriter } from '../../kube/data-writer.js';

export interface AccountDeps {
  readonly namespace: string;
  readonly settings: Pick<LiveSettings, 'accounts'>;
  readonly authorizer: Authorizer;
  readonly writer: DataWriter;
  readonly checkPassword: PasswordCheck;
  readonly tokens: Pick<SessionTokens, 'issueToken'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AccountAccess {
  readonly action: AccessAction;
  readonly name: string;
}

/** A local account may always act on itself. */
export function mayAct({ authorizer }: AccountDeps, user: Subject, { action, name }: AccountAccess): boolean {
  return isSelf(user, name) || authorizer(user, { resource: 'accounts', action, object: name });
}

/** Throws `permissionDenied`. */
export function requireAct({ authorizer }: AccountDeps, user: Subject, { action, name }: AccountAccess): void {
  if (!isSelf(user, name)) authorize(authorizer, user, { resource: 'accounts', action, object: name });
}

export function isSelf(user: Subject, name: string): boolean {
  return user.issuer === ISSUER && user.username === name;
}

/** Throws `notFound`. */
export function findAccount(deps: Pick<AccountDeps, 'settings'>, name: string): Account {
  const account = deps.settings.accounts().accounts.get(name);
  if (account === undefined) throw new ApiError('notFound', `account '${name}' does not exist`);
  return account;
}

/** Keys of an account in argocd-secret (F19): the admin's have no `accounts.` before them. */
export function accountKey(name: string, field: 'password' | 'passwordMtime' | 'tokens'): string {
  return name === 'admin' ? `admin.${field}` : `accounts.${name}.${field}`;
}
