/** A crash of Redis: killed, and back empty at the same address. */
import { join } from 'node:path';
import {
  eventually,
  type ManagedProcess,
  type RedisServer,
  redisCommand,
  removeDirectory,
  startProcess,
  temporaryDirectory,
} from '@tiphys/testing';

/** Resolves when the new server answers; ending it is the caller's. */
export async function restartRedis(redis: RedisServer): Promise<Pick<ManagedProcess, 'kill'>> {
  await redis.stop();
  const directory = temporaryDirectory('redis');
  const settings = {
    bind: redis.host,
    port: String(redis.port),
    requirepass: redis.password,
    save: '',
    dir: directory,
  };
  const program = await startProcess({
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    logFile: join(directory, 'redis.log'),
  });
  await eventually(() => redisCommand(redis, ['PING']), {
    description: 'redis-server answers again',
    timeoutMs: 30_000,
  });
  return {
    kill: async () => {
      await program.kill();
      removeDirectory(directory);
    },
  };
}
