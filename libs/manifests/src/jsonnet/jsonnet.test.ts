/** Jsonnet files in directory sources (B24): equal to the command line, imports as read set, nothing outside (S7). */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { DirectorySource } from '@tiphys/model';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_MAX_COMBINED_MANIFEST_BYTES, planRender, type RenderSettings, readSetHolds } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, filesOf, treeOf } from '../testing/memory-tree.js';
import { importsOf } from './imports.js';

const corpus = join(import.meta.dirname, '../../testdata/jsonnet');
const files = filesOf(corpus);
const tools = installedTools(toolPath('jsonnet'), { timeoutMs: 5_000, memoryBytes: 128 * 1024 * 1024 });
afterAll(() => tools.remove());

const { signal } = new AbortController();
const application = { name: 'web', project: 'p', destinationNamespace: 'ns', kubeVersion: '', apiVersions: [] };

type Options = NonNullable<DirectorySource['jsonnet']>;

interface Given {
  readonly path: string;
  readonly jsonnet?: Options;
  readonly repository?: Files;
  readonly settings?: Partial<RenderSettings>;
}

function plan({ path, jsonnet = {}, repository = files, settings = {} }: Given) {
  return planRender({
    tree: treeOf(repository),
    source: { repoURL: 'r', path, directory: { jsonnet } },
    settings: { maxCombinedManifestBytes: DEFAULT_MAX_COMBINED_MANIFEST_BYTES, ...settings },
    application,
    tools,
  });
}

async function objectsOf(given: Given): Promise<readonly unknown[]> {
  const { manifests } = await (await plan(given)).render(signal);
  return manifests.map(({ json }) => JSON.parse(json) as unknown);
}

function commandLine(path: string, args: readonly string[]): unknown {
  const output = execFileSync(toolPath('jsonnet'), ['-J', 'vendor', ...args, path], { cwd: corpus, encoding: 'utf8' });
  return JSON.parse(output) as unknown;
}

const web: Given = {
  path: 'apps/web',
  jsonnet: {
    libs: ['vendor'],
    extVars: [
      { name: 'replicas', value: '1 + 1', code: true },
      { name: 'env', value: '$ARGOCD_APP_NAME=x' },
    ],
  },
};

describe('gives what the command line gives', () => {
  it('a list of objects, with external variables, libraries and other files of the folder', async () => {
    const expected = commandLine('apps/web/main.jsonnet', ['--ext-code', 'replicas=2', '--ext-str', 'env=web=x']);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } };
    expect(await objectsOf(web)).toEqual([...(expected as readonly unknown[]), account]);
  });

  it('a function with top-level arguments', async () => {
    const jsonnet: Options = {
      libs: ['vendor'],
      tlas: [
        { name: 'name', value: 'given' },
        { name: 'size', value: '2', code: true },
      ],
    };
    const expected = commandLine('./apps/function/main.jsonnet', ['--tla-str', 'name=given', '--tla-code', 'size=2']);
    expect(await objectsOf({ path: 'apps/function', jsonnet })).toEqual([expected]);
  });

  it('a List, item by item', async () => {
    const { items } = commandLine('apps/list/main.jsonnet', []) as { items: readonly unknown[] };
    expect(await objectsOf({ path: 'apps/list', jsonnet: { libs: ['/vendor'] } })).toEqual(items);
  });
});

describe('read set and key', () => {
  it('changes with every imported file, and with one that would be found first', async () => {
    const { key, readSet } = await plan(web);
    const changes: readonly [string, boolean][] = [
      ['apps/web/main.jsonnet', true],
      ['apps/web/config/web.libsonnet', true],
      ['apps/web/page.html', true],
      ['shared/registry.libsonnet', true],
      ['vendor/k8s.libsonnet', true],
      ['apps/web/k8s.libsonnet', true],
      ['apps/list/main.jsonnet', false],
      ['vendor/other.libsonnet', false],
    ];
    for (const [path, isRead] of changes) {
      const repository = { ...files, [path]: `${String(files[path] ?? '{}')}\n` };
      const tree = treeOf(repository);
      const after = await plan({ ...web, repository });
      expect([path, after.key !== key, !(await readSetHolds(tree, readSet))]).toEqual([
        path,
        isRead,
        isRead || path.startsWith('apps/web/'),
      ]);
    }
  });

  it('changes with variables, libraries and the commit where it is used', async () => {
    const { key } = await plan(web);
    const others: readonly Options[] = [
      { ...web.jsonnet, libs: ['vendor', 'shared'] },
      { ...web.jsonnet, extVars: [{ name: 'env', value: 'y' }] },
      { ...web.jsonnet, tlas: [{ name: 'a', value: 'b' }] },
    ];
    const keys = await Promise.all(others.map(async (jsonnet) => (await plan({ ...web, jsonnet })).key));
    expect(new Set([key, ...keys]).size).toBe(4);
    const extVars = [{ name: 'env', value: '$ARGOCD_APP_REVISION_SHORT' }];
    expect((await plan({ ...web, jsonnet: { ...web.jsonnet, extVars } })).dependsOnCommit).toBe(true);
  });

  it('jsonnet.enable=false leaves the files out (B02)', async () => {
    expect(await objectsOf({ ...web, settings: { disabledTools: ['Jsonnet'] } })).toHaveLength(1);
  });
});

describe('imports are found without running the code', () => {
  it.each([
    ['double quotes', 'import "a"', ['a']],
    ['single quotes, without a blank', "import'a'", ['a']],
    ['verbatim texts', `import @"a""b" + importstr @'c''d'`, ['a"b', "c'd"]],
    ['escapes', String.raw`import "\u002e\u002e/\"x\"\\\n"`, ['../"x"\\\n']],
    ['comments between', 'import /* "no" */ // "no"\n # "no"\n "a"', ['a']],
    ['inside of comments and texts too', '// import "a"\n"import \'b\'"', ['a', 'b']],
    ['behind a comment that holds the word', 'import /* import */ "a"', ['a']],
    ['no text, no import', 'import x, "imports", import', []],
    ['an unclosed text', 'import "abc', []],
  ])('%s', (_name, code, paths) => expect(importsOf(code).map(({ path }) => path)).toEqual(paths));

  it('in time that grows with the length only', () => {
    const started = performance.now();
    for (const piece of ['import /*', 'import //', 'import /**/', 'import @"', 'import "\\', "import ' "]) {
      importsOf(piece.repeat(100_000));
    }
    expect(importsOf(`import "${'a'.repeat(5_000)}"`)).toEqual([{ isCode: true, path: undefined }]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe('S7 what leads out is refused before anything runs', () => {
  it.each([
    ['an absolute import', 'importstr "/etc/passwd"'],
    ['an import above the root', 'import "../../x"'],
    ['one that is escaped', String.raw`importstr "\u002fetc/passwd"`],
    ['one behind a comment', 'importstr /* x */ "/etc/passwd"'],
    ['one of bytes', 'importbin "/etc/passwd"'],
    ['one through a link', 'importstr "out"'],
    ['one in an imported file', 'import "lib.libsonnet"'],
  ])('%s', async (_name, code) => {
    const repository: Files = {
      'app/main.jsonnet': code,
      'app/out': { link: '/etc/passwd' },
      'app/lib.libsonnet': 'importstr "../../../etc/passwd"',
    };
    const before = tools.runs.length;
    await expect(plan({ path: 'app', repository })).rejects.toThrow(/is not inside of the repository/);
    expect(tools.runs.length).toBe(before);
  });

  it('an import in the code of a variable, and a library folder outside', async () => {
    const repository: Files = { 'app/main.jsonnet': 'std.extVar("x")' };
    const extVars = [{ name: 'x', value: 'importstr "/etc/passwd"', code: true }];
    await expect(plan({ path: 'app', repository, jsonnet: { extVars } })).rejects.toThrow(/is not inside/);
    await expect(plan({ path: 'app', repository, jsonnet: { libs: ['../x'] } })).rejects.toThrow(
      /"..\/x" is not inside/,
    );
  });

  it('S2 a name that would be an option', async () => {
    const repository: Files = { 'app/main.jsonnet': '{}' };
    const extVars = [{ name: '--exec', value: 'x' }];
    await expect(objectsOf({ path: 'app', repository, jsonnet: { extVars } })).rejects.toThrow(/taken for an option/);
  });
});

describe('failures name the file and what to do', () => {
  it.each([
    ['an error of the code', 'error "no luck"', /RUNTIME ERROR: no luck\s+app\/main\.jsonnet:1:1/],
    ['a missing import', 'import "none.libsonnet"', /couldn't open import "none.libsonnet"/],
    ['no object', '"text"', /app\/main\.jsonnet: Its output is no Kubernetes object/],
    ['a list with something else', '[{a: 1}]', /app\/main\.jsonnet: Item 1 is no Kubernetes object/],
    ['endless recursion', 'local f(x) = f(x + 1) + 1; f(0)', /max stack frames exceeded/],
    [
      'endless work',
      'std.foldl(function(a, b) a + b, std.range(1, 1000000000), 0)',
      /did not finish within 5 s|memory/,
    ],
    ['endless memory', 'local g(s) = g(s + s) tailstrict; g("abcdefgh")', /memory|did not finish/],
  ])('%s', async (_name, code, message) => {
    const rendering = objectsOf({ path: 'app', repository: { 'app/main.jsonnet': code } });
    await expect(rendering).rejects.toThrow(message);
    await expect(rendering).rejects.not.toThrow(/\/tmp\/|goroutine/);
  });
});

it('no workspace is left behind', () => expect(tools.leftovers()).toEqual([]));
