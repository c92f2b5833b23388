/** What the repo-server tells of sources, charts and folders of registries, in Argo CD's shapes (B28, N02, N11). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import {
  type Files,
  type GitServer,
  type Registry,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRegistry,
  tarGzip,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from '../testing/running.js';

const helm = toolPath('helm');
const work = temporaryDirectory('details');
const env = { HOME: work, PATH: '/usr/bin' };
let git: GitServer;
let registry: Registry;
let server: RunningRepoServer;
let host: Server;

const CHART: Files = {
  'Chart.yaml':
    'apiVersion: v2\nname: web\nversion: 1.2.0\ndescription: A shop\nhome: https://shop.example\nmaintainers:\n- {name: Ann, email: ann@example.com}\n- {name: Bob, url: https://bob.example}\n',
  'values.yaml': 'image: {tag: v1}\nhosts: [a, b]\n"with.dot": 1\nempty:\nflag: true\n',
  'values-prod.yaml': 'image: {tag: v2}\nreplicas: 3\n',
  'ci/other-values.yaml': 'deep: 1\n',
  'templates/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
};

beforeAll(async () => {
  const redis = await sharedRedis();
  server = await startRunning({ redis, directory: work, tools: dirname(helm) });
  [git, registry] = await Promise.all([startGitServer(), startRegistry()]);
  for (const [path, content] of Object.entries(CHART)) {
    mkdirSync(dirname(join(work, 'web', path)), { recursive: true });
    writeFileSync(join(work, 'web', path), String(content));
  }
  mkdirSync(join(work, 'index'));
  execFileSync(helm, ['package', join(work, 'web'), '-d', join(work, 'index')], { env, stdio: 'pipe' });
  execFileSync(helm, ['repo', 'index', join(work, 'index')], { env });
  registry.pushChart(join(work, 'index/web-1.2.0.tgz'), 'charts');
  host = createServer(({ url = '' }, response) => {
    const name = url.slice(url.lastIndexOf('/') + 1);
    response.end(readFileSync(join(work, 'index', name)));
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await Promise.all([server.stop(), git.stop(), registry.stop()]);
  host.closeAllConnections();
  await new Promise((resolve) => host.close(resolve));
  removeDirectory(work);
});

const helmUrl = (): string => `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
const oci = (path: string) => ({ url: `oci://${registry.host}/${path}`, insecureOciForceHttp: true });

async function detailsOf(files: Files, source: object = {}) {
  const { url } = await git.createRepository(`details-${Object.keys(files).length}-${Math.random()}`, files);
  const answer = await server.client.getAppDetails({
    source: { repository: { url }, applicationSource: { repoURL: url, path: '.', ...source } },
    appName: 'app',
  });
  expect(answer.type).toBe((answer.details as { type: string }).type);
  return answer.details;
}

describe('GetAppDetails', () => {
  it('of a chart has its value files, and its parameters with those of the files that the source names', async () => {
    const helmSource = {
      valueFiles: ['values-prod.yaml', 'gone.yaml'],
      fileParameters: [{ name: 'config', path: 'Chart.yaml' }],
    };
    expect(await detailsOf(CHART, { helm: helmSource })).toEqual({
      type: 'Helm',
      helm: {
        name: 'web',
        valueFiles: ['values-prod.yaml', 'values.yaml'],
        values: CHART['values.yaml'],
        parameters: [
          { name: 'empty', value: '' },
          { name: 'flag', value: 'true' },
          { name: 'hosts[0]', value: 'a' },
          { name: 'hosts[1]', value: 'b' },
          { name: 'image.tag', value: 'v2' },
          { name: 'replicas', value: '3' },
          { name: 'with\\.dot', value: '1' },
        ],
        fileParameters: [{ name: 'config', path: 'Chart.yaml' }],
      },
    });
  });

  it('of a chart in a Helm repository or registry', async () => {
    const sources = [
      { repository: { url: helmUrl(), type: 'helm' }, source: { chart: 'web', targetRevision: '1.*' } },
      { repository: { ...oci('charts'), type: 'helm' }, source: { chart: 'web', targetRevision: '1.2.0' } },
      { repository: { ...oci('charts/web'), type: 'oci' }, source: { path: '.', targetRevision: '1.2.0' } },
    ];
    for (const { repository, source } of sources) {
      const answer = await server.client.getAppDetails({
        source: { repository, applicationSource: { repoURL: repository.url, ...source } },
      });
      expect(answer.details).toMatchObject({ type: 'Helm', helm: { name: 'web', values: CHART['values.yaml'] } });
    }
  });

  it('of a kustomization has the images of what it renders', async () => {
    const pod = (image: string) => ({
      containers: [{ name: 'a', image }],
      initContainers: [{ name: 'i', image: 'busybox' }],
    });
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
      spec: { template: { spec: pod('shop:v1') } },
    };
    const files = {
      'kustomization.yaml': 'resources: [web.yaml]\nimages: [{name: shop, newTag: v9}]\n',
      'web.yaml': JSON.stringify(deployment),
    };
    expect(await detailsOf(files)).toEqual({ type: 'Kustomize', kustomize: { images: ['busybox', 'shop:v9'] } });
    const broken = { ...files, 'web.yaml': 'kind: [' };
    expect(await detailsOf(broken)).toEqual({ type: 'Kustomize', kustomize: { images: [] } });
  });

  it('of a folder of manifests, and of one that is not there', async () => {
    const files = { 'a.yaml': 'kind: x\n' };
    expect(await detailsOf(files)).toEqual({ type: 'Directory', directory: {} });
    await expect(detailsOf(files, { path: 'nope' })).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('metadata', () => {
  it('of a chart is what Chart.yaml says', async () => {
    const expected = {
      ...{ description: 'A shop', home: 'https://shop.example' },
      maintainers: ['Ann <ann@example.com>', 'Bob (https://bob.example)'],
    };
    for (const repository of [
      { url: helmUrl(), type: 'helm' },
      { ...oci('charts'), type: 'helm' },
    ]) {
      const answer = await server.client.getChartMetadata({ repository, chart: 'web', revision: '1.2.0' });
      expect(answer).toMatchObject(expected);
    }
    const repository = { url: helmUrl(), type: 'helm' };
    await expect(server.client.getChartMetadata({ repository, chart: 'web', revision: '9.0.0' })).rejects.toThrow(
      /has no version of web that is "9\.0\.0"/,
    );
  });

  it('of a folder in a registry are its annotations (B28)', async () => {
    const digest = await registry.pushArtifact({
      ...{ name: 'team/app', tag: '2.0.0', layers: [{ bytes: tarGzip({ 'a.yaml': 'x' }) }] },
      annotations: {
        'org.opencontainers.image.created': '2026-01-01T00:00:00Z',
        'org.opencontainers.image.authors': 'Ann',
        'org.opencontainers.image.url': 'https://app.example',
        'org.opencontainers.image.documentation': 'https://docs.example',
        'org.opencontainers.image.source': 'https://git.example/app',
        'org.opencontainers.image.version': '2.0.0',
        'org.opencontainers.image.description': 'An app',
      },
    });
    for (const revision of [digest, '2.0.0', '2.x']) {
      expect(await server.client.getOciMetadata({ repository: oci('team/app'), revision })).toMatchObject({
        ...{ createdAt: '2026-01-01T00:00:00Z', authors: 'Ann', imageUrl: 'https://app.example' },
        ...{ docsUrl: 'https://docs.example', sourceUrl: 'https://git.example/app' },
        ...{ version: '2.0.0', description: 'An app' },
      });
    }
  });

  it('lists: charts of a Helm repository, tags of a registry', async () => {
    const { charts } = await server.client.listCharts({ repository: { url: helmUrl(), type: 'helm' } });
    expect(charts).toMatchObject([{ name: 'web', versions: ['1.2.0'] }]);
    expect(await server.client.listRefs({ repository: oci('charts/web') })).toMatchObject({ tags: ['1.2.0'] });
    await expect(server.client.listCharts({ repository: { ...oci('charts'), type: 'helm' } })).rejects.toThrow(
      /has no list of charts/,
    );
    expect(await server.client.testRepository({ repository: oci('charts/web') })).toMatchObject({ verified: true });
  });

  it('is not asked of the wrong kind of repository', async () => {
    const repository = { url: 'https://git.example/a.git' };
    await expect(server.client.getOciMetadata({ repository })).rejects.toMatchObject({ code: 'InvalidSpec' });
    await expect(server.client.getChartMetadata({ repository })).rejects.toMatchObject({ code: 'InvalidSpec' });
  });
});
