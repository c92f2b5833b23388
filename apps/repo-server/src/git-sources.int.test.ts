/** Git sources through the running repo-server: signatures, submodules, files in LFS. */
import { dirname } from 'node:path';
import { createGenerateManifests, RepositoriesNeededError } from '@tiphys/proto';
import {
  createGpgSigner,
  type Files,
  type GitRepository,
  type GitServer,
  removeDirectory,
  type Signer,
  sharedRedis,
  startGitServer,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const directory = temporaryDirectory('git-sources');
let git: GitServer;
let server: RunningRepoServer;
let signer: Signer;

beforeAll(async () => {
  signer = createGpgSigner('release');
  const [started, redis] = await Promise.all([startGitServer(), sharedRedis()]);
  git = started;
  const settings = { TIPHYS_ALLOW_FILE_REPOSITORIES: 'true' };
  server = await startRunning({ redis, directory, tools: dirname(toolPath('kustomize')), settings });
});
afterAll(async () => {
  signer.stop();
  await server.stop();
  await git.stop();
  removeDirectory(directory);
});

let count = 0;
function repositoryWith(files: Files): Promise<GitRepository> {
  count += 1;
  return git.createRepository(`git-source-${count}`, files);
}
const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

type Request = Parameters<RunningRepoServer['client']['generateManifests']>[0];
async function namesOf(
  repository: GitRepository,
  more: Partial<Request> = {},
  source = {},
): Promise<readonly string[]> {
  const { manifests } = await server.client.generateManifests({
    appName: 'app',
    cacheMode: 'resolve',
    sources: [
      {
        repository: { url: repository.url },
        applicationSource: { repoURL: repository.url, path: '.', directory: { recurse: true }, ...source },
      },
    ],
    ...more,
  } as Request);
  return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name);
}

describe('source integrity (F06)', () => {
  const demand = (mode: string, repos = ['*']) => ({
    sourceIntegrity: { gitPolicies: [{ repos, mode, keys: [signer.keyId] }], gpgKeys: [signer.publicKey] },
  });

  it('S28 an unsigned commit is not rendered, a signed one is, and another repository is not asked', async () => {
    const repository = await repositoryWith({ 'a.yaml': configMap('a') });
    const refused = namesOf(repository, demand('head'));
    await expect(refused).rejects.toMatchObject({
      code: 'ManifestGeneration',
      message: expect.stringMatching(
        /^GIT\/GPG: Failed verifying revision [0-9a-f]{40} by .*: unsigned .*argocd-gpg-keys-cm/,
      ) as string,
    });
    expect(await namesOf(repository, demand('head', ['https://other/*']))).toEqual(['a']);
    await signer.commit(repository, { 'a.yaml': configMap('signed') });
    expect(await namesOf(repository, demand('head'))).toEqual(['signed']);
    await expect(namesOf(repository, demand('strict'))).rejects.toThrow(/unsigned/);
    // What was rendered before is not handed out for a commit that nobody signed.
    await repository.commit({ 'README.md': 'x' });
    await expect(namesOf(repository, demand('head'))).rejects.toThrow(/unsigned/);
  });

  it('the metadata of a revision says how it is signed where that matters', async () => {
    const repository = await repositoryWith({ 'a.yaml': configMap('a') });
    const info = async (policies = demand('strict')): Promise<string> => {
      const request = { repository: { url: repository.url }, revision: await repository.head(), ...policies };
      return (await server.client.getRevisionMetadata(request)).signatureInfo;
    };
    expect(await info()).toBe('Revision is not signed.');
    await signer.commit(repository, { 'a.yaml': configMap('b') });
    expect(await info()).toMatch(new RegExp(`^Good signature from .* key ${signer.keyId}$`));
    expect(await info(demand('head', ['https://other/*']))).toBe('');
  });

  it('the commit of a signed tag is taken by its SHA too, when the source names the tag', async () => {
    const repository = await repositoryWith({ 'a.yaml': configMap('tagged') });
    await signer.tag(repository, 'v1.0.0');
    const tagged = { targetRevision: 'v1.0.0' };
    expect(await namesOf(repository, demand('head'), tagged)).toEqual(['tagged']);
    const pinned = async (targetRevision: string) =>
      namesOf(repository, {
        ...demand('head'),
        sources: [
          {
            repository: { url: repository.url },
            applicationSource: { repoURL: repository.url, path: '.', targetRevision },
            revision: await repository.head(),
          },
        ],
      } as Partial<Request>);
    expect(await pinned('v1.0.0')).toEqual(['tagged']);
    await expect(pinned('main')).rejects.toThrow(/unsigned/);
  });

  it('what lends its files must be signed as well', async () => {
    const lender = await repositoryWith({ 'values.yaml': 'name: lent\n' });
    const chart = await repositoryWith({});
    await signer.commit(chart, {
      'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'templates/a.yaml': configMap('{{ .Values.name }}'),
    });
    const sources = [
      {
        repository: { url: chart.url },
        applicationSource: { repoURL: chart.url, path: '.', helm: { valueFiles: ['$env/values.yaml'] } },
      },
      { repository: { url: lender.url }, applicationSource: { repoURL: lender.url, ref: 'env' } },
    ];
    const names = (): Promise<readonly string[]> =>
      namesOf(chart, { ...demand('head'), kubeVersion: '1.34.0', sources } as Partial<Request>);
    await expect(names()).rejects.toThrow(/Failed verifying revision/);
    await signer.commit(lender, { 'values.yaml': 'name: signed\n' });
    expect(await names()).toEqual(['signed']);
  });
});

describe('submodules (B37)', () => {
  const moduleFile = (modules: Readonly<Record<string, string>>): string =>
    Object.entries(modules)
      .map(([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`)
      .join('');
  const asked: string[] = [];
  const names = async (repository: GitRepository, more: object = {}, connection: object = {}) => {
    asked.splice(0);
    const { manifests } = await createGenerateManifests(server.client)({
      request: {
        ...{ appName: 'app', project: 'team', cacheMode: 'resolve', permittedSources: ['*'] },
        sources: [
          {
            repository: { url: repository.url },
            applicationSource: { repoURL: repository.url, path: '.', directory: { recurse: true } },
          },
        ],
        ...more,
      },
      connectionFor: (url) => {
        asked.push(url);
        return { url, ...connection };
      },
    });
    return manifests.map(({ json }) => (JSON.parse(json) as { metadata: { name: string } }).metadata.name).sort();
  };

  it('are folders of the source, also inside of each other and by relative addresses; a new commit of one is followed', async () => {
    const inner = await repositoryWith({ 'inner.yaml': configMap('inner') });
    const innerName = inner.url.split('/').at(-1) ?? '';
    const lib = await repositoryWith({
      'lib.yaml': configMap('lib'),
      '.gitmodules': moduleFile({ 'deep/inner': `../${innerName}` }),
      'deep/inner': { submodule: await inner.head() },
    });
    const repository = await repositoryWith({
      'own.yaml': configMap('own'),
      '.gitmodules': moduleFile({ 'vendor/lib': lib.url }),
      'vendor/lib': { submodule: await lib.head() },
    });
    expect(await names(repository)).toEqual(['inner', 'lib', 'own']);
    expect(new Set(asked)).toEqual(new Set([lib.url, inner.url]));
    expect(await names(repository, { settings: { disableSubmodules: true } })).toEqual(['own']);
    await lib.commit({ 'lib.yaml': configMap('changed') });
    expect(await names(repository)).toEqual(['inner', 'lib', 'own']);
    await repository.commit({ 'vendor/lib': { submodule: await lib.head() } });
    expect(await names(repository)).toEqual(['changed', 'inner', 'own']);
  });

  it('are not fetched when the source does not read them', async () => {
    const lib = await repositoryWith({ 'lib.yaml': configMap('lib') });
    const repository = await repositoryWith({
      'app/own.yaml': configMap('own'),
      '.gitmodules': moduleFile({ lib: lib.url }),
      lib: { submodule: await lib.head() },
    });
    git.clearRequests();
    const sources = [
      { repository: { url: repository.url }, applicationSource: { repoURL: repository.url, path: 'app' } },
    ];
    expect(await names(repository, { sources, permittedSources: [repository.url] })).toEqual(['own']);
    expect(git.count('info-refs', lib.name)).toBe(0);
  });

  it('are read with the credentials of their own Secret, and without any on the same host with those of the source', async () => {
    const closed = await startGitServer({ username: 'robot', password: 'secret' });
    try {
      const lib = await closed.createRepository('lib', { 'lib.yaml': configMap('private') });
      const modules = { '.gitmodules': moduleFile({ lib: lib.url }), lib: { submodule: await lib.head() } };
      const repository = await repositoryWith(modules);
      await expect(names(repository)).rejects.toThrow(/credentials were refused/);
      expect(await names(repository, {}, { username: 'robot', password: 'secret' })).toEqual(['private']);
      const beside = await closed.createRepository('beside', modules);
      const sources = [
        {
          repository: { url: beside.url, username: 'robot', password: 'secret' },
          applicationSource: { repoURL: beside.url, path: '.', directory: { recurse: true } },
        },
      ];
      expect(await names(beside, { sources })).toEqual(['private']);
    } finally {
      await closed.stop();
    }
  });

  it.each([
    ['that the project does not permit', 'https://elsewhere.example.com/lib', /does not permit.*elsewhere/],
    ['of the local disk (S9)', 'file:///etc', /file:\/\/\/etc/],
    ['of a path (S9)', '/etc', /"\/etc"/],
    ['that runs a program (S9)', 'ext::sh -c id', /ext::sh/],
  ])('one %s is refused and named', async (_, url, message) => {
    const repository = await repositoryWith({
      '.gitmodules': moduleFile({ lib: url }),
      lib: { submodule: '1'.repeat(40) },
    });
    await expect(names(repository, { permittedSources: [`${git.url}/*`] })).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });

  it('a request that cannot say how to reach them fails with their names', async () => {
    const lib = await repositoryWith({ 'lib.yaml': configMap('lib') });
    const repository = await repositoryWith({
      '.gitmodules': moduleFile({ lib: lib.url }),
      lib: { submodule: await lib.head() },
    });
    const alone = namesOf(repository, { permittedSources: ['*'] });
    await expect(alone).rejects.toBeInstanceOf(RepositoriesNeededError);
    await expect(alone).rejects.toMatchObject({ urls: [lib.url] });
  });
});
