/** Sources that need tools, through the running repo-server: renders counted, several sources, limits, leftovers. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createGenerateManifests, createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { type Lifecycle, parseConfig, silentLogger } from '@tiphys/runtime';
import {
  type Files,
  type GitRepository,
  type GitServer,
  removeDirectory,
  sharedRedis,
  startGitServer,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from './app.js';
import { ConfigSchema } from './config.js';

const stops: (() => Promise<void> | void)[] = [];
let git: GitServer;
let client: RepoServerClient;
let opsPort = 0;
const directory = temporaryDirectory('repo-server-tools');
const work = join(directory, 'data', 'work');

beforeAll(async () => {
  mkdirSync(join(work, 'render-left'), { recursive: true });
  writeFileSync(join(work, 'render-left', 'file'), 'of a process that was killed');
  const [server, redis] = await Promise.all([startGitServer(), sharedRedis()]);
  git = server;
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
      TIPHYS_TOOLS: dirname(toolPath('kustomize')),
      TIPHYS_RENDER_TIMEOUT: '4',
    },
  });
  if (config.kind !== 'config') throw new Error(JSON.stringify(config));
  const life: Lifecycle = { signal: new AbortController().signal, onStop: (_name, stop) => void stops.unshift(stop) };
  const app = await startApp({ config: config.value, log: silentLogger }, life);
  opsPort = app.opsPort;
  client = createRepoServerClient({ address: `127.0.0.1:${app.port}`, tls: undefined });
});
afterAll(async () => {
  client.close();
  for (const stop of stops) await stop();
  await git.stop();
  removeDirectory(directory);
});

async function rendered(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  return Number(/tiphys_renders_total\{result="rendered"\} (\d+)/.exec(text)?.[1] ?? 0);
}

let count = 0;
function repositoryWith(files: Files): Promise<GitRepository> {
  count += 1;
  return git.createRepository(`tools-${count}`, files);
}

type SourceSpec = Readonly<Record<string, unknown>>;

function generate(repository: GitRepository, sources: readonly SourceSpec[], settings = {}) {
  return client.generateManifests({
    appName: 'shop',
    project: 'default',
    destinationNamespace: 'shop-ns',
    kubeVersion: '1.34.0',
    cacheMode: 'resolve',
    settings,
    sources: sources.map((source) => ({
      repository: { url: repository.url },
      applicationSource: { repoURL: repository.url, ...source } as Record<string, string>,
    })),
  });
}

async function namesOf(repository: GitRepository, sources: readonly SourceSpec[], settings = {}) {
  const { manifests } = await generate(repository, sources, settings);
  return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

describe('monorepo of overlays', () => {
  const overlays = Array.from({ length: 30 }, (_, index) => `overlays/app-${index}`);
  const files: Files = {
    'bases/a/kustomization.yaml': 'resources: [map.yaml]\n',
    'bases/a/map.yaml': configMap('a'),
    'bases/b/kustomization.yaml': 'resources: [map.yaml]\n',
    'bases/b/map.yaml': configMap('b'),
    ...Object.fromEntries(
      overlays.map((path, index) => [
        `${path}/kustomization.yaml`,
        `resources: [../../bases/${index % 3 === 0 ? 'a' : 'b'}]\nnamePrefix: app-${index}-\n`,
      ]),
    ),
  };

  it('a push that changes a base renders exactly its dependents again; one that changes nothing they read none', async () => {
    const repository = await repositoryWith(files);
    const all = async (): Promise<number> => {
      const before = await rendered();
      await Promise.all(overlays.map((path) => generate(repository, [{ path }])));
      return (await rendered()) - before;
    };
    expect(await all()).toBe(30);
    expect(await all()).toBe(0);
    await repository.commit({ 'bases/a/map.yaml': `${configMap('a')}data: {changed: "yes"}\n` });
    expect(await all()).toBe(10);
    await repository.commit({ 'README.md': 'read me', 'bases/a/notes.txt': 'x', 'overlays/README.md': 'x' });
    expect(await all()).toBe(0);
    await repository.commit({ 'overlays/app-1/.argocd-source-shop.yaml': 'kustomize: {nameSuffix: -x}\n' });
    expect(await all()).toBe(1);
    expect(await namesOf(repository, [{ path: 'overlays/app-1' }])).toEqual(['app-1-b-x']);
  });
});

describe('several sources (A04, A05)', () => {
  it('of different tools are joined in order; one with only a ref renders nothing', async () => {
    const repository = await repositoryWith({
      'plain/a.yaml': configMap('plain'),
      'kust/kustomization.yaml':
        'configMapGenerator: [{name: generated, literals: [a=b]}]\ngeneratorOptions: {disableNameSuffixHash: true}\n',
      'json/a.jsonnet': `{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'jsonnet-' + std.extVar('app') } }`,
    });
    const extVars = [{ name: 'app', value: '$ARGOCD_APP_NAME' }];
    const sources = [
      { ref: 'values' },
      { path: 'json', directory: { jsonnet: { extVars } } },
      { path: 'kust' },
      { path: 'plain' },
    ];
    expect(await namesOf(repository, sources)).toEqual(['jsonnet-shop', 'generated', 'plain']);
    const { manifests, sources: described } = await generate(repository, sources);
    expect(manifests.map(({ sourceIndex }) => sourceIndex)).toEqual([1, 2, 3]);
    expect(described.map(({ sourceType }) => sourceType)).toEqual(['Directory', 'Directory', 'Kustomize', 'Directory']);
    const failing = generate(repository, [{ path: 'plain' }, { path: 'kust', kustomize: { images: ['bad'] } }]);
    await expect(failing).rejects.toThrow(/Source 2 of 2: "bad" in spec.source.kustomize.images/);
  });
});

describe('values of another source (A05, A29)', () => {
  const chart: Files = {
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/templates/a.yaml': configMap('{{ .Values.name }}'),
    'chart/values.yaml': 'name: plain\n',
  };

  it('are found when only .argocd-source.yaml names them, and followed when they change', async () => {
    const repository = await repositoryWith({
      ...chart,
      'chart/.argocd-source.yaml': 'helm: {valueFiles: [$env/values/prod.yaml]}\n',
    });
    const lender = await repositoryWith({ 'values/prod.yaml': 'name: first\n' });
    const sources = [{ path: 'chart' }, { ref: 'env', repoURL: lender.url }];
    const names = async () => {
      const { manifests } = await client.generateManifests({
        ...{ appName: 'shop', cacheMode: 'resolve', kubeVersion: '1.34.0' },
        sources: sources.map((source, index) => ({
          repository: { url: index === 0 ? repository.url : lender.url },
          applicationSource: { repoURL: repository.url, ...source },
        })),
      });
      return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
    };
    expect(await names()).toEqual(['first']);
    await lender.commit({ 'values/prod.yaml': 'name: second\n' });
    expect(await names()).toEqual(['second']);
  });
});

describe('settings and the commit', () => {
  it('a tool that is switched off leaves a directory (B02)', async () => {
    const repository = await repositoryWith({
      'kustomization.yaml': 'namePrefix: x-\nresources: [a.yaml]\n',
      'a.yaml': configMap('a'),
    });
    expect(await namesOf(repository, [{}])).toEqual(['x-a']);
    expect(await namesOf(repository, [{}], { disabledTools: ['Kustomize'] })).toEqual(['a']);
  });

  it('a revision in an annotation follows every commit (B03)', async () => {
    const repository = await repositoryWith({
      'app/kustomization.yaml': 'resources: [a.yaml]\n',
      'app/a.yaml': configMap('a'),
    });
    const kustomize = { commonAnnotations: { at: '$ARGOCD_APP_REVISION' }, commonAnnotationsEnvsubst: true };
    const at = async (): Promise<string> => {
      const { manifests } = await generate(repository, [{ path: 'app', kustomize }]);
      return (JSON.parse(manifests[0]!.json) as { metadata: { annotations: { at: string } } }).metadata.annotations.at;
    };
    expect(await at()).toBe(await repository.head());
    const commit = await repository.commit({ 'other.txt': 'x' });
    expect(await at()).toBe(commit);
  });
});

describe('remote bases (B23)', () => {
  it('are read where the project permits it, refused elsewhere, and followed when they change', async () => {
    const base = await repositoryWith({
      'deploy/kustomization.yaml': 'resources: [a.yaml]\n',
      'deploy/a.yaml': configMap('remote'),
    });
    const repository = await repositoryWith({
      'app/kustomization.yaml': `resources: ["${base.url}//deploy?ref=main"]\nnamePrefix: my-\n`,
    });
    const names = async (permittedSources: readonly string[]): Promise<readonly string[]> => {
      const { manifests } = await createGenerateManifests(client)({
        connectionFor: (url) => ({ url }),
        request: {
          appName: 'shop',
          cacheMode: 'resolve',
          permittedSources: [...permittedSources],
          sources: [
            { repository: { url: repository.url }, applicationSource: { repoURL: repository.url, path: 'app' } },
          ],
        },
      });
      return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
    };
    expect(await names(['*'])).toEqual(['my-remote']);
    const before = await rendered();
    expect(await names([base.url])).toEqual(['my-remote']);
    expect(await rendered()).toBe(before);
    const spelled = base.url.replace('http', 'HTTP').replace(/\.git$/, '/');
    expect(await names([spelled])).toEqual(['my-remote']);
    for (const permitted of [[], [repository.url], ['*', `!${base.url}`], ['*', `!${spelled}`]]) {
      await expect(names(permitted)).rejects.toMatchObject({ code: 'PermissionDenied' });
    }
    await base.commit({ 'deploy/a.yaml': configMap('changed') });
    expect(await names(['*'])).toEqual(['my-changed']);
  });
});

describe('limits', () => {
  it('R9 a render that never ends is stopped, others go on, and no work folder stays', async () => {
    expect(existsSync(join(work, 'render-left'))).toBe(false);
    const repository = await repositoryWith({
      'slow/a.jsonnet': 'std.foldl(function(a, b) a + b, std.range(1, 1000000000), 0)',
      'good/kustomization.yaml': 'resources: [a.yaml]\n',
      'good/a.yaml': configMap('good'),
    });
    const slow = generate(repository, [{ path: 'slow' }]);
    const outcome = expect(slow).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/jsonnet (did not finish within 4 s|needed more memory)/) as string,
    });
    expect(await namesOf(repository, [{ path: 'good' }])).toEqual(['good']);
    await outcome;
    expect(readdirSync(work)).toEqual([]);
  });
});
