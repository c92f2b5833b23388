/** Whether a Redis lets in anybody (S6): asked by connecting without a password. */
import type { HostPort } from '@tiphys/runtime';
import { Redis } from 'ioredis';

export type RedisProtection = 'protected' | 'open' | 'unreachable';

/** One short connection; never throws. */
export async function probeProtection(address: HostPort): Promise<RedisProtection> {
  const redis = new Redis({
    host: address.host,
    port: address.port,
    protocol: 2,
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  redis.on('error', () => undefined); // the answer below is the report
  try {
    await redis.connect();
    await redis.ping();
    return 'open';
  } catch (error) {
    return isRefusal(error) ? 'protected' : 'unreachable';
  } finally {
    redis.disconnect();
  }
}

/** NOAUTH, or protected mode's DENIED. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^(NOAUTH|WRONGPASS|NOPERM|DENIED|-DENIED)/.test(error.message);
}
