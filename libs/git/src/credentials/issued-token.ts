/** What every way to a short-lived token takes and gives. */
import type { Clock } from '@tiphys/runtime';
import type { GitCredentials } from '../ports.js';
import type { TokenClient } from './token-client.js';

export interface IssuedToken {
  /** Put over the repository's own credentials. */
  readonly credentials: Pick<GitCredentials, 'username' | 'password' | 'bearerToken'>;
  /** Unix milliseconds; 0 when it is not known: then the token is asked for anew each time. */
  readonly expiresAt: number;
}

export interface TokenContext {
  readonly client: TokenClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
