/** Git LFS (B37) against a server that checks what it is sent as the batch API documents it. */
import { createHash } from 'node:crypto';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  type GitServer,
  removeDirectory,
  startGitServer,
  startSshGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GitCredentials, GitReader, GitRemote } from '../ports.js';
import { createGitReader } from '../reader.js';
import { parsePointer } from './pointer.js';

const directory = temporaryDirectory('lfs');
const signal = new AbortController().signal;
const LARGE = Buffer.from('name: large\n'.repeat(500));
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const pointerOf = (bytes: Uint8Array): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha(bytes)}\nsize ${bytes.length}\n`;

/** What the host does, until changed by a test. */
interface Behaviour {
  readonly authorization?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Uint8Array;
  readonly objectError?: string;
}
let behaviour: Behaviour = {};
const log: string[] = [];
let git: GitServer;
let base = '';
const host = createServer((request, response) => {
  if (/\/(info\/lfs|storage)\//.test(request.url ?? '')) return void answerLfs(request, response);
  const target = new URL(request.url ?? '/', git.url);
  const onward = forward(target, { method: request.method, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  request.pipe(onward);
});

async function answerLfs(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const path = request.url ?? '';
  log.push(`${request.method} ${path}`);
  const { authorization, status, headers, content = LARGE, objectError } = behaviour;
  if (authorization !== undefined && request.headers.authorization !== authorization)
    return void response.writeHead(401).end();
  if (status !== undefined) return void response.writeHead(status, headers).end();
  if (path.startsWith('/storage/')) return void response.writeHead(200).end(content);
  expect(request.headers.accept).toBe('application/vnd.git-lfs+json');
  const { operation, objects } = JSON.parse(body) as { operation: string; objects: { oid: string; size: number }[] };
  expect(operation).toBe('download');
  const [object] = objects;
  const found = { actions: { download: { href: `${base}/storage/${object?.oid}` } } };
  const missing = { error: { code: 404, message: objectError } };
  response
    .writeHead(200)
    .end(
      JSON.stringify({ transfer: 'basic', objects: [{ ...object, ...(objectError === undefined ? found : missing) }] }),
    );
}

let reader: GitReader;
let count = 0;
beforeAll(async () => {
  git = await startGitServer();
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(host.address() as { port: number }).port}`;
});
afterAll(async () => {
  host.close();
  host.closeAllConnections();
  await git.stop();
  removeDirectory(directory);
});
beforeEach(() => {
  behaviour = {};
  log.splice(0);
  count += 1;
  reader = createGitReader({ dataDirectory: join(directory, String(count)), allowFile: true });
});

async function repositoryWith(content = pointerOf(LARGE)): Promise<string> {
  const { name } = await git.createRepository(`lfs-${count}`, { 'large.yaml': content, 'small.yaml': 'a: 1\n' });
  return `${base}/${name}.git`;
}

async function read(remote: GitRemote, path = 'large.yaml', maxBytes = 100_000): Promise<string> {
  const resolved = await reader.resolveRevision(remote, 'main', { signal });
  const tree = await reader.openCommit(remote, resolved, signal);
  const { oid = '' } = (await tree.entry(path)) ?? {};
  return Buffer.from(await tree.readBlob(oid, maxBytes)).toString();
}
const remote = (url: string, credentials: GitCredentials = {}): GitRemote => ({ url, credentials, lfs: true });

describe('a repository with enableLfs', () => {
  it('gives the file behind a pointer, once from the host and then from the disk', async () => {
    const url = await repositoryWith();
    expect(await read(remote(url))).toBe(LARGE.toString());
    expect(await read(remote(url))).toBe(LARGE.toString());
    expect(await read(remote(url), 'small.yaml')).toBe('a: 1\n');
    expect(log).toEqual([`POST /lfs-${count}.git/info/lfs/objects/batch`, `GET /storage/${sha(LARGE)}`]);
  });

  it('gives the pointer as it is when LFS is off, under another object id', async () => {
    const url = await repositoryWith();
    const off = { url, credentials: {} };
    expect(await read(off)).toBe(pointerOf(LARGE));
    const oids = await Promise.all(
      [off, remote(url)].map(async (one) => {
        const resolved = await reader.resolveRevision(one, 'main', { signal });
        return (await (await reader.openCommit(one, resolved, signal)).entry('large.yaml'))?.oid;
      }),
    );
    expect(new Set(oids).size).toBe(2);
    expect(log).toEqual([]);
  });

  it('logs in at the host, and says which Secret to correct when it is refused', async () => {
    const url = await repositoryWith();
    behaviour = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` };
    await expect(read(remote(url))).rejects.toMatchObject({
      failure: 'credentials',
      message: expect.stringContaining('repository Secret') as string,
    });
    expect(await read(remote(url, { username: 'me', password: 'secret' }))).toBe(LARGE.toString());
  });

  it.each([
    ['content that is not what was promised', { content: Buffer.alloc(LARGE.length) }, 'mirror', /other content/],
    ['content that does not end', { content: Buffer.concat([LARGE, LARGE]) }, 'unreachable', /more than \d+ bytes/],
    ['a file that nobody pushed', { objectError: 'not there' }, 'unsupported', /not there.*git lfs push/],
    ['a host that has no LFS', { status: 404 }, 'unsupported', /enableLfs/],
    [
      'a host that limits requests',
      { status: 429, headers: { 'retry-after': '7' } },
      'rate-limited',
      /limits requests/,
    ],
    ['a broken host', { status: 500 }, 'unreachable', /500/],
    [
      'a redirect, which nobody follows (S26)',
      { status: 302, headers: { location: 'http://169.254.169.254/' } },
      'unreachable',
      /302/,
    ],
  ])('%s is an error that says so', async (...[, wrong, failure, message]) => {
    const url = await repositoryWith();
    behaviour = wrong;
    await expect(read(remote(url))).rejects.toMatchObject({
      failure,
      message: expect.stringMatching(message) as string,
    });
  });

  it('asks nobody for a file that is larger than it may be', async () => {
    const url = await repositoryWith();
    await expect(read(remote(url), 'large.yaml', 200)).rejects.toThrow(/6000 bytes, more than the limit of 200/);
    expect(log).toEqual([]);
  });
});

it('over SSH the host says where the files are, and what opens the door', async () => {
  const server = await startSshGitServer();
  try {
    const repository = await server.createRepository('app', { 'large.yaml': pointerOf(LARGE) });
    server.answerLfs({ href: `${base}/app.git/info/lfs`, header: { Authorization: 'RemoteAuth token' } });
    behaviour = { authorization: 'RemoteAuth token' };
    const credentials = { sshPrivateKey: server.privateKey, sshKnownHosts: server.knownHosts };
    expect(await read(remote(repository.url, credentials))).toBe(LARGE.toString());
    expect(server.commands()).toContain('git-lfs-authenticate app.git download');
  } finally {
    await server.stop();
  }
});

describe('pointers', () => {
  const oid = 'a'.repeat(64);
  it.each([
    ['a pointer', `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12\n`, { oid, size: 12 }],
    [
      'one with extensions',
      `version https://git-lfs.github.com/spec/v1\next-0-foo sha256:${oid}\noid sha256:${oid}\nsize 12\n`,
      { oid, size: 12 },
    ],
    ['a text', 'a: 1\n', undefined],
    ['another version', `version https://git-lfs.github.com/spec/v2\noid sha256:${oid}\nsize 12\n`, undefined],
    ['a path for an id', 'version https://git-lfs.github.com/spec/v1\noid sha256:../../etc\nsize 12\n', undefined],
    [
      'a large file that begins like one',
      `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 12\n${'#'.repeat(1_024)}`,
      undefined,
    ],
  ])('%s', (_, text, expected) => expect(parsePointer(Buffer.from(text))).toEqual(expected));
});
