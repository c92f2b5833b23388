/** Names in Redis. BullMQ forbids `:` in the ids that callers choose, and keys contain `/`. */

/** Prefix of everything that queues keep in Redis. */
export const KEY_PREFIX = 'tiphys:queue';

/** Deduplication id of the jobs of a key: one active and at most one waiting. */
export function keyId(key: string): string {
  return encodeURIComponent(key);
}

/** Deduplication id of the timer of a key: one pending, a later one replaces it. `@` never comes out of `keyId`. */
export function timerId(key: string): string {
  return `${keyId(key)}@timer`;
}

/** Redis keys of a queue besides BullMQ's own. */
export function queueKeys(name: string): {
  readonly requests: string;
  readonly priorities: string;
  readonly meta: string;
  readonly alive: string;
} {
  const base = `${KEY_PREFIX}:${name}`;
  return {
    requests: `${base}:tiphys-requests`,
    priorities: `${base}:tiphys-priorities`,
    meta: `${base}:meta`,
    alive: `${base}:tiphys-alive`,
  };
}
