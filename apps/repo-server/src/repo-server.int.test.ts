/** The running repo-server over mutual TLS, with real Git and Redis. */
import { join } from 'node:path';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { type Lifecycle, loadTlsMaterial, parseConfig, silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  type Files,
  type GitRepository,
  type GitServer,
  removeDirectory,
  sharedRedis,
  startGitServer,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningApp, startApp } from './app.js';
import { ConfigSchema } from './config.js';

const SANS = ['repo-server', 'localhost', '127.0.0.1'];

interface Running {
  readonly app: RunningApp;
  readonly tlsDir: string;
  readonly client: RepoServerClient;
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

async function startRepoServer(settings: Readonly<Record<string, string>> = {}): Promise<Running> {
  const directory = temporaryDirectory('repo-server');
  const tlsDir = join(directory, 'tls');
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'repo-server', sans: SANS });
  const redis = await sharedRedis();
  const config = parseConfig(ConfigSchema, {
    name: 'repo-server',
    argv: [],
    env: {
      TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
      TIPHYS_REDIS_PASSWORD: redis.password,
      TIPHYS_CACHE_KEY: directory.padEnd(40, '.'),
      TIPHYS_TLS_DIR: tlsDir,
      TIPHYS_DATA_DIR: join(directory, 'data'),
      TIPHYS_LISTEN: '127.0.0.1:0',
      TIPHYS_METRICS_LISTEN: '127.0.0.1:0',
      ...settings,
    },
  });
  if (config.kind !== 'config') throw new Error(JSON.stringify(config));
  const stops: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  const life: Lifecycle = { signal: stopping.signal, onStop: (_name, stop) => void stops.unshift(stop) };
  const app = await startApp({ config: config.value, log: silentLogger }, life).catch((error: unknown) => {
    removeDirectory(directory);
    throw error;
  });
  const client = createRepoServerClient({ address: `127.0.0.1:${app.port}`, tls: loadTlsMaterial(tlsDir) });
  return {
    ...{ app, tlsDir, client },
    metric: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${app.opsPort}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(name));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    stop: async () => {
      client.close();
      for (const stop of stops) await stop();
      removeDirectory(directory);
    },
  };
}

function configMap(name: string, value = 'x'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;
}

let git: GitServer;
let server: Running;
beforeAll(async () => {
  [git, server] = await Promise.all([startGitServer(), startRepoServer()]);
});
afterAll(async () => {
  await server.stop();
  await git.stop();
});

interface Generate {
  readonly repository: GitRepository;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly cacheMode?: string;
  readonly resolvedAfterMs?: number;
}

function generate(running: Running, { repository, source = {}, cacheMode = '', resolvedAfterMs = 0 }: Generate) {
  const applicationSource = { repoURL: repository.url, ...source } as Record<string, string>;
  return running.client.generateManifests({
    appName: 'app',
    sources: [{ repository: { url: repository.url }, applicationSource }],
    cacheMode,
    resolvedAfterMs: BigInt(resolvedAfterMs),
  });
}

let count = 0;
function repositoryWith(files: Files): Promise<GitRepository> {
  count += 1;
  return git.createRepository(`repo-${count}`, files);
}

function callWithoutCertificate(address: string, ca: Buffer): Promise<unknown> {
  const client = new Client(address, credentials.createSsl(ca), { 'grpc.ssl_target_name_override': 'repo-server' });
  const identity = (bytes: Buffer): Buffer => bytes;
  const path = '/tiphys.reposerver.v1.RepoServerService/TestRepository';
  const options = { deadline: Date.now() + 20_000 };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), new Metadata(), options, (error, answer) => {
      client.close();
      return error === null ? resolve(answer) : reject(error);
    });
  });
}

describe('who may call', () => {
  it('S1 refuses a plain client, one without a certificate, and one of another authority', async () => {
    const address = `127.0.0.1:${server.app.port}`;
    const strangers = temporaryDirectory('strangers');
    onTestFinished(() => removeDirectory(strangers));
    writeTlsDir(strangers, createCertificateAuthority('other'), { commonName: 'x', sans: SANS });
    const { ca } = loadTlsMaterial(server.tlsDir);
    const others = { ...loadTlsMaterial(strangers), ca };
    for (const tls of [undefined, others]) {
      const client = createRepoServerClient({ address, tls, timeoutMs: 3_000 });
      await expect(client.testRepository({})).rejects.toMatchObject({ code: 'Upstream' });
      client.close();
    }
    await expect(callWithoutCertificate(address, ca)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(server.client.testRepository({})).rejects.toMatchObject({ code: 'InvalidSpec' });
  });

  it('S1 does not start without certificates', async () => {
    await expect(startRepoServer({ TIPHYS_TLS_DIR: '/nowhere' })).rejects.toThrow(/lacks ca.crt, tls.crt, tls.key/);
    await expect(startRepoServer({ TIPHYS_TLS_DIR: '' })).rejects.toThrow(/needs certificates/);
  });
});

describe('GenerateManifests', () => {
  it('renders a folder, and answers from the cache while nothing in it changes', async () => {
    const repository = await repositoryWith({
      'app/a.yaml': `${configMap('a')}---\n${configMap('b')}`,
      'other/x.txt': '1',
    });
    const first = await generate(server, { repository, source: { path: 'app' } });
    expect(first.manifests.map(({ json, origin }) => [JSON.parse(json).metadata.name, origin])).toEqual([
      ['a', 'app/a.yaml:1'],
      ['b', 'app/a.yaml:8'],
    ]);
    expect(first.sources).toMatchObject([
      { revision: await repository.head(), sourceType: 'Directory', cached: false },
    ]);
    const commit = await repository.commit({ 'other/x.txt': '2' });
    const second = await generate(server, { repository, source: { path: 'app' }, cacheMode: 'resolve' });
    expect(second.sources).toMatchObject([{ revision: commit, cached: true, key: first.sources[0]!.key }]);
    expect(second.manifestHash).toBe(first.manifestHash);
    const hard = await generate(server, { repository, source: { path: 'app' }, cacheMode: 'hard' });
    expect(hard.sources[0]?.cached).toBe(false);
    await repository.commit({ 'app/a.yaml': configMap('c') });
    const third = await generate(server, { repository, source: { path: 'app' }, cacheMode: 'resolve' });
    expect(third.sources[0]).toMatchObject({ cached: false });
    expect(third.manifestHash).not.toBe(first.manifestHash);
  });

  it('another replica finds the manifests in Redis', async () => {
    const other = await startRepoServer({ TIPHYS_CACHE_KEY: 'shared-by-both-replicas'.padEnd(40, '.') });
    const third = await startRepoServer({ TIPHYS_CACHE_KEY: 'shared-by-both-replicas'.padEnd(40, '.') });
    onTestFinished(async () => void (await Promise.all([other.stop(), third.stop()])));
    const repository = await repositoryWith({ 'a.yaml': configMap('replicas', String(Math.random())) });
    expect((await generate(other, { repository })).sources[0]?.cached).toBe(false);
    expect((await generate(third, { repository })).sources[0]?.cached).toBe(true);
  });

  it('joins several sources in order, and names the one that fails', async () => {
    const repository = await repositoryWith({ 'a/a.yaml': configMap('a'), 'b/b.yaml': configMap('b') });
    const source = (path: string) => ({
      repository: { url: repository.url },
      applicationSource: { repoURL: repository.url, path },
    });
    const both = await server.client.generateManifests({ sources: [source('b'), source('a')] });
    expect(both.manifests.map(({ origin, sourceIndex }) => [origin, sourceIndex])).toEqual([
      ['b/b.yaml:1', 0],
      ['a/a.yaml:1', 1],
    ]);
    const failing = server.client.generateManifests({ sources: [source('a'), source('missing')] });
    await expect(failing).rejects.toThrow(/Source 2 of 2: The source path "missing" does not exist/);
  });

  it('monorepo: after a commit that touches one of 500 applications there is 1 ls-remote, 1 fetch and 1 render', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `apps/app-${index}`);
    const repository = await repositoryWith(
      Object.fromEntries(
        names.flatMap((name) => ['a', 'b', 'c'].map((file) => [`${name}/${file}.yaml`, configMap(file, name)])),
      ),
    );
    const generateAll = (resolvedAfterMs: number) =>
      Promise.all(names.map((path) => generate(server, { repository, source: { path }, resolvedAfterMs })));
    const renders = () => server.metric('tiphys_renders_total{result="rendered"}');
    const gitRequests = async () => ({
      lists: await server.metric(`argocd_git_request_total{repo="${repository.url}",request_type="ls-remote"}`),
      fetches: await server.metric(`argocd_git_request_total{repo="${repository.url}",request_type="fetch"}`),
    });
    const none = await renders();
    await generateAll(0);
    expect((await renders()) - none).toBe(500);
    const before = await gitRequests();
    expect(before).toEqual({ lists: 1, fetches: 1 });
    const commit = await repository.commit({ 'apps/app-7/a.yaml': configMap('a', 'changed') });
    const pushed = performance.now();
    const answers = await generateAll(Date.now());
    const seconds = (performance.now() - pushed) / 1_000;
    expect((await renders()) - none).toBe(501);
    expect(answers.every(({ sources }) => sources[0]?.revision === commit)).toBe(true);
    expect(answers.filter(({ sources }) => sources[0]?.cached === false)).toHaveLength(1);
    expect(await gitRequests()).toEqual({ lists: before.lists + 1, fetches: before.fetches + 1 });
    expect(seconds).toBeLessThan(30);
  });
});

describe('bad input is refused with what to do, and other sources go on', () => {
  const bomb = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi']
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
    .join('\n')}\n`;
  const files: Files = {
    'good/a.yaml': configMap('good'),
    'malformed/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "x\n',
    'huge/a.yaml': `${configMap('huge')}# ${'x'.repeat(20 * 1024 * 1024)}\n`,
    'bomb/a.yaml': bomb,
    'links/out.yaml': { symlink: '../../etc/passwd' },
    'absolute/out.yaml': { symlink: '/etc/passwd' },
    'loop/a.yaml': { symlink: 'b.yaml' },
    'loop/b.yaml': { symlink: 'a.yaml' },
    'list/a.yaml': 'apiVersion: v1\nkind: List\nitems: [{kind: X, metadata: {}}]\n',
    'two.json/a.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}\n{"apiVersion":"v1"}',
    'file.yaml': configMap('file'),
  };
  let repository: GitRepository;
  beforeAll(async () => {
    repository = await repositoryWith(files);
  });

  it.each([
    [
      'malformed YAML, with file and line',
      { path: 'malformed' },
      'ManifestGeneration',
      /malformed\/a\.yaml:\d+:\d+: not valid YAML/,
    ],
    ['a missing path', { path: 'nope' }, 'ManifestGeneration', /"nope" does not exist/],
    ['a path that is a file', { path: 'file.yaml' }, 'ManifestGeneration', /is not a folder/],
    ['a manifest of 20 MB', { path: 'huge' }, 'ManifestGeneration', /huge\/a\.yaml: .*10485760 bytes/],
    ['an alias bomb', { path: 'bomb' }, 'ManifestGeneration', /bomb\/a\.yaml:\d+: .*(aliases|nodes)/],
    [
      'a chart of a host that has none',
      { chart: 'nginx' },
      'ManifestGeneration',
      /has no index of the Helm repository/,
    ],
    ['two tools named', { path: 'good', helm: {}, kustomize: {} }, 'InvalidSpec', /more than one tool/],
    ['an unknown revision', { targetRevision: 'nope' }, 'ManifestGeneration', /no branch, tag or commit "nope"/],
    ['S7 a path with ..', { path: '../x' }, 'InvalidSpec', /not inside the repository/],
    ['S7 an absolute path', { path: '/etc' }, 'InvalidSpec', /not inside the repository/],
    ['S7 a link out of the repository', { path: 'links' }, 'ManifestGeneration', /leads outside of the repository/],
    ['S7 an absolute link', { path: 'absolute' }, 'ManifestGeneration', /leads outside of the repository/],
    ['S7 a circle of links', { path: 'loop' }, 'ManifestGeneration', /too many links/],
    ['a List item that is no object', { path: 'list' }, 'ManifestGeneration', /item 1 of the List/],
    ['several objects in a JSON file', { path: 'two.json' }, 'ManifestGeneration', /two\.json\/a\.json/],
    ['a broken pattern', { path: 'good', directory: { include: '{a' } }, 'InvalidSpec', /"{" without "}"/],
  ])('%s', async (...[, source, code, message]) => {
    const failing = generate(server, { repository, source });
    await expect(failing).rejects.toMatchObject({ name: 'GitOpsError', code });
    await expect(failing).rejects.toThrow(message);
    const good = await generate(server, { repository, source: { path: 'good' } });
    expect(good.manifests).toHaveLength(1);
  });

  it('L07 a render that failed three times is not tried again until its inputs change', async () => {
    const fresh = await repositoryWith({ 'a.yaml': `${configMap('x')}bad: [` });
    const attempt = () => generate(server, { repository: fresh, cacheMode: 'resolve' });
    for (let index = 0; index < 4; index += 1) await expect(attempt()).rejects.toThrow(/a\.yaml:/);
    await fresh.commit({ 'a.yaml': configMap('x') });
    expect((await attempt()).manifests).toHaveLength(1);
  });
});

describe('while a Git host is down', () => {
  it('R8 manifests of the last good commit are given with a warning, to all but those who insist', async () => {
    const host = await startGitServer();
    onTestFinished(() => host.stop());
    const repository = await host.createRepository('app', { 'a.yaml': configMap('a') });
    const commit = await repository.head();
    const good = await generate(server, { repository });
    host.setFaults({ status: 503 });
    const stale = await generate(server, { repository, resolvedAfterMs: Date.now() + 1 });
    expect(stale.sources).toMatchObject([{ revision: commit, stale: true, cached: true }]);
    expect(stale.manifestHash).toBe(good.manifestHash);
    expect(stale.warnings).toEqual([expect.stringMatching(/The commit found at \S+Z is used, because the Git host/)]);
    await expect(generate(server, { repository, cacheMode: 'resolve' })).rejects.toMatchObject({ code: 'Upstream' });
    const pinned = await generate(server, { repository, source: { targetRevision: commit }, cacheMode: 'hard' });
    expect(pinned.sources).toMatchObject([{ revision: commit, stale: false }]);
  });
});

describe('the other methods', () => {
  it('answer about revisions, refs, folders and commits', async () => {
    const repository = await repositoryWith({
      'web/Chart.yaml': 'name: web\n',
      'base/kustomization.yaml': '',
      '.hidden/Chart.yaml': '',
      'plain/a.yaml': configMap('a'),
    });
    const commit = await repository.head();
    await repository.tag('v1.0.0');
    const request = { repository: { url: repository.url } };
    const { client } = server;
    expect(await client.resolveRevision({ ...request, revision: 'main' })).toMatchObject({
      commit,
      ref: 'refs/heads/main',
      ambiguousRevision: `main (${commit})`,
    });
    expect(await client.listRefs(request)).toMatchObject({ branches: ['main'], tags: ['v1.0.0'] });
    expect((await client.listApps({ ...request, revision: 'main' })).apps).toEqual({ web: 'Helm', base: 'Kustomize' });
    expect(await client.getRevisionMetadata({ ...request, revision: commit })).toMatchObject({
      author: 'Tiphys Test <test@tiphys.invalid>',
      tags: ['v1.0.0'],
    });
    const details = await client.getAppDetails({
      source: { ...request, applicationSource: { repoURL: repository.url, path: 'plain' } },
    });
    expect(details).toMatchObject({ type: 'Directory', details: { type: 'Directory' } });
    expect((await client.testRepository(request)).verified).toBe(true);
  });

  it('end when the caller gives up, while the server goes on', async () => {
    const hanging = await startGitServer();
    onTestFinished(() => hanging.stop());
    const { url } = await hanging.createRepository('app', { 'a.txt': '1' });
    hanging.setFaults({ hang: true });
    const giveUp = new AbortController();
    const call = server.client.testRepository({ repository: { url } }, giveUp.signal);
    giveUp.abort(new Error('gave up'));
    await expect(call).rejects.toThrow('gave up');
    expect(
      (await server.client.testRepository({ repository: { url: (await repositoryWith({ a: '1' })).url } })).verified,
    ).toBe(true);
  });
});
