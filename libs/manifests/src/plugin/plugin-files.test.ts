/** What plugins are sent, and what their results depend on (B34, S7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceTree } from '../index.js';
import { type Files, treeOf } from '../testing/memory-tree.js';
import { linesOf, planOf, plugin, pluginFolders, printed, type Question, renderOf } from '../testing/plugin-source.js';

const folders = pluginFolders();
const newFolder = folders.open;
afterAll(folders.close);

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
  ])('is %s', async (...[, given, manifestGeneratePaths, expected]) => {
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

  it.each([
    ['the annotation', { useManifestGeneratePaths: true }, '/lib/*.txt', true],
    ['an exclusion', { exclude: ['lib/*.txt'] }, '', false],
    ['a path that is not annotated', { useManifestGeneratePaths: true }, '/other', false],
  ])('is what discovery by names sees: %s', async (...[, given, manifestGeneratePaths, found]) => {
    const own = newFolder();
    await own.serve(plugin({ discover: { find: { glob: '../lib/d.t*' } } }));
    const plugins = own.connect({ settings: given });
    const plan = await planOf({ files, application: { manifestGeneratePaths }, plugins });
    expect(plan.sourceType).toBe(found ? 'Plugin' : 'Directory');
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
  ])('after a commit that changes %s', async (...[, given, path, same]) => {
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
