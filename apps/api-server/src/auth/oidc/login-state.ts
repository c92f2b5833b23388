/** What a login under way must remember, in the user's own browser: sealed, short-lived and used once (S16). */
import type { Clock } from '@tiphys/runtime';
import type { Sealer } from '../sealing.js';

/** Argo CD's name of the cookie. */
export const STATE_COOKIE = 'argocd.oauthstate';
export const STATE_SECONDS = 300;

export interface LoginState {
  /** All three from the system's random source. */
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** The callback that the provider was told. */
  readonly redirectUri: string;
  /** Where the user goes then; checked when the login began. */
  readonly returnUrl: string;
}

export function sealLoginState(state: LoginState, sealer: Sealer, clock: Clock): string {
  return sealer.seal(JSON.stringify({ ...state, until: clock.now().getTime() + STATE_SECONDS * 1000 }));
}

/** Undefined when it is not ours or too old. */
export function openLoginState(cookie: string | undefined, sealer: Sealer, clock: Clock): LoginState | undefined {
  const text = cookie === undefined ? undefined : sealer.open(cookie);
  if (text === undefined) return undefined;
  const { until, ...state } = JSON.parse(text) as LoginState & { readonly until: number };
  return clock.now().getTime() < until ? state : undefined;
}
