/** Accounts: list, get, may I, and the change of a password (N05, F20). */
import { hash } from '@node-rs/bcrypt';
import type { AccountBody, accountRoutes } from '@tiphys/api-contract';
import {
  ACCESS_ACTIONS,
  ACCESS_RESOURCES,
  type AccessAction,
  type AccessResource,
  CONFIG_OBJECTS,
  kubernetesTime,
  PROJECT_SCOPED,
} from '@tiphys/model';
import type { Account } from '@tiphys/settings';
import { authorize } from '../../auth/authorize.js';
import { ISSUER } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import type { RequestContext, Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { type AccountDeps, accountKey, findAccount, isSelf, mayAct, requireAct } from './deps.js';

type Routes = typeof accountRoutes;

export function createListAccounts(deps: AccountDeps): Handler<Routes['list']['schemas']> {
  return async (_, { user }) => {
    const all = [...deps.settings.accounts().accounts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return { items: all.filter(({ name }) => mayAct(deps, user, { action: 'get', name })).map(bodyOf) };
  };
}

export function createGetAccount(deps: AccountDeps): Handler<Routes['get']['schemas']> {
  return async ({ params: { name } }, { user }) => {
    requireAct(deps, user, { action: 'get', name });
    return bodyOf(findAccount(deps, name));
  };
}

function bodyOf({ name, enabled, capabilities, tokens }: Account): AccountBody {
  const shown = tokens.map(({ id, issuedAt, expiresAt }) => ({
    id,
    issuedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }));
  return { name, enabled, capabilities: [...capabilities], tokens: shown.sort((a, b) => b.issuedAt - a.issuedAt) };
}

/** Objects of projects may be asked for as `project/namespace/name`, also in the control plane's namespace. */
export function createCanI(deps: AccountDeps): Handler<Routes['canI']['schemas']> {
  return async ({ params }, { user }) => {
    const resource = ACCESS_RESOURCES.find((known) => known === params.resource);
    if (resource === undefined) throw unknownWord(ACCESS_RESOURCES, params.resource);
    if (!isAction(params.action)) throw unknownWord(ACCESS_ACTIONS, params.action);
    const object = plainObject(deps, resource, params.subresource);
    return { value: deps.authorizer(user, { resource, action: params.action, object }) ? 'yes' : 'no' };
  };
}

function plainObject({ namespace }: AccountDeps, resource: AccessResource, object: string): string {
  const [project, own, name, ...more] = object.split('/');
  const isOwn = PROJECT_SCOPED.has(resource) && own === namespace && name !== undefined && more.length === 0;
  return isOwn ? `${project}/${name}` : object;
}

function isAction(text: string): text is AccessAction {
  return ACCESS_ACTIONS.some((known) => known === text) || /^(?:action|update|delete)\/./.test(text);
}

function unknownWord(known: readonly string[], word: string): ApiError {
  return new ApiError('invalidArgument', `[${known.join(' ')}] does not contain ${word}`);
}

/** A token of a single sign-on provider must be this fresh to change a password. */
const SSO_TOKEN_MAX_AGE_MS = 120_000;

export function createUpdatePassword(deps: AccountDeps): Handler<Routes['updatePassword']['schemas']> {
  return async ({ body }, context) => {
    const { user, signal } = context;
    const name = body.name || user.username;
    if (!isSelf(user, name)) authorize(deps.authorizer, user, { resource: 'accounts', action: 'update', object: name });
    await proveIdentity(deps, context, { name, currentPassword: body.currentPassword ?? '' });
    const { newPassword = '' } = body;
    const { passwordPattern } = deps.settings.accounts();
    if (!new RegExp(passwordPattern).test(newPassword)) {
      throw new ApiError('invalidArgument', `new password does not match the following expression: ${passwordPattern}`);
    }
    findAccount(deps, name);
    const changes = {
      [accountKey(name, 'password')]: await hash(newPassword, { cost: 10 }),
      [accountKey(name, 'passwordMtime')]: kubernetesTime(deps.clock.now()),
    };
    await deps.writer.change({ kind: 'secrets', name: CONFIG_OBJECTS.secret }, () => changes, signal);
    deps.log.info('password changed', { user: user.username, account: name, security: 2 });
    return {};
  };
}

interface PasswordChange {
  readonly name: string;
  readonly currentPassword: string;
}

/** A local user gives the own current password, whosever password is changed; others need a fresh token. */
async function proveIdentity(
  deps: AccountDeps,
  { user, signal }: RequestContext,
  { name, currentPassword }: PasswordChange,
): Promise<void> {
  if (user.issuer !== ISSUER) return proveFresh(deps, user);
  if (user.username.startsWith('proj:') && name === user.username) {
    const text = `password can only be changed for local users, not user "${user.username}"`;
    throw new ApiError('invalidArgument', text);
  }
  if (!(await deps.checkPassword({ username: user.username, password: currentPassword }, signal))) {
    throw new ApiError('invalidArgument', 'current password does not match');
  }
}

function proveFresh({ clock }: AccountDeps, user: Subject): void {
  const ageMs = clock.now().getTime() - user.issuedAt * 1000;
  if (ageMs > SSO_TOKEN_MAX_AGE_MS) {
    throw new ApiError('failedPrecondition', 'SSO token is too old; log in again to get a new one');
  }
}
