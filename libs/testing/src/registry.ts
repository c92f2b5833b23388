/** An OCI registry: distribution's own, in memory, with basic authentication when asked. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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
  /**
   * Pushes layers (`.tar.gz`) as an artefact under a name and tag.
   * @returns the digest of its manifest, `sha256:…`.
   */
  pushArtifact(artifact: PushedArtifact): Promise<string>;
  stop(): Promise<void>;
}

export interface PushedArtifact {
  readonly name: string;
  readonly tag: string;
  readonly layers: readonly { readonly bytes: Uint8Array; readonly mediaType?: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** `user:password`. */
  readonly login?: string;
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
    { timeoutMs: 30_000 },
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
    pushArtifact: (artifact) => pushArtifact(`${scheme}://${host}`, artifact),
    stop: async () => {
      await server.kill();
      removeDirectory(directory);
    },
  };
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY = new TextEncoder().encode('{}');

async function pushArtifact(origin: string, artifact: PushedArtifact): Promise<string> {
  const { name, tag, layers, annotations, login } = artifact;
  const authorization = login === undefined ? {} : { authorization: `Basic ${btoa(login)}` };
  const send = async (
    path: string,
    method: string,
    sent: { readonly type?: string; readonly body?: Uint8Array<ArrayBuffer> | string } = {},
  ) => {
    const headers = { ...authorization, 'content-type': sent.type ?? 'application/octet-stream' };
    const url = new URL(path, `${origin}/v2/${name}/`);
    const response = await fetch(url, { method, headers, ...(sent.body === undefined ? {} : { body: sent.body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the registry answered ${response.status}: ${text}`);
    return response;
  };
  const pushBlob = async (bytes: Uint8Array): Promise<{ digest: string; size: number }> => {
    const started = await send('blobs/uploads/', 'POST');
    const place = new URL(started.headers.get('location') ?? '', origin);
    const digest = digestOf(bytes);
    place.searchParams.set('digest', digest);
    await send(place.href, 'PUT', { body: Uint8Array.from(bytes) });
    return { digest, size: bytes.length };
  };
  const descriptors = [];
  for (const { bytes, mediaType = LAYER } of layers) descriptors.push({ mediaType, ...(await pushBlob(bytes)) });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const body = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: type, artifactType: 'application/vnd.example.test' },
    config: { mediaType: 'application/vnd.oci.empty.v1+json', ...(await pushBlob(EMPTY)) },
    layers: descriptors,
    ...(annotations === undefined ? {} : { annotations }),
  });
  await send(`manifests/${tag}`, 'PUT', { type, body });
  return digestOf(body);
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
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
