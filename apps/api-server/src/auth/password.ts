/** Passwords of local accounts (F19-F22): throttled, and equally slow and equally worded whether the account exists or not. */
import { verify } from '@node-rs/bcrypt';
import { createSemaphore, type Logger, type Semaphore } from '@tiphys/runtime';
import type { Account, AccountSettings } from '@tiphys/settings';
import { ApiError } from '../errors.js';
import type { LoginThrottle } from './login-throttle.js';

export interface PasswordDeps {
  readonly accounts: () => AccountSettings;
  readonly throttle: LoginThrottle;
  /** F22; 0: no limit. */
  readonly maxConcurrent: number;
  readonly onAttempt: (outcome: 'success' | 'failure') => void;
  readonly log: Logger;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** For the log. */
  readonly sourceIp?: string;
}

/** The account behind the credentials. Throws `unauthenticated`, or `resourceExhausted` while the name must wait. */
export type PasswordVerifier = (credentials: Credentials, signal: AbortSignal) => Promise<Account>;

/** Like a {@link PasswordVerifier}, but a wrong password is an answer. */
export type PasswordCheck = (credentials: Credentials, signal: AbortSignal) => Promise<boolean>;

export function createPasswordCheck(verify: PasswordVerifier): PasswordCheck {
  return async (credentials, signal) => {
    try {
      await verify(credentials, signal);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'unauthenticated') return false;
      throw error;
    }
  };
}

const MAX_USERNAME_BYTES = 32;
/** Checked in place of the hash of an account that does not exist, so that both take the same time. */
const NOBODY = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8.gTbpnKa7aJwW9nVYqGfVfYKkzH0e';
const REFUSED = 'Invalid username or password';

export function createPasswordVerifier(deps: PasswordDeps): PasswordVerifier {
  const maxConcurrent = deps.maxConcurrent === 0 ? Number.MAX_SAFE_INTEGER : deps.maxConcurrent;
  const places = createSemaphore(maxConcurrent);
  // One attempt per name at a time: parallel guesses cannot slip past the counter.
  const turns = new Map<string, Semaphore>();
  return async (credentials, signal) => {
    const { username, password } = credentials;
    if (username === '' || password === '') throw new ApiError('unauthenticated', 'no credentials supplied');
    if (Buffer.byteLength(username) > MAX_USERNAME_BYTES) {
      throw new ApiError('invalidArgument', `Username is too long (${MAX_USERNAME_BYTES} bytes max)`);
    }
    if (places.waiting > maxConcurrent) throw new ApiError('resourceExhausted', 'too many logins at once; try again');
    const turn = turns.get(username) ?? createSemaphore(1);
    turns.set(username, turn);
    try {
      return await turn.run(() => places.run(() => attempt(deps, credentials), signal), signal);
    } finally {
      if (turn.active === 0 && turn.waiting === 0) turns.delete(username);
    }
  };
}

async function attempt(deps: PasswordDeps, { username, password, sourceIp }: Credentials): Promise<Account> {
  const account = deps.accounts().accounts.get(username);
  const isAccount = account !== undefined;
  const blockedMs = await deps.throttle.blockedFor(username, isAccount);
  if (blockedMs > 0) {
    const seconds = Math.ceil(blockedMs / 1000);
    deps.log.warn('login refused: too many failures', { username, sourceIp, security: 3 });
    deps.onAttempt('failure');
    const text = `too many failed logins; try again in ${seconds} s`;
    throw new ApiError('resourceExhausted', text, { 'retry-after': String(seconds) });
  }
  const hash = account?.passwordHash;
  const matches = await verify(password, hash ?? NOBODY).catch(() => false);
  if (account === undefined || hash === undefined || !matches || !mayLogIn(account)) {
    await deps.throttle.failed(username, isAccount);
    deps.log.warn('login failed', { username, sourceIp, security: 3 });
    deps.onAttempt('failure');
    throw new ApiError('unauthenticated', REFUSED);
  }
  await deps.throttle.succeeded(username);
  deps.log.info('login', { username, sourceIp, security: 1 });
  deps.onAttempt('success');
  return account;
}

function mayLogIn(account: Account): boolean {
  return account.enabled && account.capabilities.includes('login');
}
