/** The login at the provider: authorization code with PKCE, state and nonce (F25, F26, S16). */
import type { Clock, Logger } from '@tiphys/runtime';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { ApiError } from '../../errors.js';
import type { Sealer } from '../sealing.js';
import type { ProviderMetadata } from './discovery.js';
import type { LoginProvider, LoginProviders } from './login-provider.js';
import { type LoginState, openLoginState, sealLoginState } from './login-state.js';
import { asking, oauthClientOf } from './oauth-client.js';
import type { ProviderSessions } from './provider-sessions.js';

export interface RelyingParty {
  /** Where the browser goes to log in, and what it must bring back. Throws `notFound` without single sign-on. */
  begin(login: { readonly redirectUri: string; readonly returnUrl: string }): Promise<LoginStart>;
  /** Throws `invalidArgument` for an answer that does not belong to a login of this browser. */
  complete(answer: LoginAnswer): Promise<LoginEnd>;
}

export interface LoginStart {
  readonly location: string;
  /** Value of the state cookie. */
  readonly state: string;
}

export interface LoginAnswer {
  /** `?code=…&state=…` as the provider sent it. */
  readonly search: string;
  readonly state: string | undefined;
}

export interface LoginEnd {
  readonly token: string;
  readonly returnUrl: string;
}

export interface RelyingPartyDeps {
  readonly providers: Pick<LoginProviders, 'current'>;
  readonly sessions: Pick<ProviderSessions, 'remember'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createRelyingParty(deps: RelyingPartyDeps): RelyingParty {
  return {
    begin: async ({ redirectUri, returnUrl }) => {
      const provider = currentProvider(deps);
      const state: LoginState = {
        ...{ state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() },
        ...{ redirectUri, returnUrl },
      };
      const location = await authorizationUrl(provider, state);
      return { location, state: sealLoginState(state, deps.sealer, deps.clock) };
    },
    complete: async ({ search, state: cookie }) => {
      const state = openLoginState(cookie, deps.sealer, deps.clock);
      if (state === undefined) {
        const text = 'this login was not begun in this browser, or took longer than five minutes; begin at /auth/login';
        throw new ApiError('invalidArgument', text);
      }
      const token = await redeem(deps, state, search);
      return { token, returnUrl: state.returnUrl };
    },
  };
}

function currentProvider({ providers }: RelyingPartyDeps): LoginProvider {
  const provider = providers.current();
  if (provider !== undefined) return provider;
  const text = 'single sign-on is not configured: set url and oidc.config or dex.config in argocd-cm';
  throw new ApiError('notFound', text);
}

async function authorizationUrl(provider: LoginProvider, login: LoginState): Promise<string> {
  const { configuration, metadata } = await oauthClientOf(provider);
  const { settings, connectorId } = provider;
  const claims = settings.requestedIdTokenClaims;
  const challenge = usesPkce(provider, metadata) ? await calculatePKCECodeChallenge(login.codeVerifier) : undefined;
  const parameters = {
    ...{ redirect_uri: login.redirectUri, scope: settings.requestedScopes.join(' ') },
    ...{ state: login.state, nonce: login.nonce },
    ...(challenge === undefined ? {} : { code_challenge: challenge, code_challenge_method: 'S256' }),
    ...(Object.keys(claims).length === 0 ? {} : { claims: JSON.stringify({ id_token: claims }) }),
    ...(settings.domainHint === undefined ? {} : { domain_hint: settings.domainHint }),
    ...(connectorId === undefined ? {} : { connector_id: connectorId }),
  };
  const url = await asking(async () => buildAuthorizationUrl(configuration, parameters));
  return url.href;
}

/** Where the provider says it knows PKCE it is used, also without the setting. */
function usesPkce({ settings }: LoginProvider, metadata: ProviderMetadata): boolean {
  return settings.pkce || metadata.code_challenge_methods_supported?.includes('S256') === true;
}

async function redeem(deps: RelyingPartyDeps, login: LoginState, search: string): Promise<string> {
  const provider = currentProvider(deps);
  const { configuration, metadata } = await oauthClientOf(provider);
  const callback = new URL(login.redirectUri);
  callback.search = search;
  const tokens = await asking(() =>
    authorizationCodeGrant(configuration, callback, {
      ...{ expectedState: login.state, expectedNonce: login.nonce, idTokenExpected: true },
      ...(usesPkce(provider, metadata) ? { pkceCodeVerifier: login.codeVerifier } : {}),
    }),
  );
  const { id_token: idToken = '', access_token: accessToken, refresh_token: refreshToken } = tokens;
  // openid-client trusts the connection to the token endpoint; the signature is checked here like that of every request.
  const claims = await provider.verifier.verify(idToken);
  await deps.sessions.remember({ idToken, claims, accessToken, refreshToken });
  deps.log.info('login', { username: claims.sub, issuer: claims.iss, security: 1 });
  return idToken;
}
