/** Sources that plugins render: our client and our server over real sockets, with real commands (B29-B34). */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createToolbox,
  describeSource,
  type Plugins,
  planRender,
  type RenderApplication,
  type SourceTree,
} from '../index.js';
import { type Files, treeOf } from '../testing/memory-tree.js';
import { type PluginFolder, pluginFolder } from '../testing/plugin-server.js';

const { signal } = new AbortController();
const tools = createToolbox({ workFolder: '/nonexistent', searchPath: [], parallelism: 1 });
const settings = { maxCombinedManifestBytes: 1_000_000 };
const shop: RenderApplication = {
  ...{ name: 'shop', project: 'retail', destinationNamespace: 'shop-ns' },
  ...{ kubeVersion: '1.34.0', apiVersions: ['v1', 'apps/v1'] },
};

interface Question {
  readonly files?: Files;
  readonly tree?: SourceTree;
  readonly source?: object;
  readonly application?: Partial<RenderApplication>;
  readonly plugins: Plugins;
}

function requestOf({ files = { 'app/x': '' }, tree, source = {}, application = {}, plugins }: Question) {
  const spec = { repoURL: 'https://git.example.com/shop.git', path: 'app', targetRevision: 'main', ...source };
  return {
    tree: tree ?? treeOf(files),
    source: spec,
    settings,
    application: { ...shop, ...application },
    tools,
    plugins,
  };
}

const planOf = (question: Question) => planRender(requestOf(question));

async function renderOf(question: Question) {
  return (await planOf(question)).render(signal);
}

async function objectsOf(question: Question): Promise<readonly Record<string, unknown>[]> {
  return (await renderOf(question)).manifests.map(({ json }) => JSON.parse(json) as Record<string, unknown>);
}

interface Description {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** `plugin.yaml`; `generate` is a shell script. */
function plugin({ name = 'p', annotations = {}, generate = 'true', ...spec }: Description): string {
  const command = typeof generate === 'string' ? { command: ['sh', '-c', generate] } : generate;
  const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'ConfigManagementPlugin' };
  return JSON.stringify({ ...kind, metadata: { name, annotations }, spec: { generate: command, ...spec } });
}

/** A ConfigMap with the lines that a script prints as its data. */
const linesOf = (script: string): string =>
  `printf 'kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: lines}\\ndata:\\n'; { ${script}; } | sed 's/^/  - /' | sed '1i\\  lines:'`;

async function printed(question: Question): Promise<readonly string[]> {
  const [object] = await objectsOf(question);
  return (object?.['data'] as { lines: string[] }).lines;
}

let open: PluginFolder[] = [];
function newFolder(): PluginFolder {
  const folder = pluginFolder();
  open.push(folder);
  return folder;
}
afterAll(async () => {
  for (const folder of open) await folder.close();
  open = [];
});

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
  ])('by %s', async (_name, files, source, expected) => {
    expect(await printed({ files, source, plugins })).toEqual([expected]);
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

describe('what is sent (B34, S7)', () => {
  const folder = newFolder();
  beforeAll(async () => {
    await folder.serve(plugin({ generate: linesOf('cd "${ROOT:-..}"; find . ! -type d | sort') }));
  });
  const source = { plugin: { name: 'p' } };
  const files: Files = {
    'app/a': '1',
    'app/deep/b': '2',
    'lib/c': '3',
    'lib/d.txt': '4',
    'other/e': '5',
    'other/f.txt': '6',
  };
  const narrow = { useManifestGeneratePaths: true };
  it.each<[string, object, string, readonly string[]]>([
    ['the whole repository', {}, '', ['app/a', 'app/deep/b', 'lib/c', 'lib/d.txt', 'other/e', 'other/f.txt']],
    [
      'the whole repository, although annotated',
      {},
      '.;/lib',
      ['app/a', 'app/deep/b', 'lib/c', 'lib/d.txt', 'other/e', 'other/f.txt'],
    ],
    ['what the annotation names', narrow, '.;/lib', ['app/a', 'app/deep/b', 'lib/c', 'lib/d.txt']],
    [
      'what it names relative to the source, beside its folder',
      narrow,
      '../other/e',
      ['app/a', 'app/deep/b', 'other/e'],
    ],
    ['what it names with stars', narrow, '/*/*.txt;nothing', ['app/a', 'app/deep/b', 'lib/d.txt', 'other/f.txt']],
    ['no excluded files and folders', { exclude: ['lib', '*/*.txt'] }, '', ['app/a', 'app/deep/b', 'other/e']],
  ])('is %s', async (_name, given, manifestGeneratePaths, expected) => {
    const plugins = folder.connect({ settings: given });
    const lines = await printed({ files, source, application: { manifestGeneratePaths }, plugins });
    expect(lines).toEqual(expected.map((path) => `./${path}`));
  });

  it('is refused for a path outside of the repository', async () => {
    const question = {
      source,
      application: { manifestGeneratePaths: '../../etc' },
      plugins: folder.connect({ settings: narrow }),
    };
    await expect(planOf(question)).rejects.toMatchObject({ code: 'InvalidSpec' });
  });

  it('keeps links that stay inside, and refuses those that do not', async () => {
    const linked: Files = { ...files, 'app/in': { link: '../lib/c' } };
    const plugins = folder.connect();
    expect(await printed({ files: linked, source, plugins })).toContain('./app/in');
    for (const link of ['/etc/passwd', '../../../etc/passwd', 'x/../../../y']) {
      await expect(renderOf({ files: { ...files, 'app/out': { link } }, source, plugins })).rejects.toThrow(
        /app\/out: the symbolic link leads outside of the repository/,
      );
    }
    expect(folder.leftovers()).toEqual([]);
  });

  it.each([
    ['files', { maxFiles: 5 }, /more than 5 files/],
    ['bytes', { maxBytes: 5 }, /5 bytes/],
  ])('is bounded in %s', async (_name, limits, message) => {
    await expect(renderOf({ files, source, plugins: folder.connect(limits) })).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(message),
    });
    expect(folder.leftovers()).toEqual([]);
  });

  it.each([
    [false, '-rw-r--r--'],
    [true, '-rwxr-xr-x'],
  ])('has the right to run files when preserveFileMode is %s: %s', async (preserveFileMode, expected) => {
    const own = newFolder();
    await own.serve(plugin({ preserveFileMode, generate: linesOf('ls -l run.sh | cut -c1-10') }));
    const memory = treeOf({ 'app/run.sh': 'exit 0' });
    const list = async (path: string) =>
      (await memory.list(path)).map((entry) => (entry.kind === 'blob' ? { ...entry, executable: true } : entry));
    expect(await printed({ tree: { ...memory, list }, source, plugins: own.connect() })).toEqual([expected]);
  });
});

describe('the key of a render', () => {
  const folder = newFolder();
  const files: Files = { 'app/a': '1', 'lib/b': '2', 'other/c': '3' };
  const narrow = { useManifestGeneratePaths: true };
  beforeAll(async () => {
    await folder.serve(plugin({ name: 'p' }));
    await folder.serve(plugin({ name: 'q' }));
    await folder.serve(
      plugin({
        name: 'blind',
        annotations: { 'tiphys.dev/revision': 'ignored' },
        generate: linesOf('env | grep -c ^ARGOCD_APP_REVISION; true'),
      }),
    );
  });
  const base = {
    files,
    source: { plugin: { name: 'p', env: [{ name: 'A', value: '1' }], parameters: [{ name: 'x', string: 'y' }] } },
  };
  const { plugin: spec } = base.source;
  const atCommit = (given: Files, commit: string): SourceTree => ({ ...treeOf(given), commit });
  const keyOf = async (question: Omit<Question, 'plugins'>, given = {}): Promise<string> =>
    (await planOf({ ...question, plugins: folder.connect({ settings: given }) })).key;

  it.each<[string, Omit<Question, 'plugins'>]>([
    ['any file', { ...base, files: { ...files, 'other/c': '4' } }],
    ['the commit', { ...base, tree: atCommit(files, 'd'.repeat(40)) }],
    ['the plugin', { ...base, source: { plugin: { ...spec, name: 'q' } } }],
    ['a variable', { ...base, source: { plugin: { ...spec, env: [{ name: 'A', value: '2' }] } } }],
    ['a parameter', { ...base, source: { plugin: { ...spec, parameters: [{ name: 'x', string: 'z' }] } } }],
    ['the path', { ...base, source: { ...base.source, path: 'lib' } }],
    ['the application', { ...base, application: { name: 'other' } }],
    ['the versions of the cluster', { ...base, application: { kubeVersion: '1.35.0' } }],
  ])('changes with %s', async (_name, changed) => {
    expect(await keyOf(base)).toBe(await keyOf(base));
    expect(await keyOf(changed)).not.toBe(await keyOf(base));
  });

  it.each<[string, object, string, boolean]>([
    ['a file outside of the annotated paths', narrow, 'other/c', true],
    ['a file in the annotated paths', narrow, 'lib/b', false],
    ['a file of the source', narrow, 'app/a', false],
  ])('after a commit that changes %s', async (_name, given, path, same) => {
    const application = { manifestGeneratePaths: '/lib' };
    const before = await keyOf({ ...base, tree: atCommit(files, 'd'.repeat(40)), application }, given);
    const after = await keyOf(
      { ...base, tree: atCommit({ ...files, [path]: 'new' }, 'e'.repeat(40)), application },
      given,
    );
    expect(after === before).toBe(same);
  });

  it('does not change with the commit for a plugin that declares to ignore it, and that gets no variables about it', async () => {
    const source = { plugin: { name: 'blind' } };
    const [before, after] = ['d', 'e'].map((digit) => keyOf({ source, tree: atCommit(files, digit.repeat(40)) }));
    expect(await after).toBe(await before);
    expect(await printed({ source, files, plugins: folder.connect() })).toEqual([0]);
  });

  it('changes when a sidecar comes back with another plugin.yaml, which is noticed', async () => {
    const own = newFolder();
    const plugins = own.connect();
    const source = { plugin: { name: 'p' } };
    const stop = await own.serve(plugin({ generate: linesOf('echo one') }));
    const before = await planOf({ source, plugins });
    await stop();
    await own.serve(plugin({ generate: linesOf('echo two') }));
    expect((await planOf({ source, plugins })).key).not.toBe(before.key);
    expect(await printed({ source, plugins })).toEqual(['two']);
  });
});

describe('a sidecar that is not there', () => {
  const source = { plugin: { name: 'p' } };

  it('leaves a socket behind: an error that is retried, also for sources that name no plugin', async () => {
    const folder = newFolder();
    const socket = join(folder.folder, 'p.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(existsSync(socket)).toBe(true);
    const plugins = folder.connect();
    for (const question of [{ source, plugins }, { plugins }]) {
      await expect(planOf(question)).rejects.toMatchObject({
        code: 'Upstream',
        message: expect.stringMatching(/^The plugin p does not answer: /),
      });
    }
    await folder.serve(plugin({ generate: linesOf('echo back') }));
    expect(await printed({ source, plugins })).toEqual(['back']);
  });

  it('is waited for when it is expected', async () => {
    const folder = newFolder();
    const plugins = folder.connect({ expected: ['p'] });
    const expected = { code: 'Upstream', message: expect.stringMatching(/^The plugin p is expected/) };
    await expect(planOf({ source, plugins })).rejects.toMatchObject(expected);
    await expect(planOf({ plugins })).rejects.toMatchObject(expected);
    await folder.serve(plugin({ generate: linesOf('echo here') }));
    expect(await printed({ source, plugins })).toEqual(['here']);
  });

  it('is no plugin when the file is no socket', async () => {
    const folder = newFolder();
    writeFileSync(join(folder.folder, 'p.sock'), '');
    await expect(planOf({ source, plugins: folder.connect() })).rejects.toThrow(
      'There is no plugin "p". No plugin runs beside this repo-server: add its sidecar.',
    );
  });
});

describe('answers that are no manifests', () => {
  const folder = newFolder();
  const source = { plugin: { name: 'p' } };

  it('nothing: a warning, since everything would be pruned', async () => {
    await folder.serve(plugin({ name: 'p', generate: 'true' }));
    expect(await renderOf({ source, plugins: folder.connect() })).toEqual({
      manifests: [],
      warnings: ['The plugin p printed no manifests.'],
    });
  });

  it('broken YAML: an error', async () => {
    await folder.serve(plugin({ name: 'yaml', generate: 'echo "kind: [x"' }));
    await expect(renderOf({ source: { plugin: { name: 'yaml' } }, plugins: folder.connect() })).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(/^the output of the plugin yaml:\d+:\d+: not valid YAML/),
    });
  });

  it('a wish for the credentials of the repository: a warning, and they stay where they are', async () => {
    const generate = linesOf('env | grep -ci askpass; true');
    await folder.serve(plugin({ name: 'curious', provideGitCreds: true, generate }));
    const { warnings, manifests } = await renderOf({
      source: { plugin: { name: 'curious' } },
      plugins: folder.connect(),
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^The plugin curious asks for the Git credentials of the repository/),
    ]);
    expect(JSON.parse(manifests[0]?.json ?? '')).toMatchObject({ data: { lines: [0] } });
  });
});
