/** Remote bases (B23): taken apart as kustomize does, read under the project's rules, rendered as if they were vendored. */
import { join } from 'node:path';
import { GitOpsError } from '@tiphys/model';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_MAX_COMBINED_MANIFEST_BYTES, planRender, type RemoteRepositories } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, filesOf, treeOf } from '../testing/memory-tree.js';
import { isRemote, parseRemote } from './remote.js';

const corpus = filesOf(join(import.meta.dirname, '../../testdata/kustomize'));
const tools = installedTools(toolPath('kustomize'));
afterAll(() => tools.remove());

const { signal } = new AbortController();
const application = { name: 'a', project: 'p', destinationNamespace: 'n', kubeVersion: '', apiVersions: [] };
const settings = { maxCombinedManifestBytes: DEFAULT_MAX_COMBINED_MANIFEST_BYTES };

function remotesOf(repositories: Readonly<Record<string, Files>>) {
  const opened: string[] = [];
  const remotes: RemoteRepositories = {
    open: (url, ref) => {
      opened.push(`${url} ${ref}`);
      const files = repositories[url];
      if (files === undefined) return Promise.reject(new GitOpsError('PermissionDenied', `${url} is not permitted`));
      return Promise.resolve(treeOf(files));
    },
  };
  return { remotes, opened };
}

function plan(repository: Files, remotes: RemoteRepositories, path = 'app') {
  const source = { repoURL: 'r', path, kustomize: { namePrefix: 'my-' } };
  return planRender({ tree: treeOf(repository), source, settings, application, tools, remotes });
}

async function objectsOf(repository: Files, remotes: RemoteRepositories): Promise<readonly unknown[]> {
  const { manifests } = await (await plan(repository, remotes)).render(signal);
  return manifests.map(({ json }) => JSON.parse(json) as unknown);
}

describe('addresses', () => {
  it.each([
    ['https://h.example/o/r//base?ref=v1', 'https://h.example/o/r', 'v1', 'base'],
    ['https://h.example/o/r.git/deep/base?ref=v1&timeout=9', 'https://h.example/o/r.git', 'v1', 'deep/base'],
    ['https://h.example/g/sub/r.git//base/', 'https://h.example/g/sub/r.git', '', 'base'],
    ['https://github.com/o/r/base?version=2', 'https://github.com/o/r', '2', 'base'],
    ['github.com/o/r/base?ref=x', 'https://github.com/o/r', 'x', 'base'],
    ['git@h.example:o/r.git//base?ref=x', 'git@h.example:o/r.git', 'x', 'base'],
    ['git::ssh://git@h.example/o/r.git', 'ssh://git@h.example/o/r.git', '', ''],
    ['https://h.example/o/p/_git/r/base', 'https://h.example/o/p/_git/r', '', 'base'],
  ])('%s', (...[text, url, ref, path]) => {
    expect(isRemote(text)).toBe(true);
    expect(parseRemote(text)).toEqual({ url, ref, path });
  });

  it.each(['https://h.example/o/r/file.yaml', 'file:///etc', 'https://h.example/', 'gh:o'])(
    '%s is no repository',
    (text) => expect(parseRemote(text)).toBeUndefined(),
  );
});

describe('remote bases', () => {
  const url = 'https://git.example.org/shop/deploy.git';
  const remote = { [url]: corpus };

  it('render as if they were vendored', async () => {
    const { remotes, opened } = remotesOf(remote);
    const text = (base: string, component: string): string =>
      `resources: ["${base}"]\ncomponents: ["${component}"]\nnameSuffix: -z\n`;
    const repository = {
      'app/kustomization.yaml': text(`${url}//overlays/staging?ref=v1`, `${url}//components/tls?ref=v1`),
    };
    const vendored = Object.fromEntries(Object.entries(corpus).map(([path, content]) => [`vendor/${path}`, content]));
    const local = { 'app/kustomization.yaml': text('../vendor/overlays/staging', '../vendor/components/tls') };
    const objects = await objectsOf(repository, remotes);
    expect(objects.length).toBeGreaterThan(9);
    expect(objects).toEqual(await objectsOf({ ...vendored, ...local }, remotes));
    expect(new Set(opened)).toEqual(new Set([`${url} v1`]));
  });

  it('serve as components of the source as well (B20)', async () => {
    const { remotes, opened } = remotesOf(remote);
    const component = `${url}//components/tls?ref=v1`;
    const rendered = async (source: object, repository: Files) => {
      const tree = treeOf({ ...corpus, ...repository });
      const planned = await planRender({
        ...{ tree, settings, application, tools, remotes },
        source: { repoURL: 'r', path: 'app', ...source },
      });
      return (await planned.render(signal)).manifests.map(({ json }) => JSON.parse(json) as unknown);
    };
    const base = 'resources: [../overlays/staging]\n';
    const objects = await rendered({ kustomize: { components: [component] } }, { 'app/kustomization.yaml': base });
    const local = { 'app/kustomization.yaml': `${base}components: [../components/tls]\n` };
    expect(objects).toEqual(await rendered({ kustomize: {} }, local));
    expect(opened).toEqual([`${url} v1`]);
  });

  it('may name remote bases themselves, also in a circle, which kustomize refuses', async () => {
    const other = 'https://git.example.org/shop/other.git';
    const { remotes } = remotesOf({
      [url]: { 'base/kustomization.yaml': `resources: ["${other}//x"]\n` },
      [other]: {
        'x/kustomization.yaml': 'resources: [a.yaml]\n',
        'x/a.yaml': 'apiVersion: v1\nkind: X\nmetadata: {name: a}\n',
      },
    });
    const repository = { 'app/kustomization.yaml': `resources: ["${url}//base"]\n` };
    expect(await objectsOf(repository, remotes)).toMatchObject([{ metadata: { name: 'my-a' } }]);
    const circle = remotesOf({ [url]: { 'base/kustomization.yaml': `resources: ["${url}//base"]\n` } });
    await expect(objectsOf(repository, circle.remotes)).rejects.toThrow(/kustomize failed/);
  });

  it('change the key with what is read of them, and only with that; the read set alone does not tell', async () => {
    const repository = { 'app/kustomization.yaml': `resources: ["${url}//base?ref=main"]\n` };
    const keyWith = async (change: Files) =>
      (await plan(repository, remotesOf({ [url]: { ...corpus, ...change } }).remotes)).key;
    const key = await keyWith({});
    expect(await keyWith({ 'base/nginx.conf': 'other' })).not.toBe(key);
    expect(await keyWith({ 'old/ops.yaml': 'other', 'README.md': 'x' })).toBe(key);
    expect((await plan(repository, remotesOf(remote).remotes)).dependsOnCommit).toBe(true);
  });

  it.each([
    [
      'that the project does not permit',
      'https://evil.example.org/o/r.git//x',
      {},
      /evil.example.org\/o\/r.git is not permitted/,
    ],
    ['whose folder is not there', `${url}//none`, {}, /"none" is no folder of https:\/\/git.example.org/],
    ['whose folder is outside', `${url}//../../x`, {}, /is no folder of/],
    [
      'that lead out of their repository',
      `${url}//base`,
      { 'base/kustomization.yaml': 'resources: [../../x.yaml]' },
      /is not inside/,
    ],
    [
      'with a link out',
      `${url}//base`,
      { 'base/kustomization.yaml': 'resources: [l]', 'base/l': { link: '/etc' } },
      /is not inside/,
    ],
  ])('S7 %s are refused', async (...[, base, change, message]) => {
    const { remotes } = remotesOf({ [url]: { ...corpus, ...change } });
    const repository = { 'app/kustomization.yaml': `resources: ["${base}"]\n` };
    await expect(plan(repository, remotes)).rejects.toThrow(message);
  });
});
