/** Logins of machines without a browser (RFC 8628): what waits for a person, in the authenticated cache, used once. */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { AuthenticatedCache } from '@tiphys/cache';
import type { Clock } from '@tiphys/runtime';
import { ApiError } from '../../errors.js';

/** Who asks for a login, as far as it is known. */
export interface DeviceClient {
  /** What it calls itself. */
  readonly name: string;
  readonly address: string;
}

export interface StartedLogin {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** What the person sees before the decision. */
export interface WaitingLogin {
  readonly client: DeviceClient;
  /** RFC 3339. */
  readonly requestedAt: string;
}

/** Who confirmed; the token is made for this person when the machine asks. */
export interface Confirmation {
  readonly username: string;
  readonly groups: readonly string[];
  /** What the provider calls the person. */
  readonly email?: string;
  /** Undefined: a local account. Else the provider where the person logged in. */
  readonly provider?: { readonly issuer: string; readonly session: string };
  /** Unix seconds; undefined: as long as any login. */
  readonly expiresAt?: number;
  /** Unix seconds. */
  readonly confirmedAt: number;
}

export type DeviceDecision =
  | { readonly kind: 'confirmed'; readonly by: Confirmation; readonly client: DeviceClient }
  | { readonly kind: 'denied' };

export type DevicePoll = DeviceDecision | { readonly kind: 'pending' | 'tooFast' | 'expired' };

export interface DeviceLogins {
  /** Throws `unavailable` while Redis is away: nobody could confirm it. */
  start(client: DeviceClient): Promise<StartedLogin>;
  /** Undefined: there is no such code, or it was used, or its time is over. */
  find(userCode: string): Promise<WaitingLogin | undefined>;
  /** The client that waits; undefined as for `find`: of two decisions the first one counts. */
  decide(userCode: string, decision: (client: DeviceClient) => DeviceDecision): Promise<DeviceClient | undefined>;
  /** A decision is told once. */
  poll(deviceCode: string): Promise<DevicePoll>;
}

export interface DeviceLoginDeps {
  readonly cache: Pick<AuthenticatedCache, 'getJson' | 'setJson' | 'addJson' | 'takeJson' | 'delete'>;
  readonly clock: Clock;
}

export const DEVICE_LIFETIME_MS = 600_000;
const INTERVAL_S = 5;
const MAX_INTERVAL_S = 60;
/** Consonants that nobody takes for another one or for a digit (RFC 8628, 6.1): no words come of them. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LENGTH = 8;
const ATTEMPTS = 5;

const keys = {
  waiting: (userCode: string) => `device:waiting:${userCode}`,
  login: (id: string) => `device:login:${id}`,
  decision: (id: string) => `device:decision:${id}`,
  pace: (id: string) => `device:pace:${id}`,
};

/** The code as it is stored, however it was typed; undefined when it is none. */
export function normalizeUserCode(text: string): string | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '');
  return new RegExp(`^[${LETTERS}]{${CODE_LENGTH}}$`).test(letters) ? letters : undefined;
}

/** As it is shown: `ABCD-EFGH`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, CODE_LENGTH / 2)}-${code.slice(CODE_LENGTH / 2)}`;
}

interface Waiting extends WaitingLogin {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export function createDeviceLogins({ cache, clock }: DeviceLoginDeps): DeviceLogins {
  const nowMs = () => clock.now().getTime();
  const isAlive = ({ expiresAt }: { readonly expiresAt: number }) => expiresAt > nowMs();
  return {
    start: async (client) => {
      const deviceCode = randomBytes(32).toString('base64url');
      const expiresAt = nowMs() + DEVICE_LIFETIME_MS;
      const waiting: Waiting = { client, requestedAt: clock.now().toISOString(), id: idOf(deviceCode), expiresAt };
      const userCode = await addWaiting(cache, waiting);
      await cache.setJson(keys.login(waiting.id), { expiresAt }, DEVICE_LIFETIME_MS);
      const expiresInSeconds = DEVICE_LIFETIME_MS / 1000;
      return { deviceCode, userCode: showUserCode(userCode), expiresInSeconds, intervalSeconds: INTERVAL_S };
    },
    find: async (userCode) => {
      const waiting = await cache.getJson(keys.waiting(userCode), as<Waiting>);
      return waiting !== undefined && isAlive(waiting) ? waiting : undefined;
    },
    decide: async (userCode, decision) => {
      const waiting = await cache.takeJson(keys.waiting(userCode), as<Waiting>);
      if (waiting === undefined || !isAlive(waiting)) return undefined;
      const leftMs = waiting.expiresAt - nowMs();
      if (!(await cache.addJson(keys.decision(waiting.id), decision(waiting.client), leftMs))) throw unavailable();
      return waiting.client;
    },
    poll: async (deviceCode) => {
      const id = idOf(deviceCode);
      const decision = await cache.takeJson(keys.decision(id), as<DeviceDecision>);
      const login = await cache.getJson(keys.login(id), as<{ readonly expiresAt: number }>);
      if (login === undefined || !isAlive(login)) return { kind: 'expired' };
      if (decision === undefined) return { kind: await pace({ cache, key: keys.pace(id), nowMs: nowMs() }) };
      await cache.delete(keys.login(id));
      return decision;
    },
  };
}

/** The device code itself is stored nowhere. */
function idOf(deviceCode: string): string {
  return createHash('sha256').update(deviceCode).digest('base64url');
}

async function addWaiting(cache: DeviceLoginDeps['cache'], waiting: Waiting): Promise<string> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const userCode = Array.from({ length: CODE_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    if (await cache.addJson(keys.waiting(userCode), waiting, DEVICE_LIFETIME_MS)) return userCode;
  }
  throw unavailable();
}

function unavailable(): ApiError {
  return new ApiError('unavailable', 'device logins need Redis, which does not answer; try again in a moment');
}

interface Pace {
  readonly cache: DeviceLoginDeps['cache'];
  readonly key: string;
  readonly nowMs: number;
}

/** Who asks again before the interval is over waits five seconds longer each time (RFC 8628, 3.5). */
async function pace({ cache, key, nowMs }: Pace): Promise<'pending' | 'tooFast'> {
  const known = await cache.getJson(key, as<{ readonly nextAt: number; readonly intervalS: number }>);
  const isTooFast = known !== undefined && nowMs < known.nextAt;
  const intervalS = Math.min((known?.intervalS ?? INTERVAL_S) + (isTooFast ? INTERVAL_S : 0), MAX_INTERVAL_S);
  // A little less: the client's clock starts when it has our answer.
  await cache.setJson(key, { nextAt: nowMs + intervalS * 1000 - 500, intervalS }, DEVICE_LIFETIME_MS);
  return isTooFast ? 'tooFast' : 'pending';
}

/** Values of the authenticated cache are ours. */
function as<T>(value: unknown): T {
  return value as T;
}
