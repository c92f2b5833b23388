/** A repo-server in this process, without TLS, for tests of what it renders. */
import { join } from 'node:path';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { type Lifecycle, parseConfig, silentLogger } from '@tiphys/runtime';
import { startApp } from '../app.js';
import { ConfigSchema } from '../config.js';

export interface RunningRepoServer {
  readonly client: RepoServerClient;
  /** Of its gRPC server, host:port. */
  readonly address: string;
  /** The text of its `/metrics`. */
  metrics(): Promise<string>;
  /** Sum of the lines that begin so. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

export interface RunningOptions {
  readonly redis: { readonly host: string; readonly port: number; readonly password: string };
  /** Its data folder is made in it. */
  readonly directory: string;
  /** Of the tools. */
  readonly tools: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startRunning({ redis, directory, tools, settings }: RunningOptions): Promise<RunningRepoServer> {
  const config = parseConfig(ConfigSchema, {
    name: 'repo-server',
    argv: [],
    env: {
      TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
      TIPHYS_REDIS_PASSWORD: redis.password,
      TIPHYS_CACHE_KEY: directory.padEnd(40, '.'),
      TIPHYS_INSECURE_PLAINTEXT: 'true',
      TIPHYS_DATA_DIR: join(directory, 'data'),
      TIPHYS_LISTEN: '127.0.0.1:0',
      TIPHYS_METRICS_LISTEN: '127.0.0.1:0',
      TIPHYS_TOOLS: tools,
      ...settings,
    },
  });
  if (config.kind !== 'config') throw new Error(JSON.stringify(config));
  const stops: (() => Promise<void> | void)[] = [];
  const life: Lifecycle = { signal: new AbortController().signal, onStop: (_name, stop) => void stops.unshift(stop) };
  const app = await startApp({ config: config.value, log: silentLogger }, life);
  const address = `127.0.0.1:${app.port}`;
  const client = createRepoServerClient({ address, tls: undefined });
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${app.opsPort}/metrics`)).text();
  return {
    ...{ client, address, metrics },
    metric: async (name) => {
      const lines = (await metrics()).split('\n').filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    stop: async () => {
      client.close();
      for (const stop of stops) await stop();
    },
  };
}
