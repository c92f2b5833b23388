import { describe, expect, it } from 'vitest';
import type { GitTree, TreeEntry } from '../ports.js';
import { parseGitmodules, submoduleUrl } from './gitmodules.js';
import { withSubmodules } from './tree.js';

describe('.gitmodules', () => {
  it('gives the address of every path, as git reads the file', () => {
    const text = `# comment
[submodule "libs/a"]
	path = libs/a
	url = https://host/a.git  ; the first
[submodule "b \\"quoted\\""]
  path="with space/b"
  URL = "../b.git"
  branch = main
[core]
  url = https://host/not-a-module
[submodule "no-path"]
  url = https://host/c
`;
    expect([...parseGitmodules(text)]).toEqual([
      ['libs/a', 'https://host/a.git'],
      ['with space/b', '../b.git'],
    ]);
  });

  it.each([
    ['https://host/org/app.git', '../lib.git', 'https://host/org/lib.git'],
    ['https://host:8443/org/app', '../../other/lib', 'https://host:8443/other/lib'],
    ['https://host/org/app/', './lib', 'https://host/org/app/lib'],
    ['git@host:org/app.git', '../lib.git', 'git@host:org/lib.git'],
    ['ssh://git@host/org/app', '../lib', 'ssh://git@host/org/lib'],
    ['https://host/org/app', 'https://other/lib', 'https://other/lib'],
  ])('in %s, "%s" is %s', (parent, written, expected) => expect(submoduleUrl(written, parent)).toBe(expected));

  it.each([
    ['a local path', '/etc'],
    ['a path of the repository', 'lib'],
    ['file://', 'file:///etc'],
    ['an option', '-u./payload'],
    ['a program', 'ext::sh -c id'],
    ['a way out of the host', '../../../x'],
    ['the root of the host', '../..'],
  ])('%s is refused (S9)', (_, written) => {
    expect(() => submoduleUrl(written, 'https://host/org/app')).toThrow(/address|leads out|URL/);
  });
});

/** A tree from paths; text, or `{commit}` for a submodule. */
function treeOf(commit: string, files: Readonly<Record<string, string | { readonly commit: string }>>): GitTree {
  const entries = new Map<string, TreeEntry>([['', { path: '', oid: `tree-${commit}`, kind: 'tree' }]]);
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const folder = parts.slice(0, length).join('/');
      entries.set(folder, { path: folder, oid: `tree-${commit}-${folder}`, kind: 'tree' });
    }
    entries.set(
      path,
      typeof content === 'string'
        ? { path, oid: `blob-${content}`, kind: 'blob' }
        : { path, oid: content.commit, kind: 'submodule' },
    );
  }
  const isChild = (path: string, folder: string): boolean =>
    path !== '' && path.slice(0, Math.max(path.lastIndexOf('/'), 0)) === folder;
  return {
    commit,
    entry: (path) => Promise.resolve(entries.get(path)),
    list: (path) => Promise.resolve([...entries.values()].filter((entry) => isChild(entry.path, path))),
    readBlob: (oid) => {
      const content = Object.values(files).find((text) => `blob-${String(text)}` === oid);
      return content === undefined
        ? Promise.reject(new Error(`${oid} is not in ${commit}`))
        : Promise.resolve(Buffer.from(String(content)));
    },
  };
}

describe('a tree with submodules (B37)', () => {
  const trees: Readonly<Record<string, GitTree>> = {
    lib: treeOf('lib', {
      'l.yaml': 'of lib',
      'deep/inner': { commit: 'inner' },
      '.gitmodules': '[submodule "i"]\npath=deep/inner\nurl=../inner\n',
    }),
    inner: treeOf('inner', { 'i.yaml': 'of inner' }),
    self: treeOf('self', { again: { commit: 'self' }, '.gitmodules': '[submodule "x"]\npath=again\nurl=../self\n' }),
  };
  const opened: string[] = [];
  const make = (files: Parameters<typeof treeOf>[1]) => {
    opened.splice(0);
    return withSubmodules(treeOf('root', files), {
      url: 'https://host/org/app',
      open: (url, commit) => {
        opened.push(`${url} ${commit}`);
        return Promise.resolve(trees[commit]!);
      },
    });
  };
  const files = {
    'a.yaml': 'own',
    'vendor/lib': { commit: 'lib' },
    '.gitmodules': '[submodule "l"]\npath = vendor/lib\nurl = ../lib\n',
  };
  const pathsOf = async (tree: GitTree, path: string) =>
    (await tree.list(path)).map((entry) => `${entry.path} ${entry.kind}`);

  it('shows them as folders, and opens one only when something in it is wanted', async () => {
    const tree = make(files);
    expect(await tree.entry('a.yaml')).toMatchObject({ oid: 'blob-own' });
    expect(await pathsOf(tree, 'vendor')).toEqual(['vendor/lib tree']);
    expect(await tree.entry('vendor/lib')).toEqual({ path: 'vendor/lib', kind: 'tree', oid: 'submodule:lib' });
    expect(opened).toEqual([]);
    expect(await tree.entry('vendor/lib/absent')).toBeUndefined();
    expect(opened).toEqual(['https://host/org/lib lib']);
  });

  it('reads what is in them, also one inside of another, whose address is relative to it', async () => {
    const tree = make(files);
    expect(await pathsOf(tree, 'vendor/lib/deep')).toEqual(['vendor/lib/deep/inner tree']);
    const entry = await tree.entry('vendor/lib/deep/inner/i.yaml');
    expect(entry).toEqual({ path: 'vendor/lib/deep/inner/i.yaml', oid: 'blob-of inner', kind: 'blob' });
    expect(Buffer.from(await tree.readBlob('blob-of inner', 100)).toString()).toBe('of inner');
    expect(await pathsOf(tree, 'vendor/lib/deep/inner')).toEqual(['vendor/lib/deep/inner/i.yaml blob']);
    expect(opened).toEqual(['https://host/org/lib lib', 'https://host/org/inner inner']);
  });

  it.each([
    ['one without an address', { sub: { commit: 'lib' } }, 'sub/x', /no address in .gitmodules/],
    [
      'one that holds itself for ever',
      { again: { commit: 'self' }, '.gitmodules': '[submodule "x"]\npath=again\nurl=../self\n' },
      `${'again/'.repeat(12)}x`,
      /more than 10 deep/,
    ],
    [
      'a local one (S9)',
      { sub: { commit: 'lib' }, '.gitmodules': '[submodule "x"]\npath=sub\nurl=/etc\n' },
      'sub/x',
      /"\/etc"/,
    ],
  ])('%s fails with what to do', async (...[, content, path, message]) => {
    await expect(make(content).entry(path)).rejects.toThrow(message);
  });
});
