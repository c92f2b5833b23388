/** The running repo-server with charts: of Git, of a registry, with values of another repository; counted renders. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { type Lifecycle, loadTlsMaterial, parseConfig, silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  type Files,
  filesOf,
  type GitServer,
  type Registry,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRegistry,
  temporaryDirectory,
  toolPath,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../app.js';
import { ConfigSchema } from '../config.js';

const helm = toolPath('helm');
const work = temporaryDirectory('repo-server-charts');
const stops: (() => Promise<void> | void)[] = [];
let git: GitServer;
let registry: Registry;
let client: RepoServerClient;
let metrics: () => Promise<string>;

beforeAll(async () => {
  const tlsDir = join(work, 'tls');
  writeTlsDir(tlsDir, createCertificateAuthority(), {
    commonName: 'repo-server',
    sans: ['repo-server', 'localhost', '127.0.0.1'],
  });
  const redis = await sharedRedis();
  const config = parseConfig(ConfigSchema, {
    name: 'repo-server',
    argv: [],
    env: {
      TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
      TIPHYS_REDIS_PASSWORD: redis.password,
      TIPHYS_CACHE_KEY: work.padEnd(40, '.'),
      TIPHYS_TLS_DIR: tlsDir,
      TIPHYS_TOOLS: dirname(helm),
      TIPHYS_DATA_DIR: join(work, 'data'),
      TIPHYS_LISTEN: '127.0.0.1:0',
      TIPHYS_METRICS_LISTEN: '127.0.0.1:0',
    },
  });
  if (config.kind !== 'config') throw new Error(JSON.stringify(config));
  const life: Lifecycle = { signal: new AbortController().signal, onStop: (_name, stop) => void stops.unshift(stop) };
  const app = await startApp({ config: config.value, log: silentLogger }, life);
  client = createRepoServerClient({ address: `127.0.0.1:${app.port}`, tls: loadTlsMaterial(tlsDir) });
  metrics = async () => (await fetch(`http://127.0.0.1:${app.opsPort}/metrics`)).text();
  [git, registry] = await Promise.all([startGitServer(), startRegistry()]);
});
afterAll(async () => {
  client.close();
  for (const stop of stops) await stop();
  await Promise.all([git.stop(), registry.stop()]);
  removeDirectory(work);
});

const chart = (name: string, version: string): Files => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
  'values.yaml': 'text: chart\n',
  'templates/cm.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {text: "{{ .Values.text }}", version: "{{ .Chart.Version }}"}\n',
});
const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));

function push(name: string, version: string): void {
  const folder = join(work, `${name}-${version}`, name);
  for (const [path, content] of Object.entries(chart(name, version))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), String(content));
  }
  execFileSync(helm, ['package', folder, '-d', work], { env: { HOME: work, PATH: '/usr/bin' }, stdio: 'pipe' });
  registry.pushChart(join(work, `${name}-${version}.tgz`), 'charts');
}

type Source = NonNullable<Parameters<RepoServerClient['generateManifests']>[0]['sources']>;

async function generate(sources: Source, cacheMode = 'resolve') {
  const answer = await client.generateManifests({ appName: 'app', destinationNamespace: 'ns', sources, cacheMode });
  const data = answer.manifests.map(({ json }) => (JSON.parse(json) as { data: unknown }).data);
  return { data, sources: answer.sources, warnings: answer.warnings };
}

async function rendered(): Promise<number> {
  const lines = (await metrics()).split('\n').filter((line) => line.includes('render') && line.includes('"rendered"'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('charts through the repo-server', () => {
  it('A05 a push to the values of another repository renders again, one beside them does not', async () => {
    const charts = await git.createRepository('charts', below('web', chart('web', '1.0.0')));
    const values = await git.createRepository('values', { 'prod.yaml': 'text: prod\n', 'dev.yaml': 'text: dev\n' });
    const helmOptions = { valueFiles: ['$values/prod.yaml'] };
    const sources = [
      { repository: { url: charts.url }, applicationSource: { repoURL: charts.url, path: 'web', helm: helmOptions } },
      { repository: { url: values.url }, applicationSource: { repoURL: values.url, ref: 'values' } },
    ];
    expect((await generate(sources)).data).toEqual([{ text: 'prod', version: '1.0.0' }]);
    const before = await rendered();
    await values.commit({ 'dev.yaml': 'text: other\n' });
    expect((await generate(sources)).sources[0]).toMatchObject({ cached: true, sourceType: 'Helm' });
    expect(await rendered()).toBe(before);
    await values.commit({ 'prod.yaml': 'text: new\n' });
    expect((await generate(sources)).data).toEqual([{ text: 'new', version: '1.0.0' }]);
    expect(await rendered()).toBe(before + 1);
  });

  it('A09 a range follows new versions in a registry, whose version is the revision', async () => {
    push('shop', '1.0.0');
    const repository = { url: `${registry.host}/charts`, type: 'helm', insecureOciForceHttp: true };
    const applicationSource = { repoURL: repository.url, chart: 'shop', targetRevision: '1.*' };
    const ask = () => generate([{ repository, applicationSource }]);
    expect(await ask()).toMatchObject({
      data: [{ version: '1.0.0' }],
      sources: [{ revision: '1.0.0', cached: false }],
    });
    expect(await ask()).toMatchObject({ sources: [{ revision: '1.0.0', cached: true }] });
    push('shop', '1.1.0');
    const resolved = await client.resolveRevision({ repository, chart: 'shop', revision: '1.*', cacheMode: 'resolve' });
    expect(resolved).toMatchObject({ commit: '1.1.0', ambiguousRevision: '1.* (1.1.0)' });
    expect(await ask()).toMatchObject({
      data: [{ version: '1.1.0' }],
      sources: [{ revision: '1.1.0', cached: false }],
    });
    expect(await client.testRepository({ repository })).toMatchObject({ verified: true });
  });

  it('values of a Git source for a chart of a registry', async () => {
    push('mixed', '0.1.0');
    const values = await git.createRepository('mixed-values', { 'a.yaml': 'text: from Git\n' });
    const url = `oci://${registry.host}/charts`;
    const { data } = await generate([
      {
        repository: { url, type: 'helm', insecureOciForceHttp: true },
        applicationSource: {
          repoURL: url,
          chart: 'mixed',
          targetRevision: '0.1.0',
          helm: { valueFiles: ['$git/a.yaml'] },
        },
      },
      { repository: { url: values.url }, applicationSource: { repoURL: values.url, ref: 'git' } },
    ]);
    expect(data).toEqual([{ text: 'from Git', version: '0.1.0' }]);
  });

  it('the example renders', async () => {
    const example = filesOf(join(import.meta.dirname, '../../../../examples/helm-guestbook'));
    const repository = await git.createRepository('example', below('helm-guestbook', example));
    const { manifests } = await client.generateManifests({
      appName: 'guestbook',
      destinationNamespace: 'ns',
      sources: [
        {
          repository: { url: repository.url },
          applicationSource: {
            repoURL: repository.url,
            path: 'helm-guestbook',
            helm: { valueFiles: ['values-production.yaml'] },
          },
        },
      ],
    });
    expect(manifests.map(({ origin }) => origin).sort()).toEqual([
      'helm-guestbook/templates/deployment.yaml',
      'helm-guestbook/templates/service.yaml',
    ]);
  });

  it('two sources with one ref, or a chart that is to lend files, are refused', async () => {
    push('lender', '1.0.0');
    const { url } = await git.createRepository('refused', below('web', chart('web', '1.0.0')));
    const source = (spec: object) => ({ repository: { url }, applicationSource: { repoURL: url, ...spec } });
    await expect(generate([source({ ref: 'a' }), source({ ref: 'a' })])).rejects.toThrow(
      /Two sources have the ref "a"/,
    );
    const from = `${registry.host}/charts`;
    const lender = {
      repository: { url: from, type: 'helm', insecureOciForceHttp: true },
      applicationSource: { repoURL: from, chart: 'lender', targetRevision: '1.0.0', ref: 'c' },
    };
    const borrower = source({ path: 'web', helm: { valueFiles: ['$c/values.yaml'] } });
    await expect(generate([borrower, lender])).rejects.toThrow(/only Git and OCI sources can lend/);
  });
});
