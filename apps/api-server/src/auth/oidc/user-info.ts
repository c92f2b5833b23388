/** Groups from the provider's user info endpoint, for providers that put none into the ID token (F27). */
import { singleFlight } from '@tiphys/runtime';
import type { UserInfoSettings } from '@tiphys/settings';
import type { Response } from 'undici';
import { ApiError } from '../../errors.js';
import type { LoginProvider } from './login-provider.js';
import type { ProviderSessionDeps } from './provider-sessions.js';
import type { ProviderClaims } from './provider-verifier.js';
import { groupsOfClaims } from './subject.js';

/** Throws `unauthenticated` when the provider does not know the session any more, `unavailable` when it does not answer. */
export type UserInfoGroups = (claims: ProviderClaims, settings: UserInfoSettings) => Promise<readonly string[]>;

type Deps = Pick<ProviderSessionDeps, 'providers' | 'store' | 'clock'>;

export function createUserInfoGroups(deps: Deps): UserInfoGroups {
  const flights = singleFlight();
  return async (claims, settings) => {
    const known = await deps.store.groups(claims);
    if (known !== undefined) return known;
    return flights.run(`${claims.iss} ${claims.sub}`, () => askAndKeep(deps, claims, settings));
  };
}

async function askAndKeep(deps: Deps, claims: ProviderClaims, settings: UserInfoSettings): Promise<readonly string[]> {
  const accessToken = await deps.store.accessToken(claims);
  const provider = deps.providers.current();
  if (accessToken === undefined || provider === undefined) {
    const text = 'invalid session: your groups cannot be asked for with it; log in again in the browser';
    throw new ApiError('unauthenticated', text);
  }
  const info = await ask(provider, settings.url, accessToken);
  if (info['sub'] !== claims.sub) {
    throw new ApiError(
      'unauthenticated',
      'invalid session: the login provider answered for another user; log in again',
    );
  }
  const groups = groupsOfClaims(info, ['groups']);
  const untilExpiry = claims.exp * 1000 - deps.clock.now().getTime();
  await deps.store.putGroups(claims, groups, Math.min(settings.cacheMs ?? untilExpiry, untilExpiry));
  return groups;
}

async function ask(
  provider: LoginProvider,
  url: string,
  accessToken: string,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await provider.http.fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
  const body = await answer.text();
  if (answer.status === 401) {
    throw new ApiError('unauthenticated', 'invalid session: the login provider has ended it; log in again');
  }
  if (answer.status !== 200) {
    throw new ApiError('unavailable', `the login provider's user info endpoint answered ${answer.status}; try again`);
  }
  if (isJwt(answer)) return provider.verifier.verify(body);
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch {
    throw new ApiError('unavailable', "the login provider's user info endpoint did not answer JSON");
  }
}

function isJwt(answer: Response): boolean {
  return (answer.headers.get('content-type') ?? '').startsWith('application/jwt');
}
