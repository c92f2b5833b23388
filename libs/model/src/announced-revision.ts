/**
 * What a push webhook says that a revision means now. Git hosts and registries sometimes announce a push before all of
 * their replicas serve it: who resolves the revision compares the answer with what was announced. Written by the API
 * server, read by the controller, in the authenticated cache; only a hint, which nothing depends on.
 */
import type { ApplicationSource } from './crd/source.js';
import { normalizeGitUrl } from './text/git-url.js';

export interface AnnouncedRevision {
  /** What it meant before the push, where the sender says so. */
  readonly before?: string;
  /** Spellings of what it means now: a commit, the object of an annotated tag, a digest, a version. Never empty. */
  readonly after: readonly string[];
  /** Unix milliseconds of the webhook's arrival. */
  readonly at: number;
  /** The revision is a range, which may mean another tag than the pushed one. */
  readonly uncertain?: true;
}

/** Much longer than anybody waits for a revision. */
export const ANNOUNCED_REVISION_TTL_MS = 10 * 60_000;

type Named = Pick<ApplicationSource, 'repoURL' | 'chart' | 'targetRevision' | 'tagPrefix'>;

/** Sources that follow the same revision of the same repository have the same key. */
export function announcedRevisionKey({ repoURL, chart, targetRevision, tagPrefix }: Named): string {
  const parts = [normalizeGitUrl(repoURL), chart ?? '', targetRevision || 'HEAD', tagPrefix ?? ''];
  return `announced:${parts.map(encodeURIComponent).join(' ')}`;
}

/** A cached value as it was written; undefined for anything else. */
export function parseAnnouncedRevision(value: unknown): AnnouncedRevision | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { before, after, at, uncertain } = value as Partial<Record<keyof AnnouncedRevision, unknown>>;
  if (typeof at !== 'number' || !Array.isArray(after) || after.length === 0) return undefined;
  if (!after.every((name): name is string => typeof name === 'string')) return undefined;
  return {
    ...{ after, at },
    ...(typeof before === 'string' ? { before } : {}),
    ...(uncertain === true ? { uncertain } : {}),
  };
}

/**
 * Deliveries may overtake each other. True when `late` is the push that came before `held`: `held` goes on from what `late`
 * leads to. A ref that is moved back looks alike, but begins where `held` has ended.
 */
export function isOvertaken(late: AnnouncedRevision, held: AnnouncedRevision): boolean {
  if (held.before === undefined || !late.after.includes(held.before)) return false;
  return late.before === undefined || !held.after.includes(late.before);
}
