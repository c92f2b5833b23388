/** Tokens of the provider that we keep for our users: in Redis, sealed, no longer than the session that they belong to. */
import { createHash } from 'node:crypto';
import type { AuthenticatedCache } from '@tiphys/cache';
import type { Sealer } from '../sealing.js';
import type { ProviderClaims } from './provider-verifier.js';

/** Of one session, found by its ID token. */
export interface StoredLogin {
  readonly refreshToken: string;
  /** The ID token that came in place of this one. */
  readonly renewed?: string;
  /** Unix milliseconds; not to be renewed before. */
  readonly notBefore?: number;
}

export interface TokenStore {
  login(idToken: string): Promise<StoredLogin | undefined>;
  putLogin(idToken: string, login: StoredLogin, ttlMs: number): Promise<void>;
  /** The user's latest: as in Argo CD, a token on the command line uses that of the last login in a browser. */
  accessToken(user: ProviderClaims): Promise<string | undefined>;
  /** Also forgets the groups: after a login they are asked for anew. */
  putAccessToken(user: ProviderClaims, accessToken: string, ttlMs: number): Promise<void>;
  groups(user: ProviderClaims): Promise<readonly string[] | undefined>;
  putGroups(user: ProviderClaims, groups: readonly string[], ttlMs: number): Promise<void>;
  /** After a logout. */
  forget(idToken: string, user: ProviderClaims): Promise<void>;
}

export interface TokenStoreDeps {
  readonly cache: Pick<AuthenticatedCache, 'get' | 'set' | 'delete'>;
  readonly sealer: Sealer;
}

export function createTokenStore({ cache, sealer }: TokenStoreDeps): TokenStore {
  const read = async <T>(key: string): Promise<T | undefined> => {
    const value = await cache.get(key);
    const text = value === undefined ? undefined : sealer.open(Buffer.from(value).toString());
    if (text === undefined) return undefined;
    const { entry, content } = JSON.parse(text) as { readonly entry: string; readonly content: T };
    return entry === key ? content : undefined;
  };
  const write = (key: string, content: unknown, ttlMs: number) =>
    cache.set(key, Buffer.from(sealer.seal(JSON.stringify({ entry: key, content }))), ttlMs);
  return {
    login: (idToken) => read<StoredLogin>(loginKey(idToken)),
    putLogin: (idToken, login, ttlMs) => write(loginKey(idToken), login, ttlMs),
    accessToken: (user) => read<string>(userKey('access', user)),
    putAccessToken: async (user, accessToken, ttlMs) => {
      await cache.delete(userKey('groups', user));
      await write(userKey('access', user), accessToken, ttlMs);
    },
    groups: (user) => read<readonly string[]>(userKey('groups', user)),
    putGroups: (user, groups, ttlMs) => write(userKey('groups', user), groups, ttlMs),
    forget: async (idToken, user) => {
      await Promise.all([loginKey(idToken), userKey('access', user), userKey('groups', user)].map(cache.delete));
    },
  };
}

function loginKey(idToken: string): string {
  return `oidc:login:${createHash('sha256').update(idToken).digest('hex')}`;
}

function userKey(kind: 'access' | 'groups', { iss, sub }: ProviderClaims): string {
  return `oidc:${kind}:${createHash('sha256')
    .update(JSON.stringify([iss, sub]))
    .digest('hex')}`;
}
