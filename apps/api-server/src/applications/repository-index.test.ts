/** Finding the applications of a repository by any spelling, at a cost that does not depend on how many others there are. */
import type { ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { entryOf } from '../routes/webhook/testing/subject.js';
import { createRepositoryIndex } from './repository-index.js';
import { repositoryKey } from './repository-key.js';
import { createApplicationStore } from './store.js';

const REPO = 'https://git.example.com/org/repo.git';
const VALUES = 'https://git.example.com/org/values';
const source = (repoURL = REPO): ApplicationSource => ({ repoURL, path: 'apps/a' });

describe('repositoryKey', () => {
  it.each([
    'https://git.example.com/Org/Repo.git',
    'https://user:token@git.example.com/org/repo',
    'http://git.example.com:8443/org/repo/',
    'git@git.example.com:org/repo.git',
    'ssh://git@git.example.com:2222/org/repo.git',
    'ssh://git@ssh.git.example.com:443/org/repo.git',
    'ssh.git.example.com:org/repo',
    'oci://git.example.com/org/repo',
  ])('%s is one repository', (url) => {
    expect(repositoryKey(url)).toBe('git.example.com/org/repo');
  });

  it.each(['https://git.example.com/org/repo2', 'https://example.com/org/repo', 'https://git.example.com/repo'])(
    '%s is another',
    (url) => {
      expect(repositoryKey(url)).not.toBe('git.example.com/org/repo');
    },
  );

  it.each([
    'https://dev.azure.com/Org/Shop%20Floor/_git/deploy',
    'https://org@dev.azure.com/org/Shop%20Floor/_git/deploy',
    'git@ssh.dev.azure.com:v3/org/Shop%20Floor/deploy',
    'ssh://git@ssh.dev.azure.com:22/v3/org/Shop%20Floor/deploy',
    'https://org.visualstudio.com/Shop%20Floor/_git/deploy',
    'https://org.visualstudio.com/DefaultCollection/Shop%20Floor/_git/deploy',
    'org@vs-ssh.visualstudio.com:v3/org/Shop%20Floor/deploy',
  ])('Azure DevOps: %s', (url) => {
    expect(repositoryKey(url)).toBe('dev.azure.com/org/shop floor/_git/deploy');
  });

  it.each([
    ['https://dev.azure.com/org/_git/deploy', 'dev.azure.com/org/deploy/_git/deploy'],
    ['https://org.visualstudio.com/_git/deploy', 'dev.azure.com/org/deploy/_git/deploy'],
    ['oci://registry-1.docker.io/org/web', 'docker.io/org/web'],
    ['oci://index.docker.io/nginx', 'docker.io/library/nginx'],
    ['oci://docker.io/library/nginx', 'docker.io/library/nginx'],
    ['no address', 'no address'],
    ['https://%', 'https://%'],
    ['', ''],
  ])('%s is %s', (url, key) => {
    expect(repositoryKey(url)).toBe(key);
  });
});

describe('createRepositoryIndex', () => {
  it('follows applications that come, move to another repository, and go', () => {
    const store = createApplicationStore();
    store.put(entryOf('early', { source: source() }));
    const index = createRepositoryIndex(store);
    const names = (url: string) => index.find([url, url]).map(({ entry }) => entry.application.metadata.name);
    store.put(entryOf('late', { sources: [source(), source(VALUES)] }));
    expect(names('git@git.example.com:org/repo.git')).toEqual(['early', 'late']);
    store.put(entryOf('early', { source: source(VALUES) }));
    expect(names(REPO)).toEqual(['late']);
    expect(names(VALUES)).toEqual(['late', 'early']);
    store.remove('argocd/late');
    expect(names(REPO)).toEqual([]);
    expect(names(VALUES)).toEqual(['early']);
  });

  it('tells which sources lie in the repository, each once, as the application has them now', () => {
    const store = createApplicationStore();
    const index = createRepositoryIndex(store);
    const other = { ...source(), path: 'apps/b' };
    store.put(entryOf('a', { sources: [source(), source(VALUES), other] }));
    store.put(entryOf('a', { sources: [source(VALUES), other, source()] }));
    expect(index.find([REPO, 'git@git.example.com:org/repo']).map(({ sources }) => sources)).toEqual([
      [other, source()],
    ]);
  });

  it.each([10, 5_000])('among %i applications in other repositories, only those found are touched', (others) => {
    const store = createApplicationStore();
    const touched = { list: 0, get: 0 };
    const index = createRepositoryIndex({
      subscribe: store.subscribe,
      list: () => {
        touched.list += 1;
        return store.list();
      },
      get: (key) => {
        touched.get += 1;
        return store.get(key);
      },
    });
    const initially = touched.list;
    for (let number = 0; number < others; number += 1) {
      store.put(entryOf(`other-${number}`, { source: source(`https://git.example.com/org/other-${number}`) }));
    }
    for (const name of ['a', 'b', 'c']) store.put(entryOf(name, { source: source() }));
    expect(index.find([REPO])).toHaveLength(3);
    expect({ ...touched, list: touched.list - initially }).toEqual({ list: 0, get: 3 });
  });
});
