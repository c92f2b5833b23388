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
  const { before, after, at } = value as Partial<Record<keyof AnnouncedRevision, unknown>>;
  if (typeof at !== 'number' || !Array.isArray(after) || after.length === 0) return undefined;
  if (!after.every((name): name is string => typeof name === 'string')) return undefined;
  return { after, at, ...(typeof before === 'string' ? { before } : {}) };
}
