/** Notices that Redis lost its data, its connection or an entry, and has everything enqueued again (R1, R2). */
import { backoff, type Logger } from '@tiphys/runtime';
import type { Redis } from 'ioredis';
import type { ReseedReason } from './ports.js';

export interface RedisWatchOptions {
  readonly redis: Redis;
  /** A key of this watch alone: when it has vanished, so has the rest. */
  readonly sentinelKey: string;
  readonly intervalMs: number;
  readonly log: Logger;
  readonly reseed: (reason: ReseedReason) => Promise<void>;
}

export interface RedisWatch {
  start(): void;
  /** An entry was not taken: everything is enqueued again at the next look that succeeds. */
  refused(): void;
  /** Looks now instead of at the next interval. */
  check(): void;
  stop(): void;
}

const SENTINEL_SECONDS = 3_600;
const RETRY = backoff({ baseMs: 1_000, capMs: 30_000 });

export function createRedisWatch(options: RedisWatchOptions): RedisWatch {
  const { redis, sentinelKey, log } = options;
  let due: ReseedReason | undefined = 'start';
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let checking = false;
  let stopped = true;

  const look = async (): Promise<void> => {
    if ((await touch(redis, sentinelKey)) === 'vanished' && due !== 'start') due = 'lost';
    if (due === undefined) return;
    const reason = due;
    // Cleared before the work: a loss during the work is a new reason.
    due = undefined;
    try {
      log.info('enqueueing every key', { reason });
      await options.reseed(reason);
      failures = 0;
    } catch (error) {
      due = due ?? reason;
      failures += 1;
      log.warn('enqueueing every key failed; it is tried again', { reason, error });
    }
  };
  const schedule = (afterMs: number): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(check, afterMs).unref();
  };
  const check = (): void => {
    if (checking || stopped) return;
    checking = true;
    look()
      .catch((error: unknown) => log.debug('looking whether Redis has its data', { error }))
      .finally(() => {
        checking = false;
        schedule(failures > 0 ? RETRY(failures) : options.intervalMs);
      });
  };
  const onReady = (): void => {
    due = due ?? 'reconnected';
    check();
  };
  return {
    start: () => {
      stopped = false;
      if (redis.status === 'ready') check();
      redis.on('ready', onReady);
    },
    refused: () => {
      due = due ?? 'refused';
    },
    check,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      redis.off('ready', onReady);
    },
  };
}

/** The sentinel is set before the work that its absence asks for, so that a loss during the work is seen too. */
async function touch(redis: Redis, key: string): Promise<'there' | 'vanished'> {
  if ((await redis.set(key, '1', 'EX', SENTINEL_SECONDS, 'XX')) === 'OK') return 'there';
  await redis.set(key, '1', 'EX', SENTINEL_SECONDS);
  return 'vanished';
}
