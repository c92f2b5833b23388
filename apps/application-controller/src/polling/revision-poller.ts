/**
 * One poll per (repository, project, revision) for the whole installation (design 6), however many applications follow it.
 * A poll only compares: applications whose status shows another commit are enqueued.
 */
import {
  type AppKey,
  type Application,
  type ApplicationSource,
  COMPARE_LEVELS,
  hasMultipleSources,
  sourcesOf,
} from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import { keyOf } from '../identity.js';

const FULL_SHA = /^[0-9a-f]{40}$/i;
/** Of a registry. */
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** A whole semantic version. */
const EXACT_VERSION = /^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/;

export interface FollowedRef {
  readonly id: string;
  /** Any application of the group: its project decides the credentials. */
  readonly app: Application;
  readonly source: ApplicationSource;
  readonly followers: readonly { readonly key: AppKey; readonly app: Application; readonly sourceIndex: number }[];
}

/** Groups the sources of all applications by what one `ls-remote` answers. Pinned commits are not polled. */
export function followedRefs(applications: readonly Application[]): readonly FollowedRef[] {
  const groups = new Map<
    string,
    { app: Application; source: ApplicationSource; followers: FollowedRef['followers'][number][] }
  >();
  for (const app of applications) {
    sourcesOf(app.spec).forEach((source, sourceIndex) => {
      const { chart = '', tagPrefix = '' } = source;
      const revision = source.targetRevision ?? (chart === '' ? 'HEAD' : '*');
      if (isPinned(source, revision)) return;
      const id = JSON.stringify([source.repoURL, app.spec.project, chart, revision, tagPrefix]);
      const group = groups.get(id) ?? { app, source, followers: [] };
      group.followers.push({ key: keyOf(app), app, sourceIndex });
      groups.set(id, group);
    });
  }
  return [...groups].map(([id, group]) => ({ id, ...group }));
}

/** A commit, a digest, or one version of a chart: what it names cannot change (A09). A tag of an OCI source can (B27). */
function isPinned({ repoURL, chart = '' }: ApplicationSource, revision: string): boolean {
  if (chart !== '') return EXACT_VERSION.test(revision) || DIGEST.test(revision);
  return repoURL.startsWith('oci://') ? DIGEST.test(revision) : FULL_SHA.test(revision);
}

/** Followers whose last comparison was against another commit. */
export function staleFollowers(ref: FollowedRef, commit: string): readonly Enqueue[] {
  return ref.followers
    .filter(({ app, sourceIndex }) => comparedRevision(app, sourceIndex) !== commit)
    .map(({ key }) => ({
      key,
      priority: 'periodic',
      request: { level: COMPARE_LEVELS.indexOf('latest'), hardness: 0, since: 0 },
    }));
}

function comparedRevision(app: Application, sourceIndex: number): string | undefined {
  return hasMultipleSources(app.spec) ? app.status?.sync?.revisions?.[sourceIndex] : app.status?.sync?.revision;
}
