/** Tokens of local accounts (F21): created, listed in argocd-secret as Argo CD lists them, and deleted. */
import { randomUUID } from 'node:crypto';
import type { accountRoutes } from '@tiphys/api-contract';
import { CONFIG_OBJECTS } from '@tiphys/model';
import { type AccountToken, parseAccountTokens, type SettingsData } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { type AccountDeps, accountKey, findAccount, requireAct } from './deps.js';

type Routes = typeof accountRoutes;
const TARGET = { kind: 'secrets', name: CONFIG_OBJECTS.secret } as const;

export function createCreateToken(deps: AccountDeps): Handler<Routes['createToken']['schemas']> {
  return async ({ params: { name }, body }, { user, signal }) => {
    requireAct(deps, user, { action: 'update', name });
    if (!findAccount(deps, name).capabilities.includes('apiKey')) {
      throw new ApiError('failedPrecondition', `account '${name}' does not have apiKey capability`);
    }
    const id = body.id || randomUUID();
    const expiresInSeconds = Number(body.expiresIn ?? 0);
    if (!Number.isSafeInteger(expiresInSeconds) || expiresInSeconds < 0) {
      throw new ApiError(
        'invalidArgument',
        'expiresIn must be a whole number of seconds; 0 means that it never expires',
      );
    }
    const issued = await deps.tokens.issueToken({ subject: `${name}:apiKey`, id, expiresInSeconds });
    const { issuedAt, expiresAt } = issued;
    const entry: AccountToken = { id, issuedAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
    await deps.writer.change(
      TARGET,
      (data) => {
        const tokens = tokensOf(data, name);
        if (tokens.some((token) => token.id === id)) {
          throw new ApiError('failedPrecondition', `account already has token with id '${id}'`);
        }
        return withTokens(name, [...tokens, entry]);
      },
      signal,
    );
    deps.log.info('token created', { user: user.username, account: name, token: id, security: 2 });
    return { token: issued.token };
  };
}

export function createDeleteToken(deps: AccountDeps): Handler<Routes['deleteToken']['schemas']> {
  return async ({ params: { name, id } }, { user, signal }) => {
    requireAct(deps, user, { action: 'update', name });
    findAccount(deps, name);
    await deps.writer.change(
      TARGET,
      (data) => {
        const tokens = tokensOf(data, name);
        const rest = tokens.filter((token) => token.id !== id);
        if (rest.length === tokens.length) throw new ApiError('notFound', `token with id '${id}' does not exist`);
        return withTokens(name, rest);
      },
      signal,
    );
    deps.log.info('token deleted', { user: user.username, account: name, token: id, security: 2 });
    return {};
  };
}

function tokensOf(data: SettingsData, name: string): readonly AccountToken[] {
  return parseAccountTokens(data[accountKey(name, 'tokens')] ?? '');
}

function withTokens(name: string, tokens: readonly AccountToken[]): Readonly<Record<string, string>> {
  const stored = tokens.map(({ id, issuedAt, expiresAt }) => ({
    id,
    iat: issuedAt,
    ...(expiresAt === undefined ? {} : { exp: expiresAt }),
  }));
  return { [accountKey(name, 'tokens')]: JSON.stringify(stored) };
}
