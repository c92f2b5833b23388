/** The contract of GitReader on both implementations, against real Git servers over HTTP and SSH. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fakeClock } from '@tiphys/runtime';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  freePort,
  type GitRepository,
  type GitServer,
  type GitServerOptions,
  removeDirectory,
  type SshGitServer,
  startGitServer,
  startSshGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cleanMirrors, createGitReader, type GitReaderOptions, type GitRemote } from './index.js';

const { signal } = new AbortController();
const open = (repository: GitRepository): GitRemote => ({ url: repository.url, credentials: {} });
const later = (): number => Date.now() + 1;

function readerFor(transport: 'nodegit' | 'git-cli', options: Partial<GitReaderOptions> = {}) {
  const dataDirectory = temporaryDirectory('git-reader');
  onTestFinished(() => removeDirectory(dataDirectory));
  const make = () => createGitReader({ dataDirectory, transport, failureMs: 0, ...options });
  return { dataDirectory, make, reader: make() };
}

async function serverFor(options: GitServerOptions = {}): Promise<GitServer> {
  const server = await startGitServer(options);
  onTestFinished(() => server.stop());
  return server;
}

describe.each(['nodegit', 'git-cli'] as const)('GitReader through %s', (transport) => {
  let server: GitServer;
  let app: GitRepository;
  let first: string;
  let tagObject = '';
  let second: string;
  beforeAll(async () => {
    server = await startGitServer();
    app = await server.createRepository('app', { 'web/a.yaml': 'a: 1\n', 'web/link.yaml': { symlink: 'a.yaml' } });
    first = await app.head();
    await app.tag('v1.0.0', 'main', 'annotated');
    await app.tag('team-a/v1.4.0', 'main');
    second = await app.commit({ 'web/b.yaml': 'b: 2\n' });
    await app.tag('v1.2.0');
    await app.tag('v2.0.0-rc.1');
    tagObject = await app.git('rev-parse', 'refs/tags/v1.0.0');
    await app.branch('release/1', first);
  });
  afterAll(() => server.stop());

  const cases = [
    ['a branch', 'main', () => ({ commit: second, ref: 'refs/heads/main' })],
    ['a branch with a slash', 'release/1', () => ({ commit: first, ref: 'refs/heads/release/1' })],
    ['a full ref name', 'refs/heads/release/1', () => ({ commit: first, ref: 'refs/heads/release/1' })],
    ['an annotated tag, peeled', 'v1.0.0', () => ({ commit: first, ref: 'refs/tags/v1.0.0', tag: tagObject })],
    ['a plain tag', 'v1.2.0', () => ({ commit: second, ref: 'refs/tags/v1.2.0' })],
    ['HEAD as the default branch', 'HEAD', () => ({ commit: second, ref: 'refs/heads/main' })],
    ['an empty text as the default branch', '', () => ({ commit: second, ref: 'refs/heads/main' })],
    ['a semver range on tags', '1.*', () => ({ commit: second, ref: 'refs/tags/v1.2.0' })],
    ['a semver range with a pre-release', '>=2.0.0-0', () => ({ commit: second, ref: 'refs/tags/v2.0.0-rc.1' })],
  ] as const;
  it.each(cases)('A07 resolves %s', async (_name, revision, expected) => {
    const resolved = await readerFor(transport).reader.resolveRevision(open(app), revision, { signal });
    expect(resolved).toEqual({ ...expected(), resolvedAt: expect.any(Date) });
  });

  it('A07 takes a full SHA as it is, without asking the host, and the beginning of one by fetching', async () => {
    const { reader } = readerFor(transport);
    server.clearRequests();
    expect(await reader.resolveRevision(open(app), first, { signal })).toEqual({ commit: first, ref: undefined });
    expect(server.requests).toEqual([]);
    const short = await reader.resolveRevision(open(app), first.slice(0, 8), { signal });
    expect(short.commit).toBe(first);
  });

  it('A08 matches ranges on tags with a prefix only, and puts it back', async () => {
    const options = { tagPrefix: 'team-a/', signal };
    const resolved = await readerFor(transport).reader.resolveRevision(open(app), '^1.0', options);
    expect(resolved).toMatchObject({ commit: first, ref: 'refs/tags/team-a/v1.4.0' });
  });

  it.each([
    ['a name that does not exist', 'nope', /has no branch, tag or commit "nope"/],
    ['a range without a tag', '^9', /No tag .* is in the range/],
    ['a name that is not allowed (S9)', '--upload-pack=x', /cannot be the name/],
    ['a name with .. (S9)', 'a..b', /cannot be the name/],
  ])('refuses %s', async (_name, revision, message) => {
    const resolving = readerFor(transport).reader.resolveRevision(open(app), revision, { signal });
    await expect(resolving).rejects.toThrow(message);
    await expect(resolving).rejects.toMatchObject({ code: 'ManifestGeneration', failure: 'unknown-revision' });
  });

  it('reads folders, files, links and what is absent from a commit', async () => {
    const { reader } = readerFor(transport);
    const tree = await reader.openCommit(open(app), { commit: second, ref: 'refs/heads/main' }, signal);
    const entries = await tree.list('web');
    expect(entries.map(({ path, kind }) => [path, kind])).toEqual([
      ['web/a.yaml', 'blob'],
      ['web/b.yaml', 'blob'],
      ['web/link.yaml', 'symlink'],
    ]);
    expect((await tree.entry('web'))?.oid).toBe(await app.git('rev-parse', 'main:web'));
    expect(await tree.entry('web/missing.yaml')).toBeUndefined();
    expect(await tree.entry('web/a.yaml/x')).toBeUndefined();
    const { oid } = (await tree.entry('web/b.yaml'))!;
    expect(Buffer.from(await tree.readBlob(oid, 100)).toString()).toBe('b: 2\n');
    await expect(tree.readBlob(oid, 4)).rejects.toMatchObject({ code: 'ManifestGeneration' });
  });

  it('fetches only the ref that was resolved, and nothing when the commit is there', async () => {
    const { reader } = readerFor(transport);
    server.clearRequests();
    const resolved = { commit: second, ref: 'refs/heads/main' };
    await Promise.all(Array.from({ length: 20 }, () => reader.openCommit(open(app), resolved, signal)));
    await reader.openCommit(open(app), { commit: first, ref: undefined }, signal);
    expect(server.count('fetch')).toBe(1);
  });

  it('finds a commit by its SHA alone, also one that no branch has any more', async () => {
    const lost = await app.commit({ 'lost.txt': 'x' }, { branch: 'doomed' });
    await app.deleteRef('refs/heads/doomed');
    const { reader } = readerFor(transport);
    const tree = await reader.openCommit(open(app), { commit: lost, ref: undefined }, signal);
    expect(await tree.entry('lost.txt')).toBeDefined();
    const missing = reader.openCommit(open(app), { commit: '1'.repeat(40), ref: undefined }, signal);
    await expect(missing).rejects.toMatchObject({ failure: 'unknown-revision' });
  });

  it('opens a commit whose branch was deleted after it was resolved', async () => {
    const commit = await app.commit({ 'gone.txt': 'x' }, { branch: 'short-lived' });
    const { reader } = readerFor(transport);
    const resolved = await reader.resolveRevision(open(app), 'short-lived', { signal });
    await app.deleteRef('refs/heads/short-lived');
    expect((await reader.openCommit(open(app), resolved, signal)).commit).toBe(commit);
  });

  it('follows a branch that was moved back by a force push', async () => {
    const moving = await server.createRepository(`moving-${transport}`, { 'a.txt': '1' });
    const old = await moving.head();
    const { reader } = readerFor(transport);
    const resolve = async () => reader.resolveRevision(open(moving), 'main', { signal, resolvedAfterMs: later() });
    const newer = await moving.commit({ 'a.txt': '2' });
    await reader.openCommit(open(moving), await resolve(), signal);
    await moving.branch('main', old);
    const other = await moving.commit({ 'a.txt': '3' });
    const resolved = await resolve();
    expect(resolved.commit).toBe(other);
    expect(other).not.toBe(newer);
    expect((await reader.openCommit(open(moving), resolved, signal)).commit).toBe(other);
  });

  it('tells author, date, message and tags of a commit', async () => {
    const metadata = await readerFor(transport).reader.commitMetadata(open(app), first, signal);
    expect(metadata).toEqual({
      author: 'Tiphys Test <test@tiphys.invalid>',
      date: expect.any(Date),
      message: expect.stringContaining('first commit'),
      tags: expect.arrayContaining(['v1.0.0', 'team-a/v1.4.0']),
    });
  });

  it('asks the host once for 500 callers at the same time, and not again until somebody needs it newer', async () => {
    const clock = fakeClock();
    const { reader } = readerFor(transport, { clock });
    server.clearRequests();
    const ask = (resolvedAfterMs?: number) =>
      reader.resolveRevision(open(app), 'main', {
        signal,
        ...(resolvedAfterMs === undefined ? {} : { resolvedAfterMs }),
      });
    await Promise.all(Array.from({ length: 500 }, () => ask()));
    await ask();
    expect(server.count('info-refs')).toBe(1);
    clock.advance(1_000);
    const after = clock.now().getTime();
    await Promise.all(Array.from({ length: 500 }, () => ask(after)));
    expect(server.count('info-refs')).toBe(2);
  });

  it('R8 keeps the last good answer while the host is down, says so, and fails for those who insist', async () => {
    const own = await serverFor();
    const repository = await own.createRepository('app', { 'a.txt': '1' });
    const { reader } = readerFor(transport);
    const { commit } = await reader.resolveRevision(open(repository), 'main', { signal });
    own.setFaults({ status: 503 });
    const stale = await reader.resolveRevision(open(repository), 'main', { signal, resolvedAfterMs: later() });
    expect(stale).toMatchObject({ commit, stale: expect.stringMatching(/could not be asked/) });
    const insisting = reader.resolveRevision(open(repository), 'main', { mode: 'resolve', signal });
    await expect(insisting).rejects.toMatchObject({ code: 'Upstream' });
    own.setFaults({});
    const newer = await repository.commit({ 'a.txt': '2' });
    const healed = await reader.resolveRevision(open(repository), 'main', { signal, resolvedAfterMs: later() });
    expect(healed).toEqual({ commit: newer, ref: 'refs/heads/main', resolvedAt: expect.any(Date) });
  });

  it.each([
    ['no answer', { hang: true }, 'timeout'],
    ['status 503', { status: 503 }, 'unreachable'],
    ['status 429', { status: 429 }, 'rate-limited'],
    ['status 404', { status: 404 }, 'repository-not-found'],
    ['status 403', { status: 403 }, 'credentials'],
    ['status 301', { status: 301, headers: { location: 'http://localhost:1/' } }, 'redirected'],
  ] as const)('names the failure of a host that gives %s', async (_name, faults, failure) => {
    const own = await serverFor();
    const repository = await own.createRepository('app', { 'a.txt': '1' });
    own.setFaults(faults);
    const { reader } = readerFor(transport, { listTimeoutMs: 500 });
    await expect(reader.testConnection(open(repository), signal)).rejects.toMatchObject({ code: 'Upstream', failure });
  });

  it('names the failure of a host that does not exist', async () => {
    const remote = { url: `http://127.0.0.1:${await freePort()}/app.git`, credentials: {} };
    const failing = readerFor(transport).reader.testConnection(remote, signal);
    await expect(failing).rejects.toMatchObject({ code: 'Upstream', failure: 'unreachable' });
    await expect(failing).rejects.toThrow(/Check the URL/);
  });

  it('G03 logs in with username and password; refuses wrong and missing ones without showing them', async () => {
    const own = await serverFor({ username: 'robot', password: 's3cret-pass' });
    const { url } = await own.createRepository('app', { 'a.txt': '1' });
    const { reader } = readerFor(transport);
    const test = (credentials: GitRemote['credentials']) => reader.testConnection({ url, credentials }, signal);
    await expect(test({ username: 'robot', password: 's3cret-pass' })).resolves.toBeUndefined();
    await expect(
      test({ username: 'robot', password: 's3cret-pass', forceHttpBasicAuth: true }),
    ).resolves.toBeUndefined();
    await expect(test({})).rejects.toMatchObject({ failure: 'credentials' });
    const wrong = test({ username: 'robot', password: 'wr0ng-pass' });
    await expect(wrong).rejects.toMatchObject({ failure: 'credentials' });
    await expect(wrong).rejects.not.toThrow(/wr0ng-pass/);
    await expect(wrong).rejects.toThrow(/repository Secret/);
  });

  it.each([
    ['objects deleted', (mirror: string) => rmSync(join(mirror, 'objects', 'pack'), { recursive: true })],
    ['HEAD destroyed', (mirror: string) => writeFileSync(join(mirror, 'HEAD'), 'garbage')],
    ['everything deleted', (mirror: string) => rmSync(mirror, { recursive: true })],
  ])('makes a mirror anew that is damaged between two runs: %s', async (_name, damage) => {
    const { dataDirectory, make, reader } = readerFor(transport);
    const resolved = { commit: second, ref: 'refs/heads/main' };
    await reader.openCommit(open(app), resolved, signal);
    const mirrors = join(dataDirectory, 'mirrors');
    damage(join(mirrors, readdirSync(mirrors)[0]!));
    const tree = await make().openCommit(open(app), resolved, signal);
    expect(await tree.entry('web/b.yaml')).toBeDefined();
    expect(existsSync(join(mirrors, readdirSync(mirrors)[0]!))).toBe(true);
  });

  it.each([
    ['file://', 'file:///etc', /local file/],
    ['git://', 'git://host/app.git', /protocol "git"/],
    ['ext::', 'ext::sh -c true', /spaces/],
    ['an option', '--upload-pack=touch', /starts with "-"/],
    ['an option as host', 'ssh://-oProxyCommand=x/app', /starts with "-"|no host/],
  ])('S9 refuses the address of the kind %s', async (_name, url, message) => {
    await expect(readerFor(transport).reader.testConnection({ url, credentials: {} }, signal)).rejects.toThrow(message);
  });
});

describe('GitReader with certificates of its own', () => {
  it('G05 G11 trusts the CA bundle of the repository, shows its client certificate, and refuses other servers', async () => {
    const server = await serverFor();
    const app = await server.createRepository('app', { 'a.txt': '1' });
    const authority = createCertificateAuthority();
    const https = await httpsInFrontOf(server.url, authority);
    const client = authority.issue({ commonName: 'client', sans: ['client'] });
    const url = `${https}/app.git`;
    const dataDirectory = temporaryDirectory('git-reader');
    onTestFinished(() => removeDirectory(dataDirectory));
    const reader = createGitReader({ dataDirectory, failureMs: 0 });
    const test = (credentials: GitRemote['credentials']) => reader.testConnection({ url, credentials }, signal);
    const clientCertificate = { tlsClientCertData: client.cert, tlsClientCertKey: client.key };
    const remote = { url, credentials: { tlsCaData: authority.cert, ...clientCertificate } };
    const resolved = await reader.resolveRevision(remote, 'main', { signal });
    expect(resolved.commit).toBe(await app.head());
    expect(await (await reader.openCommit(remote, resolved, signal)).entry('a.txt')).toBeDefined();
    await expect(test({})).rejects.toMatchObject({ failure: 'certificate' });
    const stranger = createCertificateAuthority('stranger').cert;
    await expect(test({ tlsCaData: stranger, ...clientCertificate })).rejects.toMatchObject({ failure: 'certificate' });
    await expect(test({ tlsCaData: authority.cert })).rejects.toMatchObject({ code: 'Upstream' });
    await expect(test({ insecure: true, ...clientCertificate })).resolves.toBeUndefined();
  });

  it('a host that hung is asked by the program whose requests can be ended', async () => {
    const server = await serverFor();
    const app = await server.createRepository('app', { 'a.txt': '1' });
    const dataDirectory = temporaryDirectory('git-reader');
    onTestFinished(() => removeDirectory(dataDirectory));
    const reader = createGitReader({ dataDirectory, failureMs: 0, listTimeoutMs: 300 });
    server.setFaults({ hang: true });
    for (let index = 0; index < 12; index += 1) {
      await expect(reader.testConnection(open(app), signal)).rejects.toMatchObject({ failure: 'timeout' });
    }
    server.setFaults({});
    const resolved = await reader.resolveRevision(open(app), 'main', { signal });
    expect(await (await reader.openCommit(open(app), resolved, signal)).entry('a.txt')).toBeDefined();
  });
});

it('a repository with very many refs is asked for single refs from the second time on', async () => {
  const server = await serverFor();
  const app = await server.createRepository('app', { 'a.txt': '1' });
  const commit = await app.head();
  const refs = Array.from({ length: 2_100 }, (_, index) => `${commit} refs/pull/${index}/head`);
  writeFileSync(join(app.directory, 'packed-refs'), `${refs.join('\n')}\n`);
  const dataDirectory = temporaryDirectory('git-reader');
  onTestFinished(() => removeDirectory(dataDirectory));
  const reader = createGitReader({ dataDirectory, failureMs: 0 });
  const resolve = () => reader.resolveRevision(open(app), 'main', { mode: 'resolve', signal });
  expect((await resolve()).commit).toBe(commit);
  expect(server.count('ls-refs')).toBe(0);
  expect((await resolve()).commit).toBe(commit);
  expect(server.count('ls-refs')).toBe(1);
});

it('R9 locks and temporary packs of a crash are gone after the next start, mirrors stay, old ones go', async () => {
  const server = await serverFor();
  const app = await server.createRepository('app', { 'a.txt': '1' });
  const { dataDirectory, make, reader } = readerFor('nodegit');
  const head = { commit: await app.head(), ref: 'refs/heads/main' };
  await reader.openCommit(open(app), head, signal);
  const mirrors = join(dataDirectory, 'mirrors');
  const mirror = join(mirrors, readdirSync(mirrors)[0]!);
  const leftovers = [
    'refs/heads/main.lock',
    'packed-refs.lock',
    'objects/pack/pack_git2_a1b2c3',
    'objects/pack/tmp_pack_x',
  ];
  for (const path of leftovers) writeFileSync(join(mirror, path), 'partial');
  mkdirSync(join(mirrors, 'half-made.git.new'));
  const commit = await app.commit({ 'a.txt': '2' });
  await cleanMirrors(mirrors, new Date());
  expect([...leftovers, '../half-made.git.new'].filter((path) => existsSync(join(mirror, path)))).toEqual([]);
  const tree = await make().openCommit(open(app), { commit, ref: 'refs/heads/main' }, signal);
  expect(tree.commit).toBe(commit);
  await cleanMirrors(mirrors, new Date(Date.now() + 15 * 86_400_000));
  expect(readdirSync(mirrors)).toEqual([]);
});

it('joins the packs of many fetches without losing a commit', async () => {
  const server = await serverFor();
  const app = await server.createRepository('app', { 'a.txt': '0' });
  const { dataDirectory, reader } = readerFor('nodegit');
  const commits: string[] = [];
  for (let index = 1; index <= 33; index += 1) {
    commits.push(await app.commit({ 'a.txt': `${index}` }));
    await reader.openCommit(open(app), { commit: commits.at(-1)!, ref: 'refs/heads/main' }, signal);
  }
  const [mirror] = readdirSync(join(dataDirectory, 'mirrors'));
  const packs = readdirSync(join(dataDirectory, 'mirrors', mirror!, 'objects', 'pack')).filter((name) =>
    name.endsWith('.pack'),
  );
  expect(packs.length).toBeLessThan(10);
  for (const commit of commits)
    expect((await reader.openCommit(open(app), { commit, ref: undefined }, signal)).commit).toBe(commit);
});

/** TLS with a demanded client certificate, passed on to a plain server. */
async function httpsInFrontOf(target: string, authority: CertificateAuthority): Promise<string> {
  const leaf = authority.issue({ commonName: 'git', sans: ['localhost', '127.0.0.1'] });
  const options = { key: leaf.key, cert: leaf.cert, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
  const proxy = createHttpsServer(options, (incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const forwarded = request(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

describe.each(['nodegit', 'git-cli'] as const)('GitReader over SSH through %s', (transport) => {
  let server: SshGitServer;
  let app: GitRepository;
  beforeAll(async () => {
    server = await startSshGitServer();
    app = await server.createRepository('app', { 'a.txt': '1' });
  });
  afterAll(() => server.stop());

  it('G04 G12 logs in with a key at a host whose key is known', async () => {
    const { reader } = readerFor(transport);
    const credentials = { sshPrivateKey: server.privateKey, sshKnownHosts: `${server.knownHosts}\n` };
    const remote = { url: app.url, credentials };
    const resolved = await reader.resolveRevision(remote, 'main', { signal });
    expect(resolved.commit).toBe(await app.head());
    expect(await (await reader.openCommit(remote, resolved, signal)).entry('a.txt')).toBeDefined();
  });

  it('G12 refuses a host whose key is unknown or another one, unless told to be insecure', async () => {
    const { reader } = readerFor(transport);
    const test = (credentials: GitRemote['credentials']) =>
      reader.testConnection({ url: app.url, credentials }, signal);
    const { privateKey: sshPrivateKey, otherPrivateKey } = server;
    await expect(test({ sshPrivateKey })).rejects.toMatchObject({ failure: 'host-key' });
    const [host, type] = server.knownHosts.split(' ');
    const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIKJQmwYyBRY2dN7nYJiMKqh0XTdVSbCvb0iIYcJBTTKz';
    const wrong = `${host} ${type} ${other}\n`;
    await expect(test({ sshPrivateKey, sshKnownHosts: wrong })).rejects.toMatchObject({ failure: 'host-key' });
    await expect(test({ sshPrivateKey, insecure: true })).resolves.toBeUndefined();
    const known = `${server.knownHosts}\n`;
    const refused = test({ sshPrivateKey: otherPrivateKey, sshKnownHosts: known });
    await expect(refused).rejects.toMatchObject({ failure: 'credentials' });
  });
});
