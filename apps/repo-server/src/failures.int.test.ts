/** The repo-server while Redis or a Git host fails, and what it says when a render exceeds a limit. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Files,
  type GitRepository,
  type GitServer,
  type RedisServer,
  redisCommand,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRedis,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const tools = dirname(toolPath('helm'));
const manifest = (name: string, data = '{}'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: ${data}\n`;

let git: GitServer;
beforeAll(async () => {
  git = await startGitServer();
});
afterAll(async () => {
  await git.stop();
  // A request that hung may have made its folder again.
  for (const directory of directories) removeDirectory(directory);
});
const directories: string[] = [];

/** Stopped and cleaned up when the test ends. */
async function start(redis: RedisServer | undefined, settings: Readonly<Record<string, string>> = {}) {
  const directory = temporaryDirectory('failures');
  directories.push(directory);
  const server = await startRunning({ redis: redis ?? (await sharedRedis()), directory, tools, settings });
  onTestFinished(async () => {
    await server.stop();
    removeDirectory(directory);
  });
  return { ...server, work: join(directory, 'data', 'work') };
}

let count = 0;
function repositoryWith(files: Files): Promise<GitRepository> {
  count += 1;
  return git.createRepository(`failures-${count}`, files);
}

interface Asked {
  readonly source?: Readonly<Record<string, unknown>>;
  readonly cacheMode?: string;
  readonly resolvedAfterMs?: number;
}

function generate(server: RunningRepoServer, { url }: GitRepository, asked: Asked = {}) {
  const applicationSource = { repoURL: url, ...asked.source } as Record<string, string>;
  return server.client.generateManifests({
    appName: 'app',
    destinationNamespace: 'ns',
    cacheMode: asked.cacheMode ?? 'resolve',
    resolvedAfterMs: BigInt(asked.resolvedAfterMs ?? 0),
    sources: [{ repository: { url }, applicationSource }],
  });
}

const namesIn = (manifests: readonly { readonly json: string }[]): readonly string[] =>
  manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);

describe('Redis', () => {
  it('R2 gone: manifests are rendered and answered all the same, also new ones', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const server = await start(redis);
    const known = await repositoryWith({ 'a.yaml': manifest('known') });
    expect(namesIn((await generate(server, known)).manifests)).toEqual(['known']);
    await redis.stop();
    expect((await generate(server, known)).sources).toMatchObject([{ cached: true }]);
    const unknown = await repositoryWith({ 'a.yaml': manifest('unknown') });
    expect(namesIn((await generate(server, unknown)).manifests)).toEqual(['unknown']);
    const many = Array.from({ length: 20 }, (_, index) => repositoryWith({ 'a.yaml': manifest(`n${index}`) }));
    const answers = await Promise.all(many.map(async (repository) => generate(server, await repository)));
    expect(answers.flatMap(({ manifests }) => namesIn(manifests))).toHaveLength(20);
  });

  it('S3 R3 changed by somebody else, or copied to another key: the values are misses, and rendered again', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const shared = { TIPHYS_CACHE_KEY: 'shared-by-all-replicas'.padEnd(40, '.') };
    const first = await start(redis, shared);
    const repository = await repositoryWith({ 'a/a.yaml': manifest('a'), 'b/b.yaml': manifest('b') });
    const ask = async (server: RunningRepoServer, path: string) => {
      const { manifests, sources } = await generate(server, repository, { source: { path } });
      return { names: namesIn(manifests), cached: sources[0]?.cached };
    };
    for (const path of ['a', 'b']) await ask(first, path);
    const keys = (await redisCommand(redis, ['KEYS', '*mfst:1:*']))
      .split('\r\n')
      .filter((line) => line.includes('mfst:'));
    expect(keys).toHaveLength(2);
    const [one = '', other = ''] = keys;
    await redisCommand(redis, ['COPY', one, other, 'REPLACE']);
    await redisCommand(redis, ['SETRANGE', one, '40', 'x']);
    const second = await start(redis, shared);
    expect(await ask(second, 'a')).toEqual({ names: ['a'], cached: false });
    expect(await ask(second, 'b')).toEqual({ names: ['b'], cached: false });
    const third = await start(redis, shared);
    expect(await ask(third, 'a')).toEqual({ names: ['a'], cached: true });
    expect(await ask(third, 'b')).toEqual({ names: ['b'], cached: true });
  });
});

describe('a Git host', () => {
  const faults = [
    { name: 'that is slow (30 s)', fault: { latencyMs: 30_000 }, message: /did not answer|in time|timed? ?out|within/ },
    { name: 'that answers 429', fault: { status: 429 }, message: /The host limits requests\. It is asked again/ },
    { name: 'that answers 503', fault: { status: 503 }, message: /503|reach/ },
  ];

  it.each(faults)('R8 $name: a typed error, and the last good manifests with their age', async ({ fault, message }) => {
    const host = await startGitServer();
    const server = await start(undefined, { TIPHYS_GIT_LIST_TIMEOUT: '4' });
    // Before the server: what it still waits for ends.
    onTestFinished(() => host.stop());
    const repository = await host.createRepository('app', { 'a.yaml': manifest('a') });
    const commit = await repository.head();
    const good = await generate(server, repository);
    const never = await host.createRepository('never', { 'a.yaml': manifest('a') });
    host.setFaults(fault);
    const failing = generate(server, never);
    await expect(failing).rejects.toMatchObject({ name: 'GitOpsError', code: 'Upstream' });
    await expect(failing).rejects.toThrow(message);
    const stale = await generate(server, repository, { cacheMode: '', resolvedAfterMs: Date.now() + 1 });
    expect(stale.sources).toMatchObject([{ revision: commit, stale: true }]);
    expect(stale.manifestHash).toBe(good.manifestHash);
    expect(stale.warnings).toEqual([expect.stringMatching(/^The commit found at \d{4}-\S+Z is used, because/)]);
    const elsewhere = await repositoryWith({ 'a.yaml': manifest('elsewhere') });
    const otherHost = { ...elsewhere, url: elsewhere.url.replace('127.0.0.1', 'localhost') };
    expect(namesIn((await generate(server, otherHost)).manifests)).toEqual(['elsewhere']);
  });

  it('R8 that fails in one of two sources: no manifests of the other', async () => {
    const host = await startGitServer();
    const server = await start(undefined, { TIPHYS_GIT_LIST_TIMEOUT: '4' });
    // Before the server: what it still waits for ends.
    onTestFinished(() => host.stop());
    const [one, other] = [
      await repositoryWith({ 'a.yaml': manifest('a') }),
      await host.createRepository('b', { 'a.yaml': manifest('b') }),
    ];
    host.setFaults({ status: 503 });
    const sources = [one, other].map(({ url }) => ({ repository: { url }, applicationSource: { repoURL: url } }));
    await expect(server.client.generateManifests({ appName: 'app', sources })).rejects.toThrow(/^Source 2 of 2: /);
    // The other source was not given up; nothing may go on when the folder is removed.
    expect(namesIn((await generate(server, one)).manifests)).toEqual(['a']);
  });
});

const chart = (template: string): Files => ({
  'Chart.yaml': 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
  'templates/a.yaml': template,
});
const kustomize = (files: Files): Files => ({ 'kustomization.yaml': 'resources: [a.yaml]\n', ...files });
const credential = ['ghp', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('_');

interface Limit {
  readonly name: string;
  readonly files: Files;
  readonly message: RegExp;
  /** Seconds that a tool may take. */
  readonly timeout?: string;
}

const limits: readonly Limit[] = [
  {
    name: 'bytes of one file',
    files: { 'a.yaml': `${manifest('a')}# ${'x'.repeat(11 * 1024 * 1024)}` },
    message: /a\.yaml: .*10485760 bytes.*exclude the file/,
  },
  {
    name: 'bytes of all files',
    files: Object.fromEntries(
      [1, 2, 3].map((index) => [`${index}.yaml`, `${manifest('a')}# ${'x'.repeat(4 * 1024 * 1024)}`]),
    ),
    message: /3\.yaml: .*10485760 bytes together/,
  },
  {
    name: 'files of a chart',
    files: {
      ...chart(manifest('a')),
      ...Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`templates/x/${index}.txt`, 'x'])),
    },
    message: /has more than 20000 files\. Leave files out with \.helmignore/,
  },
  {
    name: 'output',
    timeout: '2',
    files: chart(`{{ range until 500000 }}{{ printf "# %0200d" . }}\n{{ end }}${manifest('a')}`),
    message: /wrote more than 67108864 bytes and was stopped\. Split the application|did not finish within 2 s/,
  },
  {
    name: 'time',
    timeout: '2',
    files: { 'a.jsonnet': 'local f(n) = if n == 0 then 0 else f(n - 1) + f(n - 1); f(60)' },
    message: /jsonnet did not finish within 2 s and was stopped\. Make the source smaller/,
  },
  {
    name: 'memory',
    timeout: '2',
    files: { 'a.jsonnet': 'local g(s) = g(s + s) tailstrict; g("abcdefgh")' },
    message: /needed more memory than the 256 MiB|did not finish within/,
  },
  {
    name: 'secrets in what Helm says',
    files: chart(
      `{{ fail "https://robot:${credential}@git.example.org/x?token=${credential} Authorization: Bearer ${credential}" }}`,
    ),
    message: /templates\/a\.yaml.*https:\/\/\*\*\*@git\.example\.org/s,
  },
  {
    name: 'folders in what kustomize says',
    files: kustomize({ 'a.yaml': 'not: [a manifest' }),
    message: /kustomize failed with exit code 1\. It said: .*a\.yaml/s,
  },
  {
    name: 'folders in what Jsonnet says',
    files: { 'a.jsonnet': 'error std.thisFile' },
    message: /RUNTIME ERROR: \.?\/?a\.jsonnet/,
  },
];

describe("a render that fails says why, and nothing of this machine or of anybody's secrets", () => {
  it.each(limits)('$name', async ({ files, message, timeout = '30' }) => {
    const server = await start(undefined, { TIPHYS_RENDER_TIMEOUT: timeout, TIPHYS_RENDER_MEMORY_MIB: '256' });
    const failing = generate(server, await repositoryWith(files));
    await expect(failing).rejects.toMatchObject({ name: 'GitOpsError', code: 'ManifestGeneration' });
    const text = await failing.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(text).toMatch(message);
    expect(text).not.toMatch(/\/tmp\/|render-|goroutine|node_modules/);
    expect(text).not.toContain(credential);
    expect(text.length).toBeLessThan(10_000);
    expect(existsSync(server.work) ? readdirSync(server.work) : []).toEqual([]);
  });

  it('L07 and is answered from memory after three attempts, until an input changes or somebody insists', async () => {
    const server = await start(undefined);
    const repository = await repositoryWith(chart('{{ fail "no" }}'));
    const runs = () => server.metric('tiphys_renders_total{result="failed"}');
    const messages = new Set<string>();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      messages.add(
        await generate(server, repository).then(
          () => '',
          (error: Error) => error.message,
        ),
      );
    }
    expect([...messages]).toEqual([expect.stringMatching(/templates\/a\.yaml.*no/s)]);
    expect(await runs()).toBe(6);
    await repository.commit({ 'README.md': 'x' });
    await expect(generate(server, repository)).rejects.toThrow(/no/);
    await repository.commit({ 'templates/a.yaml': manifest('fixed') });
    expect(namesIn((await generate(server, repository)).manifests)).toEqual(['fixed']);
  });
});
