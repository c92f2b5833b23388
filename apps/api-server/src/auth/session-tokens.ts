/** Session tokens: JWTs exactly as Argo CD signs them, so that tokens stay valid across the change of system (F21, S15). */
import { randomUUID } from 'node:crypto';
import { type AppProject, tokensOfRole } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { Account, AccountSettings } from '@tiphys/settings';
import { jwtVerify, SignJWT } from 'jose';
import { ApiError } from '../errors.js';
import type { Subject } from '../http/context.js';
import type { RevokedTokens } from './revoked-tokens.js';

export const ISSUER = 'argocd';
const ALGORITHM = 'HS256';
const RENEW_BEFORE_MS = 300_000;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

export interface SessionTokens {
  /** A login token for the account. */
  issue(account: Account): Promise<string>;
  /** A token of an account (`<name>:apiKey`) or of a project role (`proj:<project>:<role>`); 0 seconds: it never expires. */
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  /** Throws `unauthenticated` with the reason. */
  verify(token: string): Promise<Subject>;
  /** A new token in place of a login's that ends within five minutes, as in Argo CD; never throws. */
  renew(token: string): Promise<string | undefined>;
  /** Ends the token; unknown or expired tokens are ignored. */
  revoke(token: string): Promise<void>;
}

export interface TokenRequest {
  readonly subject: string;
  readonly id: string;
  readonly expiresInSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  /** Unix seconds, as `expiresAt`. */
  readonly issuedAt: number;
  readonly expiresAt: number | undefined;
}

export interface SessionTokenDeps {
  readonly accounts: () => AccountSettings;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly revoked: RevokedTokens;
  readonly clock: Clock;
}

export function createSessionTokens(deps: SessionTokenDeps): SessionTokens {
  const read = (token: string) => readToken(deps, token);
  return {
    issue: async (account) => {
      const expiresInSeconds = Math.floor(deps.accounts().sessionDurationMs / 1000);
      const { token } = await sign(deps, { subject: `${account.name}:login`, id: randomUUID(), expiresInSeconds });
      return token;
    },
    issueToken: (request) => sign(deps, request),
    verify: async (token) => {
      const claims = await read(token);
      if (claims.role === undefined) checkAccount(deps, claims);
      else checkProjectRole(deps, claims, claims.role);
      if (claims.id !== undefined && (await deps.revoked.has(claims.id))) {
        throw new ApiError('unauthenticated', 'the session was ended; log in again');
      }
      return subjectOf(claims);
    },
    renew: async (token) => {
      const claims = await read(token).catch(() => undefined);
      if (claims?.expiresAt === undefined || claims.capability !== 'login') return undefined;
      // Only what a password made; the ids of logins by other ways say so, and those must end.
      if (!UUID.test(claims.id ?? '')) return undefined;
      if (claims.expiresAt * 1000 - deps.clock.now().getTime() >= RENEW_BEFORE_MS) return undefined;
      const expiresInSeconds = claims.expiresAt - claims.issuedAt;
      return (await sign(deps, { subject: `${claims.username}:login`, id: randomUUID(), expiresInSeconds })).token;
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

async function sign(deps: SessionTokenDeps, request: TokenRequest): Promise<IssuedToken> {
  const issuedAt = Math.floor(deps.clock.now().getTime() / 1000);
  const { subject, id, expiresInSeconds } = request;
  const expiresAt = expiresInSeconds > 0 ? issuedAt + expiresInSeconds : undefined;
  const jwt = new SignJWT({})
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setJti(id);
  if (expiresAt !== undefined) jwt.setExpirationTime(expiresAt);
  return { token: await jwt.sign(keyOf(deps)), issuedAt, expiresAt };
}

interface ProjectRole {
  readonly project: string;
  readonly role: string;
}

interface Claims {
  /** Of an account, or `proj:<project>:<role>`. */
  readonly username: string;
  readonly role: ProjectRole | undefined;
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
    const { sub = '', iat: issuedAt = 0, exp: expiresAt, jti: id } = payload;
    const [, project, role] = /^proj:([^:]+):([^:]+)$/.exec(sub) ?? [];
    if (project !== undefined && role !== undefined) {
      return { username: sub, capability: 'apiKey', role: { project, role }, issuedAt, expiresAt, id };
    }
    // A subject without capability is that of an API key, as in Argo CD.
    const [username = '', capability = 'apiKey'] = sub.split(':');
    return { username, capability, role: undefined, issuedAt, expiresAt, id };
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

/** A role's token counts while the project lists it, by id or, for tokens of old, by the time it was issued (F05). */
function checkProjectRole(deps: SessionTokenDeps, claims: Claims, { project, role }: ProjectRole): void {
  const tokens = tokensOfRole(deps.projects.get(project), role);
  const isListed = tokens.some(({ id, iat }) => (id ? id === claims.id : iat === claims.issuedAt));
  if (!isListed) {
    throw new ApiError(
      'unauthenticated',
      `project ${project} does not have this token of role ${role}; it was deleted`,
    );
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
