/** Which applications a push concerns, and how urgently. */
import type { Application, ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { createRepositoryIndex } from '../../applications/repository-index.js';
import { repositoryKey } from '../../applications/repository-key.js';
import { applicationEntry, createApplicationStore } from '../../applications/store.js';
import { affectedApplications, followsRef, type Push } from './push.js';

const REPO = 'https://git.example.com/org/repo.git';
const PUSH: Push = {
  ...{ repositoryUrls: [REPO], ref: 'refs/heads/main', defaultBranch: 'main' },
  changedFiles: ['apps/a/deployment.yaml'],
};

function entry(name: string, spec: Partial<Application['spec']>, annotations: Record<string, string> = {}) {
  return applicationEntry({
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name, namespace: 'argocd', resourceVersion: '1', annotations },
    spec: { project: 'default', destination: { name: 'in-cluster' }, ...spec },
  });
}
const source = (changes: Partial<ApplicationSource> = {}): ApplicationSource => ({
  repoURL: REPO,
  path: 'apps/a',
  ...changes,
});

describe('repositoryKey', () => {
  it.each([
    'https://git.example.com/Org/Repo.git',
    'https://user:token@git.example.com/org/repo',
    'http://git.example.com:8443/org/repo/',
    'git@git.example.com:org/repo.git',
    'ssh://git@git.example.com:2222/org/repo.git',
    'ssh://git@ssh.git.example.com:443/org/repo.git',
    'ssh.git.example.com:org/repo',
  ])('%s is one repository', (url) => {
    expect(repositoryKey(url)).toBe('git.example.com/org/repo');
  });

  it.each(['https://git.example.com/org/repo2', 'https://example.com/org/repo', 'https://git.example.com/repo'])(
    '%s is another',
    (url) => {
      expect(repositoryKey(url)).not.toBe('git.example.com/org/repo');
    },
  );
});

describe('followsRef', () => {
  it.each<[string | undefined, string, boolean]>([
    [undefined, 'refs/heads/main', true],
    ['HEAD', 'refs/heads/main', true],
    ['HEAD', 'refs/heads/other', false],
    ['main', 'refs/heads/main', true],
    ['refs/heads/main', 'refs/heads/main', true],
    ['v1.2.3', 'refs/tags/v1.2.3', true],
    ['feature', 'refs/heads/main', false],
    ['1.*', 'refs/tags/v1.9.0', true],
    ['^1.2.0', 'refs/tags/1.3.0', true],
    ['>=1 <2', 'refs/tags/v1.0.0', true],
    ['1.2', 'refs/tags/v1.2.7', true],
    ['1.x', 'refs/tags/nightly', false],
    ['1.x', 'refs/heads/1.2.0', false],
    ['a'.repeat(40), 'refs/heads/main', false],
  ])('%s after a push to %s: %s', (targetRevision, ref, expected) => {
    const asked = targetRevision === undefined ? source() : source({ targetRevision });
    expect(followsRef(asked, { ref, defaultBranch: 'main' })).toBe(expected);
  });

  it('a tag prefix belongs to the tag', () => {
    const ranged = source({ targetRevision: '^1.0.0', tagPrefix: 'web/' });
    expect(followsRef(ranged, { ref: 'refs/tags/web/1.4.0', defaultBranch: 'main' })).toBe(true);
    expect(followsRef(ranged, { ref: 'refs/tags/api/1.4.0', defaultBranch: 'main' })).toBe(false);
  });

  it('HEAD follows every branch while the payload does not name the default branch', () => {
    expect(followsRef(source(), { ref: 'refs/heads/x', defaultBranch: undefined })).toBe(true);
  });
});

describe('affectedApplications', () => {
  const request = { level: 3, hardness: 0, since: 42 };
  it.each<[string, ReturnType<typeof entry>, Push, 'webhook' | 'dependency' | undefined]>([
    ['a changed file below the path comes first', entry('a', { source: source() }), PUSH, 'webhook'],
    ['other folders are looked at later', entry('a', { source: source({ path: 'apps/b' }) }), PUSH, 'dependency'],
    [
      'a folder with the same beginning is another folder',
      entry('a', { source: source({ path: 'apps/a-too' }) }),
      PUSH,
      'dependency',
    ],
    ['the root contains every file', entry('a', { source: source({ path: './' }) }), PUSH, 'webhook'],
    [
      'without a file list everything may have changed (J04)',
      entry('a', { source: source({ path: 'x' }) }),
      { ...PUSH, changedFiles: undefined },
      'webhook',
    ],
    [
      'declared paths count (J04)',
      entry('a', { source: source({ path: 'x/y' }) }, { 'argocd.argoproj.io/manifest-generate-paths': '.;/apps/*' }),
      PUSH,
      'webhook',
    ],
    [
      'relative declared paths start at the source',
      entry('a', { source: source({ path: 'apps/b' }) }, { 'argocd.argoproj.io/manifest-generate-paths': '../a' }),
      PUSH,
      'webhook',
    ],
    [
      'any of several sources',
      entry('a', { sources: [source({ repoURL: 'https://x/y' }), source({ path: 'apps/b' })] }),
      PUSH,
      'dependency',
    ],
    [
      'a hydrated application follows its dry source',
      entry('a', {
        sourceHydrator: {
          drySource: { repoURL: REPO, path: 'apps/a', targetRevision: 'main' },
          syncSource: { targetBranch: 'env', path: 'a' },
        },
      }),
      PUSH,
      'webhook',
    ],
    [
      'another repository is not concerned',
      entry('a', { source: source({ repoURL: 'https://git.example.com/org/other' }) }),
      PUSH,
      undefined,
    ],
    ['another branch is not concerned', entry('a', { source: source({ targetRevision: 'prod' }) }), PUSH, undefined],
  ])('%s', (...[, application, push, priority]) => {
    const expected = priority === undefined ? [] : [{ key: 'argocd/a', priority, request }];
    expect(affectedApplications(push, [application], 42)).toEqual(expected);
  });
});

describe('createRepositoryIndex', () => {
  it('follows applications that come, move to another repository, and go', () => {
    const store = createApplicationStore();
    store.put(entry('early', { source: source() }));
    const index = createRepositoryIndex(store);
    const names = (url: string) => index.find([url, url]).map(({ application }) => application.metadata.name);
    store.put(entry('late', { sources: [source(), source({ repoURL: 'https://git.example.com/org/values' })] }));
    expect(names('git@git.example.com:org/repo.git')).toEqual(['early', 'late']);
    store.put(entry('early', { source: source({ repoURL: 'https://git.example.com/org/values' }) }));
    expect(names(REPO)).toEqual(['late']);
    expect(names('https://git.example.com/org/values')).toEqual(['late', 'early']);
    store.remove('argocd/late');
    expect(names(REPO)).toEqual([]);
    expect(names('https://git.example.com/org/values')).toEqual(['early']);
  });
});
