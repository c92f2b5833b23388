/** Which applications an event concerns, and how urgently. */
import type { ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { createRepositoryIndex } from '../../applications/repository-index.js';
import { createApplicationStore } from '../../applications/store.js';
import type { Push, RegistryPush } from './events.js';
import { affectedBy, followsRef } from './push.js';
import { followsTag } from './registry-push.js';
import { entryOf } from './testing/subject.js';

const REPO = 'https://git.example.com/org/repo.git';
const PUSH: Push = {
  ...{ kind: 'push', repositoryUrls: [REPO], ref: 'refs/heads/main', defaultBranch: 'main' },
  changedFiles: ['apps/a/deployment.yaml'],
  ...{ before: undefined, after: [] },
};
const DIGEST = `sha256:${'5d'.repeat(32)}`;

const source = (changes: Partial<ApplicationSource> = {}): ApplicationSource => ({
  repoURL: REPO,
  path: 'apps/a',
  ...changes,
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

describe('followsTag (J02)', () => {
  const OCI = 'oci://registry.example.com/org/web';
  it.each<[string, Partial<ApplicationSource>, string | undefined, boolean]>([
    ['the exact tag of a folder', { repoURL: OCI, targetRevision: '1.4.0' }, '1.4.0', true],
    ['another tag', { repoURL: OCI, targetRevision: '1.3.0' }, '1.4.0', false],
    ['a range that the tag is in', { repoURL: OCI, targetRevision: '1.x' }, '1.4.0', true],
    ['a range that it is not in', { repoURL: OCI, targetRevision: '^2' }, '1.4.0', false],
    ['a release only, not what comes before it', { repoURL: OCI, targetRevision: '*' }, '2.0.0-rc.1', false],
    ['a name', { repoURL: OCI, targetRevision: 'stable' }, 'stable', true],
    ['no revision of a folder: latest', { repoURL: OCI }, 'latest', true],
    ['HEAD of a folder: latest', { repoURL: OCI, targetRevision: 'HEAD' }, '1.4.0', false],
    ['the digest that was pushed', { repoURL: OCI, targetRevision: DIGEST }, '1.4.0', true],
    ['another digest', { repoURL: OCI, targetRevision: `sha256:${'00'.repeat(32)}` }, '1.4.0', false],
    ['a push without a tag', { repoURL: OCI, targetRevision: '1.x' }, undefined, false],
    ['a version of a chart', { chart: 'web', targetRevision: '1.4.0' }, 'v1.4.0', true],
    ['a version with a build', { chart: 'web', targetRevision: '1.4.0+7' }, '1.4.0_7', true],
    ['a range of a chart', { chart: 'web', targetRevision: '>=1, <2' }, '1.4.0', true],
    ['no revision of a chart: the newest release', { chart: 'web' }, '1.4.0', true],
    ['no revision of a chart is no tag without a version', { chart: 'web' }, 'nightly', false],
  ])('%s', (...[, changes, tag, expected]) => {
    expect(followsTag(source(changes), { tag, digest: DIGEST })).toBe(expected);
  });
});

describe('affectedBy', () => {
  const request = { level: 3, hardness: 0, since: 42 };
  const PATHS = 'argocd.argoproj.io/manifest-generate-paths';
  const hydrator = {
    drySource: { repoURL: REPO, path: 'apps/a', targetRevision: 'main' },
    syncSource: { targetBranch: 'env', path: 'a' },
  };
  const pushed = (changes: Partial<Push>): Push => ({ ...PUSH, ...changes });
  const chart = (repoURL: string) => source({ repoURL, chart: 'web', targetRevision: '1.*', path: '' });
  const artifact = (url: string): RegistryPush => ({
    ...{ kind: 'registry', repositoryUrls: [url], tag: '1.4.0', digest: DIGEST },
  });

  it.each<[string, ReturnType<typeof entryOf>, Push | RegistryPush, 'webhook' | 'dependency' | undefined]>([
    ['a changed file below the path comes first', entryOf('a', { source: source() }), PUSH, 'webhook'],
    ['other folders are looked at later', entryOf('a', { source: source({ path: 'apps/b' }) }), PUSH, 'dependency'],
    ['apps/a-too is another folder', entryOf('a', { source: source({ path: 'apps/a-too' }) }), PUSH, 'dependency'],
    ['the root contains every file', entryOf('a', { source: source({ path: './' }) }), PUSH, 'webhook'],
    [
      'without a file list everything may have changed (J04)',
      ...([entryOf('a', { source: source({ path: 'x' }) }), pushed({ changedFiles: undefined }), 'webhook'] as const),
    ],
    [
      'with too many files to look at each, too',
      entryOf('a', { source: source({ path: 'x' }) }),
      pushed({ changedFiles: Array.from({ length: 10_001 }, (_, index) => `y/${index}`) }),
      'webhook',
    ],
    [
      'no file at all touches nobody',
      entryOf('a', { source: source({ path: '.' }) }),
      pushed({ changedFiles: [] }),
      'dependency',
    ],
    [
      'declared paths count (J04)',
      entryOf('a', { source: source({ path: 'x/y' }) }, { [PATHS]: '.;/apps/*' }),
      PUSH,
      'webhook',
    ],
    [
      'relative declared paths start at the source',
      entryOf('a', { source: source({ path: 'apps/b' }) }, { [PATHS]: '../a' }),
      PUSH,
      'webhook',
    ],
    [
      'any of several sources',
      entryOf('a', { sources: [source({ repoURL: 'https://x/y' }), source({ path: 'apps/b' })] }),
      PUSH,
      'dependency',
    ],
    ['a hydrated application follows its dry source', entryOf('a', { sourceHydrator: hydrator }), PUSH, 'webhook'],
    [
      'and the branch that it is read from',
      entryOf('a', { sourceHydrator: hydrator }),
      pushed({ ref: 'refs/heads/env', changedFiles: ['a/x.yaml'] }),
      'webhook',
    ],
    [
      'another repository is not concerned',
      entryOf('a', { source: source({ repoURL: 'https://git.example.com/org/other' }) }),
      PUSH,
      undefined,
    ],
    ['another branch is not concerned', entryOf('a', { source: source({ targetRevision: 'prod' }) }), PUSH, undefined],
    [
      'a folder in a registry',
      entryOf('a', { source: source({ repoURL: 'oci://ghcr.io/Org/web', targetRevision: '1.x' }) }),
      artifact('oci://ghcr.io/org/web'),
      'webhook',
    ],
    [
      'a chart in a registry',
      entryOf('a', { source: chart('oci://ghcr.io/org/') }),
      artifact('oci://ghcr.io/org/web'),
      'webhook',
    ],
    [
      'a chart in a registry that is written without a scheme',
      entryOf('a', { source: chart('registry.example.com:5000/org') }),
      artifact('oci://registry.example.com:5000/org/web'),
      'webhook',
    ],
    [
      'a chart of Docker Hub, by any of its names',
      entryOf('a', { source: chart('registry-1.docker.io/org') }),
      artifact('oci://docker.io/org/web'),
      'webhook',
    ],
    [
      'a chart of a Helm repository',
      entryOf('a', { source: chart('https://charts.example.com') }),
      artifact('https://charts.example.com/web'),
      'webhook',
    ],
    [
      'another chart is not concerned',
      entryOf('a', { source: chart('oci://ghcr.io/org') }),
      artifact('oci://ghcr.io/org/web2'),
      undefined,
    ],
    ['a registry push does not concern a Git source', entryOf('a', { source: source() }), artifact(REPO), undefined],
  ])('%s', (...[, application, event, priority]) => {
    const store = createApplicationStore();
    store.put(application);
    const expected = priority === undefined ? [] : [{ key: 'argocd/a', priority, request }];
    expect(affectedBy(event, createRepositoryIndex(store).find(event.repositoryUrls), 42).entries).toEqual(expected);
  });

  it('a registry announces the digest and the spellings of the tag', () => {
    const store = createApplicationStore();
    store.put(entryOf('a', { source: chart('oci://ghcr.io/org') }));
    const event: RegistryPush = { ...artifact('oci://ghcr.io/org/web'), tag: '1.4.0_7' };
    const { announced } = affectedBy(event, createRepositoryIndex(store).find(event.repositoryUrls), 42);
    expect([...announced.values()]).toEqual([{ after: [DIGEST, '1.4.0_7', '1.4.0+7'], at: 42, uncertain: true }]);
  });
});
