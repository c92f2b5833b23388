/** A push as every provider means it, and which applications it concerns (J01, J04). Pure. */

import { ANNOTATIONS, type Application, type ApplicationSource, sourcesOf } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import { repositoryKey } from '../../applications/repository-key.js';
import type { ApplicationEntry } from '../../applications/store.js';

export interface Push {
  /** Every address that the payload gives for the repository. */
  readonly repositoryUrls: readonly string[];
  /** `refs/heads/main` or `refs/tags/v1.2.3`. */
  readonly ref: string;
  /** Undefined: the payload does not say. */
  readonly defaultBranch: string | undefined;
  /** Undefined: the payload does not say (J04: then everything may have changed). */
  readonly changedFiles: readonly string[] | undefined;
}

/** From libs/model's COMPARE_LEVELS: resolve the ref at the Git host again. */
const LATEST_FORCE_RESOLVE = 3;

/** Refresh requests for the applications whose repository and ref were pushed; the ones a changed file names come first. */
export function affectedApplications(
  push: Push,
  candidates: readonly ApplicationEntry[],
  arrivedAt: number,
): readonly Enqueue[] {
  const repositories = new Set(push.repositoryUrls.map(repositoryKey));
  return candidates.flatMap(({ key, application }): readonly Enqueue[] => {
    const pushed = watchedSources(application).filter(
      (source) => repositories.has(repositoryKey(source.repoURL)) && followsRef(source, push),
    );
    if (pushed.length === 0) return [];
    const direct = pushed.some((source) => mayBeTouched(application, source, push.changedFiles));
    const request = { level: LATEST_FORCE_RESOLVE, hardness: 0, since: arrivedAt };
    return [{ key, priority: direct ? 'webhook' : 'dependency', request }];
  });
}

/** Sources of the spec, and what a hydrated application renders from and is read from (A34). */
function watchedSources({ spec }: Application): readonly ApplicationSource[] {
  if (spec.sourceHydrator === undefined) return sourcesOf(spec);
  const { drySource, syncSource } = spec.sourceHydrator;
  const synced = { repoURL: syncSource.repoURL ?? drySource.repoURL, targetRevision: syncSource.targetBranch };
  return [drySource, { ...synced, path: syncSource.path }];
}

/** Whether the source's target revision may name another commit after the push. */
export function followsRef(
  source: ApplicationSource,
  { ref, defaultBranch }: Pick<Push, 'ref' | 'defaultBranch'>,
): boolean {
  const target = shortRef(source.targetRevision || 'HEAD');
  const pushed = shortRef(ref);
  if (target === 'HEAD') return defaultBranch === undefined || defaultBranch === pushed;
  if (target === pushed) return true;
  const prefix = source.tagPrefix ?? '';
  // Which tag a range picks is for the repo-server to say: any version tag may change it.
  return (
    isRange(target) &&
    !ref.startsWith('refs/heads/') &&
    pushed.startsWith(prefix) &&
    isVersion(pushed.slice(prefix.length))
  );
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}

function isRange(revision: string): boolean {
  return /^[\^~<>=!]|[*,]|\|\||\s-\s|(?:^|\.)[xX](?:\.|$)/.test(revision) || /^v?\d+(?:\.\d+)?$/.test(revision);
}

function isVersion(tag: string): boolean {
  return /^v?\d+(?:\.\d+){0,2}(?:[-+].*)?$/.test(tag);
}

function mayBeTouched(application: Application, source: ApplicationSource, changed: Push['changedFiles']): boolean {
  if (changed === undefined) return true;
  const roots = [source.path ?? '', ...declaredPaths(application, source)].map(trimPath);
  return changed.some((file) => roots.some((root) => root === '' || file === root || file.startsWith(`${root}/`)));
}

/** `manifest-generate-paths`: from the root when it starts with `/`, else from the source's path. */
function declaredPaths(application: Application, source: ApplicationSource): readonly string[] {
  const text = application.metadata.annotations?.[ANNOTATIONS.manifestGeneratePaths] ?? '';
  const paths = text.split(';').map((path) => path.trim());
  return paths
    .filter((path) => path !== '')
    .map((path) => (path.startsWith('/') ? path : joinPaths(source.path ?? '', path)))
    .map((path) => path.replace(/\/?[^/]*[*?[].*$/, ''));
}

function joinPaths(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function trimPath(path: string): string {
  return joinPaths('', path);
}
