/** Tokens of an OpenID Connect provider: signature, issuer, audience and time (S15, F25, F26). */
import type { Clock } from '@tiphys/runtime';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from 'jose';
import { ApiError } from '../../errors.js';
import { createDiscovery, type Discovery } from './discovery.js';
import { createKeySet } from './key-set.js';
import type { ProviderHttp } from './provider-http.js';

export interface ProviderVerifierOptions {
  /** Must equal the `issuer` of the provider's configuration and the `iss` of its tokens, to the letter. */
  readonly issuer: string;
  /** From `createProviderHttp`; the caller closes it. */
  readonly http: ProviderHttp;
  /** A token must be for one of them (`aud`, a text or a list). An empty list accepts no token that has an audience. */
  readonly audiences: readonly string[];
  /** Accept tokens without any `aud`; default false (CVE-2023-22482). */
  readonly allowMissingAudience?: boolean;
  readonly clock: Clock;
  /** To share what is known of the provider; default: a discovery of its own. */
  readonly discovery?: Discovery;
}

/** The claims of a token that was verified. */
export type ProviderClaims = JWTPayload & { readonly iss: string; readonly sub: string; readonly exp: number };

export interface ProviderVerifier {
  readonly issuer: string;
  /**
   * The claims of a token that this provider signed for us and that is valid now. Nothing is asked of the network but
   * the provider's configuration and keys, each once for all who wait, kept, and read again when a token names a new key.
   * Throws `unauthenticated` for every other token, with a text that may be shown; `unavailable` when the token might
   * be good, but the provider's keys cannot be read.
   */
  verify(token: string): Promise<ProviderClaims>;
}

/** Never a symmetric one: the provider's public key must not be usable as a secret; never `none`. */
const ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How far ahead of ours a provider's clock may be. */
const NOT_BEFORE_TOLERANCE_S = 60;
const REFUSED = 'invalid session: the token is not valid; log in again';

export function createProviderVerifier(options: ProviderVerifierOptions): ProviderVerifier {
  const { issuer, http, clock } = options;
  const discovery = options.discovery ?? createDiscovery({ issuer, http, clock });
  const keys = createKeySet({ discovery, http, clock });
  return {
    issuer,
    verify: async (token) => {
      if (issuerOf(token) !== issuer) throw new ApiError('unauthenticated', REFUSED);
      const { id_token_signing_alg_values_supported: supported = ['RS256'] } = await discovery.metadata();
      const claims = await verifySignature(token, keys, {
        algorithms: ALGORITHMS.filter((algorithm) => supported.includes(algorithm)),
        issuer,
        currentDate: clock.now(),
        clockTolerance: NOT_BEFORE_TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
      });
      checkAudience(claims, options);
      // The tolerance is for `nbf` only.
      if (claims.exp * 1000 <= clock.now().getTime()) throw expired();
      return claims;
    },
  };
}

/** What the token says of its issuer, unverified; undefined when it is no token. */
export function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verifySignature(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<ProviderClaims> {
  try {
    const { payload } = await jwtVerify(token, keys, options);
    if (payload.sub === undefined || payload.sub === '') throw new ApiError('unauthenticated', REFUSED);
    return payload as ProviderClaims;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof errors.JWTExpired) throw expired();
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(token, error, options);
    // The library's reasons help only somebody who forges tokens.
    throw new ApiError('unauthenticated', REFUSED);
  }
}

/** A token that names no key may be signed with any of them. */
async function tryEach(
  token: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<ProviderClaims> {
  let refusal: unknown = new ApiError('unauthenticated', REFUSED);
  for await (const key of candidates) {
    try {
      return await verifySignature(token, () => Promise.resolve(key), options);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function checkAudience({ aud }: JWTPayload, options: ProviderVerifierOptions): void {
  const named = aud === undefined ? [] : [aud].flat();
  const accepted =
    named.length === 0
      ? options.allowMissingAudience === true
      : named.some((audience) => options.audiences.includes(audience));
  if (accepted) return;
  throw new ApiError('unauthenticated', 'invalid session: the token is for another application (aud); log in again');
}

function expired(): ApiError {
  return new ApiError('unauthenticated', 'invalid session: the token has expired; log in again');
}
