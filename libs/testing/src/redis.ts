/** A real redis-server with a password, for tests. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort, type ManagedProcess, removeDirectory, startProcess, temporaryDirectory } from './process.js';

/** What can be chosen about a Redis server. */
export interface RedisOptions {
  /** Default `tiphys-test`. */
  readonly password?: string;
}

/** Connection facts: plain data that can be sent to another process. */
export interface RedisInfo {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** `redis://:password@host:port`. */
  readonly url: string;
  readonly pid: number;
}

/** A running Redis server. */
export interface RedisServer extends RedisInfo {
  /** Empties every database. */
  flushAll(): Promise<void>;
  /** Kills the server. */
  stop(): Promise<void>;
}

/** Starts redis-server on a free port of the loopback interface; nothing is persisted. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const { password = 'tiphys-test' } = options;
  const directory = temporaryDirectory('redis');
  const port = await freePort();
  const program = await startProcess({
    command: 'redis-server',
    args: [
      '--bind',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--requirepass',
      password,
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      directory,
    ],
    logFile: join(directory, 'redis.log'),
  });
  const info: RedisInfo = {
    ...{ host: '127.0.0.1', port, password, pid: program.pid },
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
  };
  try {
    await eventually(() => ping(info, program), { description: 'redis-server', timeoutMs: 30_000, intervalMs: 10 });
  } catch (error) {
    throw new Error(`redis-server did not start\n${program.logTail()}`, { cause: error });
  }
  return {
    ...info,
    flushAll: async () => {
      await redisCommand(info, ['FLUSHALL']);
    },
    stop: async () => {
      await program.kill();
      removeDirectory(directory);
    },
  };
}

/** Sends one command on a connection of its own and returns the raw answer (RESP), without its type and line end. */
export async function redisCommand(info: RedisInfo, command: readonly string[]): Promise<string> {
  const socket = connect(info.port, info.host);
  try {
    await once(socket, 'connect');
    await exchange(socket, ['AUTH', info.password]);
    return await exchange(socket, command);
  } finally {
    socket.destroy();
  }
}

async function ping(info: RedisInfo, program: ManagedProcess): Promise<void> {
  if (!program.isRunning()) {
    throw new Error('it has ended');
  }
  await redisCommand(info, ['PING']);
}

/** Texts say how long they are; of anything else the first part is taken for all. */
function isWhole(data: Buffer): boolean {
  const end = data.indexOf('\r\n');
  if (end < 0) return false;
  if (data[0] !== '$'.charCodeAt(0)) return true;
  const length = Number(data.subarray(1, end).toString());
  return length < 0 || data.length >= end + length + 4;
}

async function exchange(socket: Socket, command: readonly string[]): Promise<string> {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  socket.write(`*${command.length}\r\n${parts.join('')}`);
  let data = Buffer.alloc(0);
  while (!isWhole(data)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    data = Buffer.concat([data, chunk]);
  }
  const answer = data.toString().trimEnd();
  if (answer.startsWith('-')) {
    throw new Error(`redis: ${answer.slice(1)}`);
  }
  return answer.slice(1);
}
