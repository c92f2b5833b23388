import type { ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { followedRefs, staleFollowers } from './revision-poller.js';

const REPO = 'https://git.test/repo.git';
const { source: _source, ...WITHOUT_SOURCE } = specOf();
const app = (name: string, ...sources: readonly ApplicationSource[]) =>
  application({ metadata: { namespace: 'argocd', name }, spec: { ...WITHOUT_SOURCE, sources: [...sources] } });

describe('which refs are followed (design 6)', () => {
  it.each([
    { name: 'a branch', source: { repoURL: REPO, targetRevision: 'main' }, followed: true },
    { name: 'the default branch', source: { repoURL: REPO }, followed: true },
    { name: 'a tag range', source: { repoURL: REPO, targetRevision: '1.x' }, followed: true },
    { name: 'a pinned commit', source: { repoURL: REPO, targetRevision: SHA_A }, followed: false },
    {
      name: 'a pinned commit in capitals',
      source: { repoURL: REPO, targetRevision: SHA_A.toUpperCase() },
      followed: false,
    },
    {
      name: 'an abbreviated commit, which may be a branch',
      source: { repoURL: REPO, targetRevision: 'aaaaaaa' },
      followed: true,
    },
    {
      name: 'a range of chart versions',
      source: { repoURL: REPO, chart: 'web', targetRevision: '1.x' },
      followed: true,
    },
    { name: 'the newest version of a chart', source: { repoURL: REPO, chart: 'web' }, followed: true },
    {
      name: 'a tag of an OCI source, which may be moved',
      source: { repoURL: 'oci://registry.example.com/web', targetRevision: '1.2.3' },
      followed: true,
    },
    {
      name: 'a digest of an OCI source',
      source: { repoURL: 'oci://registry.example.com/web', targetRevision: `sha256:${'a'.repeat(64)}` },
      followed: false,
    },
    {
      name: 'one version of a chart',
      source: { repoURL: REPO, chart: 'web', targetRevision: '1.2.3' },
      followed: false,
    },
  ])('$name: $followed', ({ source, followed }) => {
    expect(followedRefs([app('a', source)])).toHaveLength(followed ? 1 : 0);
  });

  it('all applications of one repository, project and ref share one poll, whatever their paths', () => {
    const refs = followedRefs([
      app('a', { repoURL: REPO, path: 'a' }, { repoURL: REPO, path: 'b' }),
      app('b', { repoURL: REPO, path: 'c', targetRevision: 'HEAD' }),
    ]);
    expect(refs.map(({ followers }) => followers.map(({ key, sourceIndex }) => [key, sourceIndex]))).toEqual([
      [
        ['argocd/a', 0],
        ['argocd/a', 1],
        ['argocd/b', 0],
      ],
    ]);
  });

  it.each([
    { what: 'repository', other: { repoURL: 'https://git.test/other.git' } },
    { what: 'ref', other: { repoURL: REPO, targetRevision: 'dev' } },
    { what: 'tag prefix', other: { repoURL: REPO, tagPrefix: 'web-' } },
  ])('another $what is another poll', ({ other }) => {
    expect(followedRefs([app('a', { repoURL: REPO }), app('b', other)])).toHaveLength(2);
  });

  it('another project is another poll, since its credentials decide', () => {
    const spec = { ...WITHOUT_SOURCE, project: 'other', sources: [{ repoURL: REPO }] };
    expect(followedRefs([app('a', { repoURL: REPO }), application({ spec })])).toHaveLength(2);
  });
});

describe('which followers are stale', () => {
  const stale = (...apps: Parameters<typeof followedRefs>[0]) =>
    followedRefs(apps).flatMap((ref) => staleFollowers(ref, SHA_A));
  const at = (name: string, revision: string) =>
    application({ metadata: { namespace: 'argocd', name }, status: { sync: { status: 'Synced', revision } } });

  it('those whose comparison was against another commit are asked to compare with the newest', () => {
    const never = application({ metadata: { namespace: 'argocd', name: 'never' } });
    expect(stale(at('same', SHA_A), at('older', SHA_B), never)).toEqual([
      { key: 'argocd/older', priority: 'periodic', request: { level: 2, hardness: 0, since: 0 } },
      { key: 'argocd/never', priority: 'periodic', request: { level: 2, hardness: 0, since: 0 } },
    ]);
  });

  it('of several sources only the one that follows the ref counts', () => {
    const spec = { ...WITHOUT_SOURCE, sources: [{ repoURL: 'https://git.test/other.git' }, { repoURL: REPO }] };
    const status = { sync: { status: 'Synced' as const, revisions: [SHA_B, SHA_A] } };
    const refs = followedRefs([application({ spec, status })]);
    expect(refs.map((ref) => staleFollowers(ref, SHA_A).length)).toEqual([1, 0]);
  });
});
