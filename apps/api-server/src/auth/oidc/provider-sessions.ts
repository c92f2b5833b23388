/** Sessions with a provider's ID token: verified at every request, ended at logout, renewed before they end (F21, F25-F27). */
import { createHash } from 'node:crypto';
import { type Clock, type Logger, singleFlight } from '@tiphys/runtime';
import { refreshTokenGrant } from 'openid-client';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { RevokedTokens } from '../revoked-tokens.js';
import type { LoginProvider, LoginProviders } from './login-provider.js';
import { asking, oauthClientOf } from './oauth-client.js';
import { issuerOf, type ProviderClaims } from './provider-verifier.js';
import { subjectOfClaims } from './subject.js';
import type { StoredLogin, TokenStore } from './token-store.js';
import { createUserInfoGroups } from './user-info.js';

export interface ProviderSessions {
  /** Throws `unauthenticated`, or `unavailable` while that cannot be known. */
  verify(token: string): Promise<Subject>;
  /** The token to use from now on, when this one ends soon and the provider gives another; never throws. */
  renew(token: string): Promise<string | undefined>;
  /** Ends the session; tokens that are not valid are ignored. */
  revoke(token: string): Promise<void>;
  /** After a login: what is needed to renew the token and to ask for the user's groups. */
  remember(login: Login): Promise<void>;
}

export interface Login {
  readonly idToken: string;
  readonly claims: ProviderClaims;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
}

export interface ProviderSessionDeps {
  readonly providers: Pick<LoginProviders, 'current'>;
  readonly revoked: RevokedTokens;
  readonly store: TokenStore;
  /** Claims that hold groups: `scopes` of argocd-rbac-cm (F11). */
  readonly scopes: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A provider that refused is not asked again by every request. */
const RENEW_AGAIN_MS = 15_000;

export function createProviderSessions(deps: ProviderSessionDeps): ProviderSessions {
  const { store, revoked } = deps;
  const groupsOf = createUserInfoGroups(deps);
  const renewals = singleFlight();
  const verifyClaims = async (token: string): Promise<ProviderClaims> => {
    const claims = await requireProvider(deps).verifier.verify(token);
    if (!(await revoked.has(revocationId(token, claims)))) return claims;
    throw new ApiError('unauthenticated', 'the session was ended; log in again');
  };
  return {
    verify: async (token) => {
      const claims = await verifyClaims(token);
      const { userInfo } = requireProvider(deps).settings;
      const groups = userInfo === undefined ? {} : { groups: await groupsOf(claims, userInfo) };
      const subject = subjectOfClaims({ ...claims, ...groups }, deps.scopes());
      // Whoever asks whether this session was ended asks by this id.
      return { ...subject, tokenId: revocationId(token, claims) };
    },
    renew: (token) => renewals.run(token, () => renew(deps, token)),
    revoke: async (token) => {
      const claims = await verifyClaims(token).catch(() => undefined);
      if (claims === undefined) return;
      const successor = (await store.login(token))?.renewed;
      await revoked.add(revocationId(token, claims), lifetimeMs(deps, claims));
      await store.forget(token, claims);
      if (successor === undefined) return;
      const next = await verifyClaims(successor).catch(() => undefined);
      if (next !== undefined) await revoked.add(revocationId(successor, next), lifetimeMs(deps, next));
    },
    remember: (login) => remember(deps, login),
  };
}

function requireProvider({ providers }: ProviderSessionDeps): LoginProvider {
  const provider = providers.current();
  if (provider !== undefined) return provider;
  throw new ApiError('unauthenticated', 'invalid session: the token is of a login provider, but none is configured');
}

/** `jti`, for Dex `at_hash` (as Argo CD does), else the token itself; never mixed up with the ids of our own tokens. */
function revocationId(token: string, { jti, at_hash: accessTokenHash }: ProviderClaims): string {
  if (typeof jti === 'string' && jti !== '') return `provider:${jti}`;
  if (typeof accessTokenHash === 'string' && accessTokenHash !== '') return `provider:${accessTokenHash}`;
  return `provider:${createHash('sha256').update(token).digest('hex')}`;
}

function lifetimeMs({ clock }: ProviderSessionDeps, { exp }: ProviderClaims): number {
  return Math.max(exp * 1000 - clock.now().getTime(), 1_000);
}

async function remember(deps: ProviderSessionDeps, login: Login): Promise<void> {
  const { idToken, claims, accessToken, refreshToken } = login;
  const { settings } = requireProvider(deps);
  const ttlMs = lifetimeMs(deps, claims);
  if (refreshToken !== undefined && settings.refreshThresholdMs > 0) {
    await deps.store.putLogin(idToken, { refreshToken }, ttlMs);
  }
  if (accessToken !== undefined && settings.userInfo !== undefined) {
    await deps.store.putAccessToken(claims, accessToken, ttlMs);
  }
}

async function renew(deps: ProviderSessionDeps, token: string): Promise<string | undefined> {
  const provider = deps.providers.current();
  if (provider === undefined || issuerOf(token) !== provider.settings.issuer) return undefined;
  const { refreshThresholdMs: thresholdMs } = provider.settings;
  if (thresholdMs === 0) return undefined;
  try {
    const claims = await provider.verifier.verify(token);
    if (lifetimeMs(deps, claims) >= thresholdMs) return undefined;
    const stored = await deps.store.login(token);
    if (stored === undefined || stored.renewed !== undefined) return stored?.renewed;
    if ((stored.notBefore ?? 0) > deps.clock.now().getTime()) return undefined;
    return await exchange(deps, provider, { token, claims, stored });
  } catch (error) {
    deps.log.warn('a session could not be renewed', { error });
    return undefined;
  }
}

interface Renewal {
  readonly token: string;
  readonly claims: ProviderClaims;
  readonly stored: StoredLogin;
}

async function exchange(
  deps: ProviderSessionDeps,
  provider: LoginProvider,
  { token, claims, stored }: Renewal,
): Promise<string | undefined> {
  const ttlMs = lifetimeMs(deps, claims);
  // Written before the request: also a refusal or a crash must not be repeated at once.
  await deps.store.putLogin(token, { ...stored, notBefore: deps.clock.now().getTime() + RENEW_AGAIN_MS }, ttlMs);
  const { configuration } = await oauthClientOf(provider);
  const tokens = await asking(() => refreshTokenGrant(configuration, stored.refreshToken));
  const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken = stored.refreshToken } = tokens;
  if (idToken === undefined) return undefined;
  const next = await provider.verifier.verify(idToken);
  if (next.sub !== claims.sub) throw new Error('the provider renewed the token of one user with that of another');
  await remember(deps, { idToken, claims: next, accessToken, refreshToken });
  // Requests that were sent with the old token meanwhile get the same new one.
  await deps.store.putLogin(token, { refreshToken, renewed: idToken }, ttlMs);
  return idToken;
}
