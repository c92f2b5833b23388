/** `helmCharts` of Helm repositories and registries (B22): equal to what kustomize prints when it fetches them itself, and under the rules of the project. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseManifests } from '@tiphys/model/yaml';
import { type Registry, removeDirectory, startRegistry, temporaryDirectory, toolPath } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChartClient, planRender, type RunningChartClient } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, treeOf } from '../testing/memory-tree.js';

const run = promisify(execFile);
const helm = toolPath('helm');
const work = temporaryDirectory('kustomize-charts');
const archives = join(work, 'archives');
const env = { HOME: work, PATH: '/usr/bin:/bin' };
const { signal } = new AbortController();
const tools = installedTools(toolPath('kustomize'));
let host: Server;
let registry: Registry;
let client: RunningChartClient;
const requests: string[] = [];

function packageChart(version: string): void {
  const folder = join(work, version, 'demo');
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: demo\nversion: ${version}\n`);
  writeFileSync(join(folder, 'values.yaml'), 'text: chart\n');
  const data = 'data: {text: "{{ .Values.text }}", version: "{{ .Chart.Version }}"}';
  const name = '{{ .Release.Name }}-demo';
  writeFileSync(
    join(folder, 'templates/cm.yaml'),
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "${name}", namespace: "{{ .Release.Namespace }}"}\n${data}\n`,
  );
  execFileSync(helm, ['package', folder, '-d', archives], { env, stdio: 'pipe' });
}

beforeAll(async () => {
  mkdirSync(archives);
  for (const version of ['1.0.0', '1.1.0']) packageChart(version);
  execFileSync(helm, ['repo', 'index', archives], { env });
  host = createServer(({ url = '' }, response) => {
    requests.push(url);
    response.end(readFileSync(join(archives, url.slice(url.lastIndexOf('/') + 1))));
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  registry = await startRegistry();
  registry.pushChart(join(archives, 'demo-1.0.0.tgz'), 'charts');
  client = createChartClient({ folder: join(work, 'store'), timeoutMs: 10_000 });
});
afterAll(async () => {
  await Promise.all([registry.stop(), client.close()]);
  host.closeAllConnections();
  await new Promise((resolve) => host.close(resolve));
  tools.remove();
  removeDirectory(work);
});

const hostUrl = (): string => `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
const chart = (repo: string, version: string, more = ''): Files => ({
  'app/kustomization.yaml': `namePrefix: p-\nhelmCharts:\n- {name: demo, repo: "${repo}", version: "${version}", releaseName: r, namespace: ns${more}}\n`,
});

interface Given {
  readonly permits?: (url: string) => boolean;
  readonly enableHelm?: boolean;
}

async function plan(files: Files, { permits, enableHelm = true }: Given = {}) {
  return planRender({
    tree: treeOf(files),
    source: { repoURL: 'r', path: 'app' },
    settings: { maxCombinedManifestBytes: 1e7, kustomize: { enableHelm } },
    application: { name: 'a', project: 'p', destinationNamespace: 'ns', kubeVersion: '', apiVersions: [] },
    tools,
    charts: {
      client,
      repositories: [{ url: `oci://${registry.host}/charts`, plainHttp: true }],
      ...(permits === undefined ? {} : { permits }),
    },
    signal,
  });
}

async function objectsOf(files: Files): Promise<readonly unknown[]> {
  const { manifests } = await (await plan(files)).render(signal);
  return manifests.map(({ json }) => JSON.parse(json) as unknown);
}

/** What kustomize prints when it fetches the chart itself, from a host in this process: it must not be blocked meanwhile. */
async function commandLine(files: Files): Promise<readonly unknown[]> {
  const checkout = temporaryDirectory('kustomize-checkout');
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(checkout, path)), { recursive: true });
      writeFileSync(join(checkout, path), String(content));
    }
    const args = ['build', '--enable-helm', '--helm-command', helm, join(checkout, 'app')];
    const { stdout } = await run(toolPath('kustomize'), args, { env, timeout: 60_000 });
    return parseManifests(stdout, { origin: 'kustomize' }).map(({ object }) => object);
  } finally {
    removeDirectory(checkout);
  }
}

describe('helmCharts with a repo', () => {
  it.each([
    ['a version', '1.0.0', ''],
    ['a version, values inline', '1.1.0', ', valuesInline: {text: inline}'],
    ['a version, a value file', '1.1.0', ', valuesFile: prod.yaml'],
    ['no version', '', ''],
  ])('%s: equal to the command line', async (_name, version, more) => {
    const files = { ...chart(hostUrl(), version, more), 'app/prod.yaml': 'text: prod\n' };
    const objects = await objectsOf(files);
    expect(objects).toHaveLength(1);
    expect(objects).toEqual(await commandLine(files));
  });

  it('comes from a registry as well', async () => {
    const objects = await objectsOf(chart(`oci://${registry.host}/charts`, '1.0.0'));
    expect(objects).toMatchObject([{ metadata: { name: 'p-r-demo' }, data: { version: '1.0.0' } }]);
  });

  it('is part of the key by its content; only one version is taken to stay what it is', async () => {
    const pinned = await plan(chart(hostUrl(), '1.0.0'));
    const other = await plan(chart(hostUrl(), '1.1.0'));
    const newest = await plan(chart(hostUrl(), ''));
    expect(new Set([pinned.key, other.key, newest.key]).size).toBe(3);
    expect([pinned.dependsOnCommit, newest.dependsOnCommit]).toEqual([undefined, true]);
  });

  it('is taken from the repository when it lies there, and nobody is asked', async () => {
    const before = requests.length;
    const files = {
      ...chart(hostUrl(), '1.0.0'),
      'app/charts/demo-1.0.0/demo/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 1.0.0\n',
      'app/charts/demo-1.0.0/demo/values.yaml': 'a: 1\n',
      'app/charts/demo-1.0.0/demo/templates/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vendored}\n',
    };
    expect(await objectsOf(files)).toMatchObject([{ metadata: { name: 'p-vendored' } }]);
    expect(requests).toHaveLength(before);
  });

  it('S11 is refused where the project does not permit the repository, before anybody is asked', async () => {
    const before = requests.length;
    await expect(plan(chart(hostUrl(), '1.0.0'), { permits: () => false })).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: expect.stringMatching(/which the project does not permit\. Add it to sourceRepos/),
    });
    await expect(plan(chart(hostUrl(), '1.0.0'), { enableHelm: false })).rejects.toThrow(/Add --enable-helm/);
    expect(requests).toHaveLength(before);
  });

  it.each([
    ['S7 a file URL', 'file:///etc', /cannot be fetched/],
    ['S7 a name', 'stable', /cannot be fetched/],
    ['S7 an option', '--repo-of-mine', /cannot be fetched/],
  ])('%s is no repository', async (_name, repo, message) => {
    await expect(plan(chart(repo, '1.0.0'))).rejects.toThrow(message);
  });

  it('S7 a chart is not put behind a link of the repository', async () => {
    const files = { ...chart(hostUrl(), '1.0.0'), 'app/charts': { link: '../shared' }, 'shared/a.txt': 'x' };
    await expect(plan(files)).rejects.toThrow(/would lie behind the link app\/charts/);
  });
});
