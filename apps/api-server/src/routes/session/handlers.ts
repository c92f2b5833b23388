/** Login, logout, who am I (N13). */
import type { sessionRoutes } from '@tiphys/api-contract';
import type { PasswordVerifier } from '../../auth/password.js';
import type { SessionTokens } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import { displayNameOf } from '../../http/context.js';
import type { PublicHandler } from '../../http/handler.js';

type Routes = typeof sessionRoutes;

export interface SessionDeps {
  readonly verifyPassword: PasswordVerifier;
  readonly tokens: Pick<SessionTokens, 'issue' | 'revoke'>;
}

export function createCreateSession(deps: SessionDeps): PublicHandler<Routes['create']['schemas']> {
  return async ({ body }, { signal, sourceIp }) => {
    const { username = '', password = '', token = '' } = body;
    if (token !== '')
      throw new ApiError('unauthenticated', 'token-based session creation is not supported; use a password');
    const account = await deps.verifyPassword({ username, password, sourceIp }, signal);
    return { token: await deps.tokens.issue(account) };
  };
}

export function createDeleteSession(deps: SessionDeps): PublicHandler<Routes['delete']['schemas']> {
  return async (_, { token }) => {
    if (token !== undefined) await deps.tokens.revoke(token);
    return {};
  };
}

export function createGetUserInfo(): PublicHandler<Routes['userInfo']['schemas']> {
  return async (_, { user }) =>
    user === undefined
      ? { loggedIn: false }
      : { loggedIn: true, username: displayNameOf(user), iss: user.issuer, groups: [...user.groups] };
}
