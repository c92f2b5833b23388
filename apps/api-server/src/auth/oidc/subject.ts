/** Who the claims of a provider's token are about (F11, F31). */
import type { JWTPayload } from 'jose';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { ProviderClaims } from './provider-verifier.js';

/** Names of the access policy that no provider may give to a user. */
const RESERVED = /^(?:role|proj):/;

/**
 * The name for the access policy is the connector's user id where Dex tells it, else `sub` (Argo CD 3.0); `scopes` of
 * argocd-rbac-cm names the claims that hold groups. Throws `unauthenticated` for a name of the policy's own.
 */
export function subjectOfClaims(claims: ProviderClaims, scopes: readonly string[]): Subject {
  const username = federatedUserId(claims) ?? claims.sub;
  if (RESERVED.test(username)) {
    throw new ApiError('unauthenticated', `the login provider names the user "${username}", which is reserved`);
  }
  const email = claims['email'];
  return {
    ...{ username, issuer: claims.iss, groups: groupsOfClaims(claims, scopes) },
    ...{ issuedAt: claims.iat ?? 0, expiresAt: claims.exp, tokenId: claims.jti },
    ...(typeof email === 'string' && email !== '' ? { email } : {}),
  };
}

function federatedUserId(claims: JWTPayload): string | undefined {
  const federated = claims['federated_claims'];
  if (typeof federated !== 'object' || federated === null) return undefined;
  const id = (federated as Readonly<Record<string, unknown>>)['user_id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** Each claim may be a text or a list of texts. */
export function groupsOfClaims(claims: JWTPayload, scopes: readonly string[]): readonly string[] {
  return scopes.flatMap((scope) =>
    [claims[scope]].flat().filter((value): value is string => typeof value === 'string'),
  );
}
