/** A real Dex (tools/dex) with the given configuration, in memory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { eventually } from './eventually.js';
import { removeDirectory, startProcess, temporaryDirectory } from './process.js';
import { toolPath } from './tools.js';

export interface DexServer {
  /** `http://127.0.0.1:port`: Dex itself, whatever its issuer is. */
  readonly url: string;
  /** Kills it and starts it anew: it forgets its keys, as it does in a cluster without storage. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** `configuration` is in Dex's own format; `web.http` is replaced by the given port of the loopback interface. */
export async function startDex(configuration: Readonly<Record<string, unknown>>, port: number): Promise<DexServer> {
  const directory = temporaryDirectory('dex');
  const file = join(directory, 'config.json');
  const address = `127.0.0.1:${port}`;
  writeFileSync(file, JSON.stringify({ ...configuration, web: { http: address } }));
  const issuer = new URL(String(configuration['issuer']));
  const health = `http://${address}${issuer.pathname.replace(/\/$/, '')}/healthz`;
  const start = async () => {
    const command = toolPath('tiphys-dex');
    const args = [file, toolPath('dex-web')];
    const server = await startProcess({ command, args, logFile: join(directory, 'log') });
    const ask = async () => {
      if (!server.isRunning()) throw new Error(`Dex has ended: ${server.logTail()}`);
      const { statusCode, body } = await request(health);
      await body.dump();
      if (statusCode !== 200) throw new Error(`Dex answered ${statusCode}`);
    };
    await eventually(ask, { description: 'Dex', timeoutMs: 30_000, intervalMs: 20 });
    return server;
  };
  let server = await start();
  return {
    url: `http://${address}`,
    restart: async () => {
      await server.kill();
      server = await start();
    },
    stop: async () => {
      await server.kill();
      removeDirectory(directory);
    },
  };
}
