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
   * Pushes a layer (`.tar.gz`) as an artefact under a name and tag, without credentials.
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
    pushArtifact: (artifact) => pushArtifact(`${scheme}://${host}`, artifact),
    stop: async () => {
      await server.kill();
      removeDirectory(directory);
    },
  };
}

const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY = new TextEncoder().encode('{}');

async function pushArtifact(origin: string, { name, tag, layers, annotations }: PushedArtifact): Promise<string> {
  const base = `${origin}/v2/${name}`;
  const descriptors = [];
  for (const { bytes, mediaType = LAYER } of layers) {
    descriptors.push({ mediaType, digest: await pushBlob(base, bytes), size: bytes.length });
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    ...{ schemaVersion: 2, mediaType, artifactType: 'application/vnd.example.test' },
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: await pushBlob(base, EMPTY),
      size: EMPTY.length,
    },
    layers: descriptors,
    ...(annotations === undefined ? {} : { annotations }),
  };
  const body = JSON.stringify(manifest);
  const headers = { 'content-type': mediaType };
  await succeed(await fetch(`${base}/manifests/${tag}`, { method: 'PUT', headers, body }));
  return digestOf(body);
}

async function pushBlob(base: string, bytes: Uint8Array): Promise<string> {
  const started = await succeed(await fetch(`${base}/blobs/uploads/`, { method: 'POST' }));
  const place = new URL(started.headers.get('location') ?? '', base);
  const digest = digestOf(bytes);
  place.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await succeed(await fetch(place, { method: 'PUT', headers, body: Uint8Array.from(bytes) }));
  return digest;
}

async function succeed(response: Response): Promise<Response> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the registry answered ${response.status}: ${text}`);
  return response;
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
