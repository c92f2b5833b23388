/** The signing keys of a provider: read when a token names a key that is not known, and every quarter of an hour. */
import type { Clock } from '@tiphys/runtime';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../errors.js';
import type { Discovery } from './discovery.js';
import type { ProviderHttp } from './provider-http.js';

export interface KeySetOptions {
  readonly discovery: Discovery;
  readonly http: ProviderHttp;
  readonly clock: Clock;
}

const FRESH_MS = 900_000;
/** While the provider is away its last keys count, but not for ever: it may have withdrawn one. */
const USABLE_MS = 86_400_000;
/** Made-up key ids must not make us ask all the time. */
const COOLDOWN_MS = 5_000;

/** For jose's `jwtVerify`. Throws `unavailable` when there are no keys, and jose's error when there is no such key. */
export function createKeySet({ discovery, http, clock }: KeySetOptions): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let running: Promise<void> | undefined;
  const now = () => clock.now().getTime();
  const load = async (): Promise<void> => {
    triedAt = now();
    try {
      const { jwks_uri: uri } = await discovery.metadata();
      keys = keySetOf(uri, await http.getJson(uri));
      loadedAt = now();
      failure = undefined;
    } catch (error) {
      failure = error;
    } finally {
      running = undefined;
    }
  };
  const loadOnce = async (): Promise<void> => {
    if (running === undefined && now() - triedAt < COOLDOWN_MS) return;
    running ??= load();
    await running;
  };
  const current = (): JWTVerifyGetKey => {
    if (keys !== undefined && now() - loadedAt < USABLE_MS) return keys;
    throw failure;
  };
  return async (header, token) => {
    if (now() - loadedAt >= FRESH_MS) await loadOnce();
    try {
      return await current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await loadOnce();
      return current()(header, token);
    }
  };
}

function keySetOf(uri: string, body: unknown): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(body as JSONWebKeySet);
  } catch {
    throw new ApiError('unavailable', `${uri} is not a set of keys`);
  }
}
