/** Who may confirm a device login, and the token that comes of it: the same person, never more, never much longer. */
import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { isDerivedToken } from '../../auth/federation/derived-tokens.js';
import type { Confirmation } from '../../auth/federation/device-logins.js';
import { ISSUER } from '../../auth/session-tokens.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { DeviceLoginDeps } from './deps.js';

/** The ids of sessions that a device login made begin so: they cannot confirm another one, else a session could live forever. */
const DEVICE_SESSION = 'device-';

/** Throws `permissionDenied` for whatever is no login of a person: API tokens, project roles, device logins. */
export function confirmationBy(user: Subject, token: string, now: Date): Confirmation {
  const { username, groups, email, issuer, expiresAt } = user;
  const confirmedAt = Math.floor(now.getTime() / 1000);
  if (issuer === ISSUER) {
    if (!isOwnLogin(user, token)) throw notALogin();
    return { username, groups, confirmedAt };
  }
  if (isDerivedToken(token) || expiresAt === undefined) throw notALogin();
  const session = user.tokenId ?? '';
  const person = email === undefined ? {} : { email };
  return { username, groups, confirmedAt, expiresAt, provider: { issuer, session }, ...person };
}

/** The token was verified before. */
function isOwnLogin({ tokenId = '' }: Subject, token: string): boolean {
  const [, capability = 'apiKey', more] = (decodeJwt(token).sub ?? '').split(':');
  return capability === 'login' && more === undefined && !tokenId.startsWith(DEVICE_SESSION);
}

function notALogin(): ApiError {
  const text = 'only somebody who has logged in can confirm: API tokens, project tokens and device logins cannot';
  return new ApiError('permissionDenied', text);
}

export interface IssuedSession {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Undefined: the person may not log in any more. */
export async function sessionFor(deps: DeviceLoginDeps, by: Confirmation): Promise<IssuedSession | undefined> {
  const { accounts, sessionDurationMs } = deps.settings.accounts();
  const fullSeconds = Math.floor(sessionDurationMs / 1000);
  const now = Math.floor(deps.clock.now().getTime() / 1000);
  if (by.provider !== undefined) {
    const expiresAt = Math.min(by.expiresAt ?? now, now + fullSeconds);
    if (expiresAt <= now) return undefined;
    const { username, groups, email, provider: origin } = by;
    const person = email === undefined ? {} : { email };
    const token = await deps.derived.issue({ username, groups, origin, expiresAt, ...person });
    return { token, expiresInSeconds: expiresAt - now };
  }
  const account = accounts.get(by.username);
  const changedAt = Date.parse(account?.passwordModifiedAt ?? '') / 1000;
  if (account?.enabled !== true || !account.capabilities.includes('login') || by.confirmedAt < Math.floor(changedAt)) {
    return undefined;
  }
  const id = `${DEVICE_SESSION}${randomUUID()}`;
  const subject = `${account.name}:login`;
  const { token } = await deps.tokens.issueToken({ subject, id, expiresInSeconds: fullSeconds });
  return { token, expiresInSeconds: fullSeconds };
}
