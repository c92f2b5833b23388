/** An OCI registry: distribution's own, in memory, with basic authentication when asked. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort, removeDirectory, startProcess, temporaryDirectory } from './process.js';
import { toolPath } from './tools.js';

export interface RegistryOptions {
  /** A line of an htpasswd file (bcrypt): without it everybody may read and write. */
  readonly htpasswd?: string;
  /** PEM: HTTPS instead of HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface Registry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Pushes a packaged chart; `path` is the folder in the registry. `flags` are Helm's, for example for credentials. */
  pushChart(archive: string, path: string, flags?: readonly string[]): void;
  stop(): Promise<void>;
}

/** Starts a registry on a free port of the loopback interface. */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const directory = temporaryDirectory('registry');
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'config.yml');
  writeFileSync(config, JSON.stringify(configOf(host, directory, options)));
  const logFile = join(directory, 'log');
  const server = await startProcess({ command: toolPath('registry'), args: ['serve', config], logFile });
  const scheme = options.tls === undefined ? 'http' : 'https';
  await eventually(
    async () => {
      if (!server.isRunning()) throw new Error(`the registry has ended: ${server.logTail()}`);
      // An HTTPS port answers a plain request with 400: it is there.
      await fetch(`http://${host}/v2/`);
    },
    { timeoutMs: 10_000 },
  );
  return {
    host,
    pushChart: (archive, path, flags = []) => {
      const plain = scheme === 'http' ? ['--plain-http'] : [];
      const env = { HOME: directory, PATH: '/usr/bin:/bin' };
      execFileSync(toolPath('helm'), ['push', archive, `oci://${host}/${path}`, ...plain, ...flags], {
        env,
        stdio: 'pipe',
      });
    },
    stop: async () => {
      await server.kill();
      removeDirectory(directory);
    },
  };
}

function configOf(host: string, directory: string, { htpasswd, tls }: RegistryOptions): object {
  const file = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };
  return {
    version: 0.1,
    log: { level: 'error' },
    storage: { inmemory: {}, maintenance: { uploadpurging: { enabled: false } } },
    http: {
      addr: host,
      secret: 'test',
      ...(tls === undefined ? {} : { tls: { certificate: file('tls.crt', tls.cert), key: file('tls.key', tls.key) } }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'test', path: file('htpasswd', `${htpasswd}\n`) } } }),
  };
}
