/** The built repo-server alone, without TLS, at a port of its own: for what only concerns sources and renders. */
import { dirname } from 'node:path';
import { freePort } from './process.js';
import type { RedisInfo } from './redis.js';
import { type ServiceProcess, startService } from './service-process.js';
import { toolPath } from './tools.js';

export interface RepoServerOptions {
  readonly redis: Pick<RedisInfo, 'host' | 'port' | 'password'>;
  /** For its data and its log. Two of them never share cached manifests, also in one Redis. */
  readonly directory: string;
  /** Folder with the tools; default the ones of bootstrap. */
  readonly tools?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RepoServer {
  readonly service: ServiceProcess;
  /** `host:port` of its gRPC API. */
  readonly address: string;
}

/** Resolves when it is ready. Throws with what to do when it has not been built. */
export async function startRepoServer({ redis, directory, tools, env = {} }: RepoServerOptions): Promise<RepoServer> {
  const [listen, ops] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const service = await startService({
    name: 'repo-server',
    directory,
    opsUrl: `http://${ops}`,
    env: {
      TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
      TIPHYS_REDIS_PASSWORD: redis.password,
      // Values under another key count as forged: nothing of other runs is found.
      TIPHYS_CACHE_KEY: directory.padEnd(40, '.'),
      TIPHYS_INSECURE_PLAINTEXT: 'true',
      TIPHYS_DATA_DIR: `${directory}/data`,
      TIPHYS_LISTEN: listen,
      TIPHYS_METRICS_LISTEN: ops,
      TIPHYS_TOOLS: tools ?? dirname(toolPath('helm')),
      ...env,
    },
  });
  await service.ready();
  return { service, address: listen };
}
