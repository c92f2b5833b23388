/** Session tokens: JWTs exactly as Argo CD signs them, so that tokens stay valid across the change of system (F21, S15). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tiphys/runtime';
import type { Account, AccountSettings } from '@tiphys/settings';
import { jwtVerify, SignJWT } from 'jose';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';
import type { RevokedTokens } from './revoked-tokens.js';

export const ISSUER = 'argocd';
const ALGORITHM = 'HS256';

export interface SessionTokens {
  /** A login token for the account. */
  issue(account: Account): Promise<string>;
  /** Throws `unauthenticated` with the reason. */
  verify(token: string): Promise<Subject>;
  /** Ends the token; unknown or expired tokens are ignored. */
  revoke(token: string): Promise<void>;
}

export interface SessionTokenDeps {
  readonly accounts: () => AccountSettings;
  readonly revoked: RevokedTokens;
  readonly clock: Clock;
}

export function createSessionTokens(deps: SessionTokenDeps): SessionTokens {
  const read = (token: string) => readToken(deps, token);
  return {
    issue: async (account) => {
      const now = Math.floor(deps.clock.now().getTime() / 1000);
      return new SignJWT({})
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(`${account.name}:login`)
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + Math.floor(deps.accounts().sessionDurationMs / 1000))
        .setJti(randomUUID())
        .sign(keyOf(deps));
    },
    verify: async (token) => {
      const claims = await read(token);
      checkAccount(deps, claims);
      if (claims.id !== undefined && (await deps.revoked.has(claims.id))) {
        throw new ApiError('unauthenticated', 'the session was ended; log in again');
      }
      return subjectOf(claims);
    },
    revoke: async (token) => {
      const claims = await read(token).catch(() => undefined);
      if (claims?.id === undefined) return;
      const now = deps.clock.now().getTime();
      const until = claims.expiresAt === undefined ? now + 365 * 86_400_000 : claims.expiresAt * 1000;
      await deps.revoked.add(claims.id, Math.max(until - now, 1_000));
    },
  };
}

interface Claims {
  readonly username: string;
  readonly capability: string;
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
  readonly id: string | undefined;
}

function keyOf(deps: SessionTokenDeps): Uint8Array {
  const { signingKey } = deps.accounts();
  if (!signingKey) throw new ApiError('unavailable', 'argocd-secret has no server.secretkey yet; try again');
  return new TextEncoder().encode(signingKey);
}

async function readToken(deps: SessionTokenDeps, token: string): Promise<Claims> {
  const key = keyOf(deps);
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      currentDate: deps.clock.now(),
      requiredClaims: ['sub', 'iat'],
    });
    const [username = '', capability = 'login'] = (payload.sub ?? '').split(':');
    return { username, capability, issuedAt: payload.iat ?? 0, expiresAt: payload.exp, id: payload.jti };
  } catch {
    // The library's reasons help only somebody who forges tokens.
    throw new ApiError('unauthenticated', 'invalid session: the token is not valid or has expired; log in again');
  }
}

function checkAccount(deps: SessionTokenDeps, claims: Claims): void {
  const account = deps.accounts().accounts.get(claims.username);
  if (account === undefined || !account.enabled) {
    throw new ApiError('unauthenticated', `account ${claims.username} does not exist or is disabled`);
  }
  if (!account.capabilities.some((capability) => capability === claims.capability)) {
    throw new ApiError('unauthenticated', `account ${claims.username} does not have '${claims.capability}' capability`);
  }
  if (
    claims.capability === 'apiKey' &&
    (claims.id === undefined || !account.tokens.some(({ id }) => id === claims.id))
  ) {
    throw new ApiError('unauthenticated', `account ${claims.username} does not have this token; it was deleted`);
  }
  const changedAt = Date.parse(account.passwordModifiedAt ?? '');
  if (claims.issuedAt < Math.floor(changedAt / 1000)) {
    throw new ApiError('unauthenticated', 'account password has changed since token issued; log in again');
  }
}

function subjectOf(claims: Claims): Subject {
  return {
    username: claims.username,
    issuer: ISSUER,
    groups: [],
    issuedAt: claims.issuedAt,
    expiresAt: claims.expiresAt,
    tokenId: claims.id,
  };
}
