/** Plans and renders over trees in memory: contents, read sets and keys. */
import { describe, expect, it } from 'vitest';
import {
  createToolbox,
  DEFAULT_MAX_COMBINED_MANIFEST_BYTES,
  listApps,
  planRender,
  readSetHolds,
  type Toolbox,
} from './index.js';
import { type Content, type Files, treeOf } from './testing/memory-tree.js';

const { signal } = new AbortController();

const object = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const application = { name: 'web', project: 'p', destinationNamespace: 'ns', kubeVersion: '1.34.0', apiVersions: [] };
const installed = createToolbox({ workFolder: '/nonexistent', searchPath: [], parallelism: 1 });
const tools: Toolbox = { ...installed, version: async (tool) => `${tool} 1.0` };
const settings = { maxCombinedManifestBytes: DEFAULT_MAX_COMBINED_MANIFEST_BYTES };
const plan = (files: Files, source: object = {}, limits = settings) =>
  planRender({ tree: treeOf(files), source: { repoURL: 'r', ...source }, settings: limits, application, tools });
const render = async (files: Files, source: object = {}) => (await plan(files, source)).render(signal);
const names = async (files: Files, source: object = {}): Promise<readonly string[]> =>
  (await render(files, source)).manifests.map(({ json }) => JSON.parse(json).metadata.name);

describe('which files are rendered (B25, B26)', () => {
  const files: Files = {
    'a.yaml': object('a'),
    'b.yml': object('b'),
    'c.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
    'd.txt': object('d'),
    'sub/e.yaml': object('e'),
    'sub/deep/f.yaml': object('f'),
    '.hidden/g.yaml': object('g'),
    'skipped.yaml': `# +argocd:skip-file-rendering\n${object('skipped')}`,
  };
  it.each([
    ['only the folder itself by default', {}, ['a', 'b', 'c']],
    ['everything below with recurse, hidden folders too', { recurse: true }, ['g', 'a', 'b', 'c', 'f', 'e']],
    ['what include names', { recurse: true, include: '*e.yaml' }, ['e']],
    ['alternatives in braces, and * crosses folders', { recurse: true, include: '{a.yaml,sub/*}' }, ['a', 'f', 'e']],
    ['not what exclude names', { recurse: true, exclude: 'sub/*' }, ['g', 'a', 'b', 'c']],
    ['exclude wins over include', { include: '*.yaml', exclude: 'a.*' }, []],
    ['any name without the extension filter', { disableExtensionFilter: true, include: 'd.*' }, ['d']],
  ])('%s', async (_name, directory, expected) => {
    expect(await names(files, { directory })).toEqual(expected);
  });

  it('a link inside the repository is read through; one to nothing is left out with a warning', async () => {
    const result = await render(
      {
        'app/in.yaml': { link: '../shared/x.yaml' },
        'app/none.yaml': { link: 'gone.yaml' },
        'app/folder.yaml': { link: '../shared' },
        'shared/x.yaml': object('x'),
      },
      { path: 'app' },
    );
    expect(result.manifests).toMatchObject([{ origin: 'app/in.yaml:1' }]);
    expect(result.warnings).toEqual([
      'app/folder.yaml: the symbolic link was left out, because its target is not a file.',
      'app/none.yaml: the symbolic link was left out, because its target does not exist.',
    ]);
  });

  it('a source path may lead through links', async () => {
    expect(await names({ 'real/app/a.yaml': object('a'), current: { link: 'real' } }, { path: 'current/app' })).toEqual(
      ['a'],
    );
  });
});

describe('what a file becomes', () => {
  it('documents, Lists and typed lists become single objects with file and line', async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${object('l1').trim().replaceAll('\n', '\n  ')}\n`;
    const typed = 'apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: t1}\n- metadata: {name: t2}\n';
    const result = await render({ 'a.yaml': `---\n# only a comment\n---\n${object('a')}---\n${list}---\n${typed}` });
    expect(
      result.manifests.map(({ json, origin }) => [JSON.parse(json).kind, JSON.parse(json).metadata.name, origin]),
    ).toEqual([
      ['ConfigMap', 'a', 'a.yaml:4'],
      ['ConfigMap', 'l1', 'a.yaml:9'],
      ['ConfigMap', 't1', 'a.yaml:17'],
      ['ConfigMap', 't2', 'a.yaml:17'],
    ]);
  });

  it('a List without items is nothing', async () => {
    expect(await names({ 'a.yaml': 'apiVersion: v1\nkind: List\nitems:\n' })).toEqual([]);
  });

  it('integers beyond 2^53 keep their digits', async () => {
    const { manifests } = await render({ 'a.yaml': `${object('a')}value: 9007199254740993\n` });
    expect(manifests[0]?.json).toContain('"value":9007199254740993');
  });

  it('a YAML file that is no manifest is left out with a warning; one that looks like a manifest is an error', async () => {
    const result = await render({ 'values.yaml': 'image: nginx\n', 'a.yaml': object('a') });
    expect(result.manifests).toHaveLength(1);
    expect(result.warnings).toEqual([expect.stringContaining('values.yaml was left out')]);
    await expect(render({ 'a.yaml': `${object('a')}---\nbroken: [\n` })).rejects.toThrow(
      /a\.yaml:\d+:\d+: not valid YAML/,
    );
  });

  it('a large file is parsed in turns, with right line numbers, while others go on', async () => {
    const documents = Array.from({ length: 40_000 }, (_, index) => object(`n${index}`));
    const text = documents.join('---\n');
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const { manifests } = await render({ 'a.yaml': text });
    clearInterval(ticking);
    expect(manifests).toHaveLength(documents.length);
    expect(manifests.at(-1)?.origin).toBe(`a.yaml:${text.slice(0, text.lastIndexOf('apiVersion')).split('\n').length}`);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('read sets and keys', () => {
  const base: Files = {
    'app/a.yaml': object('a'),
    'app/sub/b.yaml': object('b'),
    'app/n.txt': '1',
    'other/x.yaml': object('x'),
  };
  const source = { path: 'app', directory: { recurse: true } };
  const keyOf = async (files: Files, options: object = source, limits = settings) =>
    (await plan(files, options, limits)).key;

  it.each<[string, Files]>([
    ['another folder changes', { ...base, 'other/x.yaml': object('y') }],
    ['a file that is not rendered changes', { ...base, 'app/n.txt': '2' }],
    ['a file that is not rendered appears', { ...base, 'app/README.md': 'x' }],
    ['an empty sibling appears', { ...base, 'app2/a.yaml': object('a') }],
  ])('the key stays when %s', async (_name, files) => {
    expect(await keyOf(files)).toBe(await keyOf(base));
  });

  it.each<[string, Files]>([
    ['a file changes', { ...base, 'app/a.yaml': object('a2') }],
    ['a nested file changes', { ...base, 'app/sub/b.yaml': object('b2') }],
    ['a file appears', { ...base, 'app/c.yaml': object('c') }],
    ['a file disappears', { 'app/a.yaml': object('a'), 'app/n.txt': '1', 'other/x.yaml': object('x') }],
    ['a file is renamed', { 'app/z.yaml': object('a'), 'app/sub/b.yaml': object('b') }],
    ['two files swap their contents', { ...base, 'app/a.yaml': object('b'), 'app/sub/b.yaml': object('a') }],
  ])('the key changes when %s', async (_name, files) => {
    expect(await keyOf(files)).not.toBe(await keyOf(base));
  });

  it('settings and parameters that choose other files or limits change the key; the revision does not', async () => {
    const key = await keyOf(base);
    expect(await keyOf(base, { ...source, targetRevision: 'v2', name: 'n' })).toBe(key);
    expect(await keyOf(base, { path: 'app' })).not.toBe(key);
    expect(await keyOf(base, { ...source, directory: { recurse: true, exclude: 'sub/*' } })).not.toBe(key);
    expect(await keyOf(base, source, { maxCombinedManifestBytes: 1_000 })).not.toBe(key);
  });

  it('equal keys mean equal manifests, whatever is changed at random', async () => {
    const seen = new Map<string, string>();
    for (let round = 0; round < 200; round += 1) {
      const files: Record<string, Content> = { 'app/keep.yaml': object('keep') };
      for (let index = 0; index < 4; index += 1) {
        const value = (round * 7 + index * 13 + (round >> index)) % 5;
        if (value > 1)
          files[`app/${['a.yaml', 'sub/b.yaml', 'c.txt', '../x.yaml'][index]!}`.replace('app/../', '')] = object(
            `v${value}`,
          );
      }
      const planned = await plan(files, source);
      const output = JSON.stringify(await planned.render(signal));
      expect(seen.get(planned.key) ?? output).toBe(output);
      seen.set(planned.key, output);
    }
    expect(new Set(seen.values()).size).toBe(seen.size);
  });

  it('planning reads no file', async () => {
    const tree = treeOf(base);
    await planRender({ tree, source: { repoURL: 'r', ...source }, settings, application, tools });
    expect(tree.reads).toEqual([]);
  });

  it('a read set holds for a tree with the same objects, and not when a path it looked up changed or appeared', async () => {
    const files: Files = {
      ...base,
      'app/l.yaml': { link: '../other/x.yaml' },
      'app/m.yaml': { link: '../other/later.yaml' },
    };
    const { readSet } = await plan(files, source);
    expect(await readSetHolds(treeOf({ ...files, 'third/a.yaml': 'a' }), readSet)).toBe(true);
    expect(await readSetHolds(treeOf({ ...files, 'other/x.yaml': object('changed') }), readSet)).toBe(false);
    expect(await readSetHolds(treeOf({ ...files, 'other/later.yaml': object('now') }), readSet)).toBe(false);
    expect(await readSetHolds(treeOf({ ...files, 'app/new.yaml': object('new') }), readSet)).toBe(false);
  });
});

describe('S7 S8 links never leave the repository, and errors do not tell what is outside', () => {
  it.each([
    ['a file above the root', '../../etc/passwd'],
    ['a file above the root that does not exist', '../../etc/no-such-file'],
    ['an absolute path', '/etc/passwd'],
    ['a way out and in again', '../../repo/app/a.yaml'],
    ['a name with a line end', '../x\n.yaml'],
  ])('%s', async (_name, link) => {
    const rendering = render({ 'app/a.yaml': { link } }, { path: 'app' });
    await expect(rendering).rejects.toThrow(
      'app/a.yaml: the symbolic link leads outside of the repository. Replace the link by the file, or exclude it from the source.',
    );
  });

  it('through a folder link', async () => {
    const files = { 'app/out': { link: '../..' }, 'app/a.yaml': { link: 'out/etc/passwd' } };
    await expect(render(files, { path: 'app' })).rejects.toThrow(/leads outside/);
    await expect(render(files, { path: 'app/out/etc' })).rejects.toThrow(/leads outside of the repository/);
  });
});

describe('source types (B01)', () => {
  it.each([
    ['kustomization.yaml', 'Kustomize'],
    ['kustomization.yml', 'Kustomize'],
    ['Kustomization', 'Kustomize'],
  ])('a folder with %s is one of %s, unless the source says directory', async (file, type) => {
    const files = { [`app/${file}`]: '', 'app/a.yaml': object('a') };
    expect((await plan(files, { path: 'app' })).sourceType).toBe(type);
    expect(await names(files, { path: 'app', directory: { recurse: false } })).toEqual(['a']);
  });

  it('a source with only a ref renders nothing; with a path as well it does', async () => {
    const files = { 'a.yaml': object('a'), 'app/b.yaml': object('b') };
    expect(await names(files, { ref: 'values' })).toEqual([]);
    expect(await names(files, { ref: 'values', path: 'app' })).toEqual(['b']);
  });

  it('listApps names the folders of tools, not plain or hidden ones', async () => {
    const tree = treeOf({
      'Chart.yaml': '',
      'a/kustomization.yml': '',
      'b/x.yaml': '',
      '.c/Chart.yaml': '',
      'd/e/Chart.yaml': '',
    });
    expect([...(await listApps(tree, signal))]).toEqual([
      ['.', 'Helm'],
      ['a', 'Kustomize'],
      ['d/e', 'Helm'],
    ]);
  });
});
