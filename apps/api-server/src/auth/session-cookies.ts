/**
 * The session token in cookies (F21), cut as Argo CD cuts it: `argocd.token` alone, or `argocd.token=3:…`,
 * `argocd.token-1`, `argocd.token-2` (util/http: MakeCookieMetadata, JoinCookies).
 */

export const SESSION_COOKIE = 'argocd.token';
/** Browsers take 4096 bytes with name and attributes. */
const CHUNK_LENGTH = 3_900;
/** Argo CD's `ARGOCD_MAX_COOKIE_NUMBER`. */
const MAX_COOKIES = 20;
/** What fits into the cookies; longer tokens are not looked at. */
export const MAX_TOKEN_LENGTH = CHUNK_LENGTH * MAX_COOKIES;

export interface SessionCookie {
  readonly name: string;
  readonly value: string;
}

/** Undefined when the token is too long for cookies: its provider puts too much into it. */
export function splitToken(token: string): readonly SessionCookie[] | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const count = Math.max(1, Math.ceil(token.length / CHUNK_LENGTH));
  return Array.from({ length: count }, (_, index) => {
    const value = token.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH);
    if (index > 0) return { name: `${SESSION_COOKIE}-${index}`, value };
    return { name: SESSION_COOKIE, value: count === 1 ? value : `${count}:${value}` };
  });
}

type Cookies = Readonly<Record<string, string | undefined>>;

/** The token of a request; undefined when there is none. A missing or surplus part makes a token that is not valid. */
export function joinToken(cookies: Cookies): string | undefined {
  const first = cookies[SESSION_COOKIE];
  if (first === undefined || first === '') return undefined;
  const [, count, value] = /^(\d{1,2}):(.*)$/s.exec(first) ?? [];
  if (count === undefined || value === undefined) return first;
  const parts = Array.from({ length: Math.min(Number(count), MAX_COOKIES) }, (_, index) =>
    index === 0 ? value : (cookies[`${SESSION_COOKIE}-${index}`] ?? ''),
  );
  return parts.join('');
}

/** Names of all cookies of a request that hold a part of a token. */
export function tokenCookieNames(cookies: Cookies): readonly string[] {
  return Object.keys(cookies).filter((name) => name === SESSION_COOKIE || /^argocd\.token-\d+$/.test(name));
}
