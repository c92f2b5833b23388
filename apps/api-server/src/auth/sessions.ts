/** Sessions of both kinds: our own tokens (`iss: argocd`) and those of the login provider (F21). */
import type { Subject } from '../http/context.js';
import type { ProviderSessions } from './oidc/provider-sessions.js';
import { issuerOf } from './oidc/provider-verifier.js';
import { ISSUER, type SessionTokens } from './session-tokens.js';

export interface Sessions {
  /** Throws `unauthenticated` with the reason. */
  verify(token: string): Promise<Subject>;
  /** The token to use from now on, when this valid one ends soon; never throws. */
  renew(token: string): Promise<string | undefined>;
  /** Ends the session; tokens that are not valid are ignored. */
  revoke(token: string): Promise<void>;
}

export interface SessionParts {
  readonly tokens: Pick<SessionTokens, 'verify' | 'revoke' | 'renew'>;
  readonly provider: Pick<ProviderSessions, 'verify' | 'revoke' | 'renew'>;
}

export function createSessions({ tokens, provider }: SessionParts): Sessions {
  // What is no token at all is refused by the part that needs no network.
  const partOf = (token: string) => {
    const issuer = issuerOf(token);
    return issuer === undefined || issuer === ISSUER ? tokens : provider;
  };
  return {
    verify: (token) => partOf(token).verify(token),
    renew: (token) => partOf(token).renew(token),
    revoke: (token) => partOf(token).revoke(token),
  };
}
