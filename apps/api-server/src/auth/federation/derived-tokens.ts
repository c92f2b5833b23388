/**
 * Tokens that stand for another login: of a person who logged in at a provider (device login), or of a CI system whose
 * token was exchanged for a role of a project. Argo CD knows neither: they have an issuer and a key of their own, so that
 * it refuses them should it come back.
 */
import { hkdfSync, randomUUID } from 'node:crypto';
import type { Clock } from '@tiphys/runtime';
import type { AccountSettings } from '@tiphys/settings';
import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { RevokedTokens } from '../revoked-tokens.js';

export const DERIVED_ISSUER = 'tiphys';
const ALGORITHM = 'HS256';

/** Why a token is as good as the login behind it; asked again whenever the token is used. */
export interface Origin {
  /** `iss` of the token that it was derived from. */
  readonly issuer: string;
  /** For a person: the session that confirmed it. */
  readonly session?: string;
  /** For a role: the name of the rule of federation.config. */
  readonly rule?: string;
  /** For a role: the claims that the rule asked for, as they were. */
  readonly claims?: Readonly<Record<string, string>>;
}

export interface DerivedToken {
  /** Name of the person, or `proj:<project>:<role>`. */
  readonly username: string;
  readonly groups: readonly string[];
  /** Of a person. */
  readonly email?: string;
  readonly origin: Origin;
  /** Unix seconds. */
  readonly expiresAt: number;
}

export interface DerivedTokens {
  issue(token: DerivedToken): Promise<string>;
  /** Whether the token says that it is one of these; it may still be forged. */
  recognizes(token: string): boolean;
  /** Throws `unauthenticated`. */
  verify(token: string): Promise<Subject>;
  /** Ends the token; unknown or expired tokens are ignored. */
  revoke(token: string): Promise<void>;
}

export interface DerivedTokenDeps {
  readonly accounts: () => Pick<AccountSettings, 'signingKey'>;
  readonly revoked: RevokedTokens;
  /** Undefined: the login that the token was derived from still counts; else why it does not. */
  readonly endedBecause: (token: DerivedToken) => Promise<string | undefined>;
  readonly clock: Clock;
}

const ENDED = 'the session was ended; log in again';

export function createDerivedTokens(deps: DerivedTokenDeps): DerivedTokens {
  return {
    issue: (token) => sign(deps, token),
    recognizes: isDerivedToken,
    verify: async (token) => {
      const { id, issuedAt, ...derived } = await read(deps, token);
      const reason = await deps.endedBecause(derived);
      if (reason !== undefined) throw new ApiError('unauthenticated', reason);
      if (await deps.revoked.has(id)) throw new ApiError('unauthenticated', ENDED);
      const { username, groups, email, expiresAt, origin } = derived;
      // A person of a provider may be called like a role of a project: only a rule makes one.
      const issuer = origin.rule === undefined ? origin.issuer : DERIVED_ISSUER;
      const person = email === undefined ? {} : { email };
      return { username, groups, issuer, issuedAt, expiresAt, tokenId: id, ...person };
    },
    revoke: async (token) => {
      const known = await read(deps, token).catch(() => undefined);
      if (known === undefined) return;
      const leftMs = known.expiresAt * 1000 - deps.clock.now().getTime();
      await deps.revoked.add(known.id, Math.max(leftMs, 1_000));
    },
  };
}

/** A key of its own, from the installation's: what one accepts the other does not. */
function keyOf({ accounts }: DerivedTokenDeps): Uint8Array {
  const { signingKey } = accounts();
  if (!signingKey) throw new ApiError('unavailable', 'argocd-secret has no server.secretkey yet; try again');
  return new Uint8Array(hkdfSync('sha256', signingKey, '', 'tiphys derived session tokens', 32));
}

async function sign(deps: DerivedTokenDeps, token: DerivedToken): Promise<string> {
  const { username, groups, email, origin, expiresAt } = token;
  const issuedAt = Math.floor(deps.clock.now().getTime() / 1000);
  return new SignJWT({ groups, origin, ...(email === undefined ? {} : { email }) })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(DERIVED_ISSUER)
    .setSubject(username)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(expiresAt)
    .setJti(randomUUID())
    .sign(keyOf(deps));
}

interface Known extends DerivedToken {
  readonly id: string;
  readonly issuedAt: number;
}

async function read(deps: DerivedTokenDeps, token: string): Promise<Known> {
  const key = keyOf(deps);
  try {
    const { payload } = await jwtVerify(token, key, {
      ...{ algorithms: [ALGORITHM], issuer: DERIVED_ISSUER, currentDate: deps.clock.now() },
      requiredClaims: ['sub', 'iat', 'exp', 'jti', 'groups', 'origin'],
    });
    // Nobody else has the key: the form is the one that was signed.
    const { sub = '', jti: id = '', iat: issuedAt = 0, exp: expiresAt = 0 } = payload;
    const { groups = [], email, origin = { issuer: '' } } = payload as Partial<DerivedToken>;
    return { username: sub, groups, origin, id, issuedAt, expiresAt, ...(email === undefined ? {} : { email }) };
  } catch {
    // The library's reasons help only somebody who forges tokens.
    throw new ApiError('unauthenticated', 'invalid session: the token is not valid or has expired; log in again');
  }
}

/** Unverified. */
export function isDerivedToken(token: string): boolean {
  return issuerOf(token) === DERIVED_ISSUER;
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
