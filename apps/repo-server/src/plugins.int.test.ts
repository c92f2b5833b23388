/** Plugins through the running repo-server: cached by what they are sent, failures repeated, announced parameters (B29-B34). */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPluginService, parsePluginConfig, startPluginServer } from '@tiphys/manifests';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { type Lifecycle, parseConfig, silentLogger } from '@tiphys/runtime';
import {
  type Files,
  type GitRepository,
  type GitServer,
  removeDirectory,
  sharedRedis,
  startGitServer,
  temporaryDirectory,
} from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from './app.js';
import { aliases, ConfigSchema } from './config.js';

const stops: (() => Promise<void> | void)[] = [];
let git: GitServer;
let client: RepoServerClient;
let opsPort = 0;
const directory = temporaryDirectory('repo-server-plugins');
const sockets = join(directory, 'sockets');
/** A line for each run of the failing plugin. */
const counter = join(directory, 'counter');

beforeAll(async () => {
  mkdirSync(sockets);
  const [server, redis] = await Promise.all([startGitServer(), sharedRedis()]);
  git = server;
  const config = parseConfig(ConfigSchema, {
    ...{ name: 'repo-server', argv: [], aliases },
    env: {
      TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
      TIPHYS_REDIS_PASSWORD: redis.password,
      TIPHYS_CACHE_KEY: directory.padEnd(40, '.'),
      TIPHYS_INSECURE_PLAINTEXT: 'true',
      TIPHYS_DATA_DIR: join(directory, 'data'),
      TIPHYS_LISTEN: '127.0.0.1:0',
      TIPHYS_METRICS_LISTEN: '127.0.0.1:0',
      ARGOCD_PLUGINSOCKFILEPATH: sockets,
      ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS: 'docs; *.md',
      ARGOCD_REPO_SERVER_PLUGIN_USE_MANIFEST_GENERATE_PATHS: 'true',
    },
  });
  if (config.kind !== 'config') throw new Error(JSON.stringify(config));
  const life: Lifecycle = { signal: new AbortController().signal, onStop: (_name, stop) => void stops.unshift(stop) };
  const app = await startApp({ config: config.value, log: silentLogger }, life);
  opsPort = app.opsPort;
  client = createRepoServerClient({ address: `127.0.0.1:${app.port}`, tls: undefined });
  await serve(
    'files',
    'find .. ! -type d | sort | sed "s/.*/kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: \'&\'}\\n---/"',
  );
  await serve('failing', 'echo x >> "$COUNTER"; echo "refused: $(cat reason)" >&2; exit 1');
});
afterAll(async () => {
  client.close();
  for (const stop of stops) await stop();
  await git.stop();
  removeDirectory(directory);
});

const MIB = 1024 * 1024;

async function serve(name: string, script: string): Promise<void> {
  const parameters = { static: [{ name: 'size', string: 'm' }] };
  const spec = parsePluginConfig(
    JSON.stringify({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'ConfigManagementPlugin', metadata: { name } },
      spec: { generate: { command: ['sh', '-c', script] }, parameters },
    }),
    'plugin.yaml',
  );
  const service = createPluginService({
    ...{ spec, wrapper: [], parallelism: 4, environment: { PATH: '/usr/bin:/bin', COUNTER: counter } },
    limits: {
      ...{ folder: join(directory, `work-${name}`), maxBytes: MIB, maxFiles: 100, maxOutputBytes: MIB },
      ...{ timeoutMs: 30_000, graceMs: 0, memoryBytes: MIB },
    },
  });
  const server = await startPluginServer({ socket: join(sockets, `${name}.sock`), spec, service, log: silentLogger });
  stops.push(() => server.stop(0));
}

async function rendered(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  return Number(/tiphys_renders_total\{result="rendered"\} (\d+)/.exec(text)?.[1] ?? 0);
}

let count = 0;
function repositoryWith(files: Files): Promise<GitRepository> {
  count += 1;
  return git.createRepository(`plugins-${count}`, files);
}

const sourceOf = (repository: GitRepository, name: string) => ({
  repository: { url: repository.url },
  applicationSource: { repoURL: repository.url, path: 'app', plugin: { name } },
});

async function namesOf(repository: GitRepository, name: string, manifestGeneratePaths = '') {
  const { manifests } = await client.generateManifests({
    ...{ appName: 'shop', project: 'default', destinationNamespace: 'shop-ns', cacheMode: 'resolve' },
    manifestGeneratePaths,
    sources: [sourceOf(repository, name)],
  });
  return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
}

const files: Files = { 'app/value': '1', 'lib/shared': '2', 'other/x': '3', 'docs/long': '4', 'README.md': '5' };

it('a plugin gets the repository without what is excluded, and is asked again for each commit', async () => {
  const repository = await repositoryWith(files);
  const before = await rendered();
  expect(await namesOf(repository, 'files')).toEqual(['../app/value', '../lib/shared', '../other/x']);
  await namesOf(repository, 'files');
  expect((await rendered()) - before).toBe(1);
  await repository.commit({ 'other/x': '4' });
  await namesOf(repository, 'files');
  expect((await rendered()) - before).toBe(2);
});

it('with manifest-generate-paths, commits that change nothing of these render nothing', async () => {
  const repository = await repositoryWith(files);
  const before = await rendered();
  expect(await namesOf(repository, 'files', '.;/lib')).toEqual(['../app/value', '../lib/shared']);
  await repository.commit({ 'other/x': '4' });
  expect(await namesOf(repository, 'files', '.;/lib')).toEqual(['../app/value', '../lib/shared']);
  expect((await rendered()) - before).toBe(1);
  await repository.commit({ 'lib/more': '5' });
  expect(await namesOf(repository, 'files', '.;/lib')).toEqual(['../app/value', '../lib/more', '../lib/shared']);
  expect((await rendered()) - before).toBe(2);
});

it('a failure is repeated without asking again, until an input changes (L07)', async () => {
  const repository = await repositoryWith({ 'app/reason': 'monday' });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await expect(namesOf(repository, 'failing')).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: 'The generate command of the plugin failing failed with exit code 1: refused: monday',
    });
  }
  expect(readFileSync(counter, 'utf8')).toBe('x\n'.repeat(3));
  await repository.commit({ 'app/reason': 'tuesday' });
  await expect(namesOf(repository, 'failing')).rejects.toThrow('refused: tuesday');
});

it('a plugin that does not run is named, with those that do', async () => {
  const repository = await repositoryWith(files);
  await expect(namesOf(repository, 'vault')).rejects.toThrow('There is no plugin "vault". These run: failing, files.');
});

it('the plugins that run are listed (N14)', async () => {
  expect((await client.listPlugins({})).names).toEqual(['failing', 'files']);
});

it('details of a source hold the parameters that its plugin announces (B32)', async () => {
  const repository = await repositoryWith(files);
  const { type, details } = await client.getAppDetails({ source: sourceOf(repository, 'files'), appName: 'shop' });
  expect({ type, plugin: details?.['plugin'] }).toEqual({
    type: 'Plugin',
    plugin: { parametersAnnouncement: [{ name: 'size', string: 'm' }] },
  });
});
