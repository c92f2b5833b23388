/** Sources that plugins render: our client and our server over real sockets, with real commands (B29-B33). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeSource, type Plugins } from '../index.js';
import { type Files, treeOf } from '../testing/memory-tree.js';
import {
  linesOf,
  planOf,
  plugin,
  pluginFolders,
  printed,
  type Question,
  renderOf,
  requestOf,
  signal,
} from '../testing/plugin-source.js';

const folders = pluginFolders();
const newFolder = folders.open;
afterAll(folders.close);

describe('a named plugin', () => {
  const folder = newFolder();
  let plugins: Plugins;
  const use = (question: Omit<Question, 'plugins'> = {}): Question => ({
    ...{ source: { plugin: { name: 'tool-v1.2' } }, plugins },
    ...question,
  });
  beforeAll(async () => {
    const generate = `${linesOf('cat value made; pwd | sed "s#.*/##"; ls ..')}; echo ---; cat other.yaml`;
    await folder.serve(
      plugin({
        name: 'tool',
        version: 'v1.2',
        init: { command: ['sh'], args: ['-c', 'echo by-init > made'] },
        generate,
      }),
    );
    plugins = folder.connect();
  });
  const files: Files = {
    'app/value': 'from-git\n',
    'app/other.yaml': 'kind: Secret\napiVersion: v1\nmetadata: {name: other}\n',
    'lib/shared': '',
  };

  it('is sent the repository, runs init and generate in the folder of the source, and its output is the manifests (B30)', async () => {
    const { manifests, warnings } = await renderOf(use({ files }));
    const [lines, other] = manifests.map(({ json }) => JSON.parse(json) as Record<string, unknown>);
    expect(lines?.['data']).toEqual({ lines: ['from-git', 'by-init', 'app', 'app', 'lib'] });
    expect(other).toEqual({ kind: 'Secret', apiVersion: 'v1', metadata: { name: 'other' } });
    expect(manifests.map(({ origin }) => origin)).toEqual([
      'plugin tool-v1.2, manifest 1',
      'plugin tool-v1.2, manifest 2',
    ]);
    expect(warnings).toEqual([]);
    expect(folder.leftovers()).toEqual([]);
  });

  it('is what the source type says', async () => {
    expect((await planOf(use({ files }))).sourceType).toBe('Plugin');
  });

  it.each([
    ['without its version', 'tool'],
    ['of another name', 'tools-v1.2'],
    ['with a path in its name', '../tool-v1.2'],
  ])('%s is not found, and the message names the known ones', async (_name, name) => {
    await expect(planOf(use({ source: { plugin: { name } } }))).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/^There is no plugin ".*"\. These run: tool-v1\.2\./),
    });
  });

  it('finds the same plugin with a chart from a repository', async () => {
    const source = { plugin: { name: 'tool-v1.2' }, chart: 'web', path: undefined };
    const chart: Files = { value: 'of-a-chart\n', 'other.yaml': '' };
    expect((await printed(use({ files: chart, source })))[0]).toBe('of-a-chart');
  });
});

describe('variables (B32, B33)', () => {
  const folder = newFolder();
  let plugins: Plugins;
  beforeAll(async () => {
    const generate = linesOf("env | grep -E '^(ARGOCD_|PARAM_|KUBE_|SIDECAR|TOKEN)' | sort | sed \"s/.*/'&'/\"");
    await folder.serve(plugin({ generate }), { environment: { SIDECAR: 'its own' } });
    plugins = folder.connect();
  });

  it('are those of the sidecar, the build environment, the source with a prefix, and the parameters', async () => {
    const source = {
      plugin: {
        name: 'p',
        env: [
          { name: 'REV', value: 'at-$ARGOCD_APP_REVISION_SHORT' },
          { name: 'EMPTY', value: '' },
        ],
        parameters: [
          { name: 'image.tag', string: 'v1' },
          { name: 'value-files', array: ['a.yaml', 'b.yaml'] },
          { name: 'helm', map: { 'image.tag': 'v2' } },
        ],
      },
    };
    const lines = await printed({ source, plugins });
    const parameters = JSON.stringify(source.plugin.parameters);
    const commit = 'c'.repeat(40);
    expect(lines).toEqual(
      [
        'ARGOCD_APP_NAME=shop',
        'ARGOCD_APP_NAMESPACE=shop-ns',
        `ARGOCD_APP_PARAMETERS=${parameters}`,
        'ARGOCD_APP_PROJECT_NAME=retail',
        `ARGOCD_APP_REVISION=${commit}`,
        `ARGOCD_APP_REVISION_SHORT=${commit.slice(0, 7)}`,
        `ARGOCD_APP_REVISION_SHORT_8=${commit.slice(0, 8)}`,
        'ARGOCD_APP_SOURCE_PATH=app',
        'ARGOCD_APP_SOURCE_REPO_URL=https://git.example.com/shop.git',
        'ARGOCD_APP_SOURCE_TARGET_REVISION=main',
        'ARGOCD_ENV_EMPTY=',
        `ARGOCD_ENV_REV=at-${commit.slice(0, 7)}`,
        'KUBE_API_VERSIONS=v1,apps/v1',
        'KUBE_VERSION=1.34.0',
        'PARAM_HELM_IMAGE_TAG=v2',
        'PARAM_IMAGE_TAG=v1',
        'PARAM_VALUE_FILES_0=a.yaml',
        'PARAM_VALUE_FILES_1=b.yaml',
        'SIDECAR=its own',
      ].sort(),
    );
  });

  it.each([
    ['a name that is none', { env: [{ name: 'A=B', value: 'x' }] }],
    ['a zero byte', { parameters: [{ name: 'x', string: 'a\0b' }] }],
  ])('with %s are refused', async (_name, given) => {
    const source = { plugin: { name: 'p', ...given } };
    await expect(planOf({ source, plugins })).rejects.toMatchObject({ code: 'InvalidSpec' });
  });

  it('that an application sets never are those of the sidecar (S2)', async () => {
    const source = { plugin: { name: 'p', env: [{ name: 'SIDECAR', value: 'mine' }] } };
    const lines = await printed({ source, plugins });
    expect(lines).toContain('SIDECAR=its own');
    expect(lines).toContain('ARGOCD_ENV_SIDECAR=mine');
  });
});

describe('discovery (B01, B31)', () => {
  const folder = newFolder();
  let plugins: Plugins;
  const rules = {
    byname: { fileName: './env/s*.yaml' },
    byglob: { find: { glob: '**/Chart.y*ml' } },
    bycommand: { find: { command: ['sh', '-c'], args: ['find . -name "$ARGOCD_ENV_WANTED"'] } },
  };
  beforeAll(async () => {
    for (const [name, discover] of Object.entries(rules)) {
      await folder.serve(plugin({ name, discover, generate: linesOf(`echo ${name}`) }));
    }
    await folder.serve(plugin({ name: 'unasked', generate: linesOf('echo unasked') }));
    plugins = folder.connect();
  });
  const wanted = { env: [{ name: 'WANTED', value: 'marker' }] };
  const manifest = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: plain}\ndata: {lines: [directory]}\n';

  it.each<[string, Files, object, string]>([
    ['a file name', { 'app/env/stage.yaml': '' }, {}, 'byname'],
    ['a glob, in the folder itself', { 'app/Chart.yaml': '' }, {}, 'byglob'],
    ['a glob, in a folder below', { 'app/a/b/Chart.yml': '' }, {}, 'byglob'],
    ['a command that prints something', { 'app/sub/marker': '' }, { plugin: wanted }, 'bycommand'],
    ['nothing: a directory', { 'app/plain.yaml': manifest }, {}, 'directory'],
    ['a file beside the source: a directory', { 'app/plain.yaml': manifest, 'env/stage.yaml': '' }, {}, 'directory'],
    [
      'a file that a star must not reach: a directory',
      { 'app/plain.yaml': manifest, 'app/env/s/x.yaml': '' },
      {},
      'directory',
    ],
    [
      'nothing, but a tool is named: that tool',
      { 'app/plain.yaml': manifest, 'app/Chart.yaml': '' },
      { directory: { include: '*.yaml', exclude: 'Chart.yaml' } },
      'directory',
    ],
  ])('by %s', async (...[, files, source, expected]) => {
    expect(await printed({ files, source, plugins })).toEqual([expected]);
    // The sidecar itself, for repo-servers that do not look by themselves.
    for (const name of ['byname', 'byglob']) {
      const task = { application: '', tree: treeOf(files), folder: 'app', environment: {}, key: JSON.stringify(files) };
      const sent = { ...task, files: { include: [{ path: '' }], exclude: [] } };
      expect(await (await plugins.named(name)).match(sent, signal)).toBe(
        name === expected || (name === 'byglob' && 'app/Chart.yaml' in files),
      );
    }
  });

  it('by names sends nothing', async () => {
    const own = newFolder();
    await own.serve(plugin({ discover: { find: { glob: '**/Chart.yaml' } } }));
    const tree = treeOf({ 'app/a/Chart.yaml': '', 'other/big': 'x' });
    expect((await planOf({ tree, plugins: own.connect() })).sourceType).toBe('Plugin');
    expect(tree.reads).toEqual([]);
  });

  it('asks plugins before it looks for Helm and Kustomize', async () => {
    const plan = await planOf({ files: { 'app/Chart.yaml': 'name: x\nversion: 1.0.0\n' }, plugins });
    expect(plan.sourceType).toBe('Plugin');
  });

  it('a plan of a detected source is of its commit only', async () => {
    expect(await planOf({ files: { 'app/plain.yaml': manifest }, plugins })).toMatchObject({ dependsOnCommit: true });
  });

  it('a named plugin must accept the source, if it has rules', async () => {
    const source = { plugin: { name: 'byname' } };
    await expect(planOf({ source, plugins })).rejects.toThrow(/The plugin byname does not accept the source/);
    expect(await printed({ source: { plugin: { name: 'unasked' } }, plugins })).toEqual(['unasked']);
  });

  it('without a name fails when no plugin accepts', async () => {
    await expect(planOf({ source: { plugin: {} }, plugins })).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/^No plugin accepts the source\. These run: bycommand, byglob, byname, unasked\./),
    });
  });

  it('a find command that fails is an error, never another source type', async () => {
    const own = newFolder();
    await own.serve(plugin({ discover: { find: { command: ['sh', '-c', 'echo broken >&2; exit 2'] } } }));
    await expect(planOf({ files: { 'app/plain.yaml': manifest }, plugins: own.connect() })).rejects.toThrow(
      'The discover command of the plugin p failed with exit code 2: broken',
    );
  });
});

describe('parameters that a plugin announces (B32)', () => {
  const fixed = [
    { name: 'replicas', title: 'Replicas', tooltip: 'How many', required: true, itemType: 'number', string: '1' },
  ];
  const dynamic = [
    { name: 'values', collectionType: 'map', map: { a: 'b' } },
    { name: 'files', array: ['x'] },
  ];
  const script = `cat announced.json`;

  it('are those of its command before the fixed ones', async () => {
    const folder = newFolder();
    const parameters = { static: fixed, dynamic: { command: ['sh', '-c', script] } };
    await folder.serve(plugin({ parameters }));
    const files = { 'app/announced.json': JSON.stringify(dynamic) };
    const question = { files, source: { plugin: { name: 'p' } }, plugins: folder.connect() };
    expect(await describeSource(requestOf(question))).toEqual({
      type: 'Plugin',
      parametersAnnouncement: [...dynamic, ...fixed],
    });
  });

  it('are none for a source that no plugin renders', async () => {
    const folder = newFolder();
    await folder.serve(plugin({ parameters: { static: fixed } }));
    const plugins = folder.connect();
    expect(await describeSource(requestOf({ plugins }))).toEqual({ type: 'Directory' });
    expect(await describeSource(requestOf({ plugins, source: { directory: {} } }))).toEqual({ type: 'Directory' });
  });

  it.each(['no json', '{"name":"x"}', '[{"title":"nameless"}]'])('fail when the command prints %s', async (text) => {
    const folder = newFolder();
    await folder.serve(plugin({ parameters: { dynamic: { command: ['printf', '%s', text] } } }));
    const question = { source: { plugin: { name: 'p' } }, plugins: folder.connect() };
    await expect(describeSource(requestOf(question))).rejects.toThrow(/must print a JSON list of parameters/);
  });
});
