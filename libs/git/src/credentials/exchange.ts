/** From an identity (GitHub App, Google account, Azure identity) to credentials that a Git host takes, kept until shortly before they expire. */
import type { Clock } from '@tiphys/runtime';
import { createFreshFlight } from '../fresh-flight.js';
import { LruMap } from '../lru-map.js';
import { remoteKey } from '../mirror/mirrors.js';
import type { GitRemote } from '../ports.js';
import { type AzureWorkload, azureToken } from './azure-identity.js';
import { githubAppToken } from './github-app.js';
import { GOOGLE_TOKEN_URL, googleToken } from './google-account.js';
import type { IssuedToken, TokenContext } from './issued-token.js';
import type { TokenClient } from './token-client.js';

export interface CredentialExchange {
  /** The remote with credentials for now; the same remote when it needs no token. One question for all who ask at a time. */
  exchange(remote: GitRemote): Promise<GitRemote>;
  /** The host refused the token: the next exchange asks for a new one. */
  forget(remote: GitRemote): void;
}

export interface ExchangeOptions {
  readonly client: TokenClient;
  readonly clock: Clock;
  readonly azureWorkload?: AzureWorkload;
  /** Default Google's; another one only in tests. */
  readonly googleTokenUrl?: string;
}

/** A fetch that starts with a token should also end with it. */
const RENEW_BEFORE_MS = 5 * 60_000;
const MAX_TOKENS = 1_000;
const NEVER = new AbortController().signal;

export function createCredentialExchange(options: ExchangeOptions): CredentialExchange {
  const { client, clock } = options;
  const tokens = new LruMap<string, IssuedToken>(MAX_TOKENS);
  const flights = createFreshFlight<IssuedToken>(clock);
  const current = async (remote: GitRemote, key: string): Promise<IssuedToken> => {
    const known = tokens.get(key);
    if (known !== undefined && known.expiresAt - RENEW_BEFORE_MS > clock.now().getTime()) return known;
    const context: TokenContext = { client, clock, signal: NEVER };
    const { value } = await flights.run(key, 0, () => issue(remote, options, context));
    tokens.set(key, value, 1);
    return value;
  };
  return {
    exchange: async (remote) => {
      if (!needsToken(remote)) return remote;
      const { credentials } = await current(remote, tokenKey(remote));
      const { githubApp: _app, gcpServiceAccountKey: _key, azure: _azure, ...rest } = remote.credentials;
      return { ...remote, credentials: { ...rest, ...credentials } };
    },
    forget: (remote) => {
      if (needsToken(remote)) tokens.delete(tokenKey(remote));
    },
  };
}

function needsToken({ credentials: { githubApp, gcpServiceAccountKey, azure } }: GitRemote): boolean {
  return githubApp !== undefined || gcpServiceAccountKey !== undefined || azure !== undefined;
}

/** Repositories share the token of one installation; without its number each owner has another one. */
function tokenKey(remote: GitRemote): string {
  const { githubApp } = remote.credentials;
  const shared = githubApp === undefined || githubApp.installationId !== undefined;
  return remoteKey({ credentials: remote.credentials, url: shared ? '' : ownerUrl(remote.url) });
}

function ownerUrl(url: string): string {
  const { origin, pathname } = URL.canParse(url) ? new URL(url) : { origin: url, pathname: '' };
  return `${origin}/${pathname.split('/')[1] ?? ''}`;
}

function issue(remote: GitRemote, options: ExchangeOptions, context: TokenContext): Promise<IssuedToken> {
  const { githubApp, gcpServiceAccountKey, azure } = remote.credentials;
  if (githubApp !== undefined) return githubAppToken(remote, githubApp, context);
  if (gcpServiceAccountKey !== undefined)
    return googleToken(remote, options.googleTokenUrl ?? GOOGLE_TOKEN_URL, context);
  return azureToken(
    { remote, identity: azure ?? { useWorkloadIdentity: false }, workload: options.azureWorkload },
    context,
  );
}
