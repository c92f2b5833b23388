/** The text of a `targetRevision` as a question to the Git host. */
import { isRange } from '@tiphys/model/versions';
import { GitError } from '../errors.js';

export type RevisionQuestion =
  | { readonly kind: 'commit'; readonly commit: string }
  | { readonly kind: 'head' }
  | { readonly kind: 'range'; readonly range: string; readonly tagPrefix: string }
  /** `refs` in the order in which they are tried; with `shortSha` the text may also be the beginning of a SHA. */
  | { readonly kind: 'name'; readonly name: string; readonly refs: readonly string[]; readonly shortSha: boolean };

const FULL_SHA = /^[0-9a-f]{40}$/i;
const SHORT_SHA = /^[0-9a-f]{7,39}$/i;

/**
 * As Argo CD reads it (A07): empty and `HEAD` are the default branch; 40 hex digits a commit; a semver range matches tags
 * only; anything else is a branch, then a tag, then a full ref name.
 * @throws GitError `unknown-revision` for a text that cannot be a ref name (S9).
 */
export function parseRevision(revision: string, tagPrefix = ''): RevisionQuestion {
  if (revision === '' || revision === 'HEAD') return { kind: 'head' };
  if (FULL_SHA.test(revision)) return { kind: 'commit', commit: revision.toLowerCase() };
  if (isRange(revision)) return { kind: 'range', range: revision, tagPrefix };
  if (!isRefName(revision)) {
    const next = 'Use a branch, a tag, a commit SHA, HEAD or a semver range in targetRevision.';
    throw new GitError('unknown-revision', `"${revision.slice(0, 200)}" cannot be the name of a Git revision. ${next}`);
  }
  const short = [`refs/heads/${revision}`, `refs/tags/${revision}`];
  const refs = revision.startsWith('refs/') ? [revision, ...short] : short;
  return { kind: 'name', name: revision, refs, shortSha: SHORT_SHA.test(revision) };
}

/** The rules of `git check-ref-format --allow-onelevel`, and nothing that a tool could take for an option. */
export function isRefName(name: string): boolean {
  if (name === '' || name === '@' || name.length > 1_000 || name.startsWith('-') || name.endsWith('.')) return false;
  if (/[\p{Cc}\s~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$/u.test(name)) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** A stable text for a question, for cache keys. */
export function questionKey(question: RevisionQuestion): string {
  switch (question.kind) {
    case 'commit':
      return `commit ${question.commit}`;
    case 'head':
      return 'head';
    case 'range':
      return `range ${JSON.stringify([question.range, question.tagPrefix])}`;
    case 'name':
      return `name ${question.name}`;
  }
}

/** Ref names (a trailing `/` means every ref below) that answer the question, for hosts that can filter. */
export function wantedRefs(question: RevisionQuestion): readonly string[] {
  switch (question.kind) {
    case 'commit':
      return [];
    case 'head':
      return ['HEAD'];
    case 'range':
      return ['refs/tags/'];
    case 'name':
      return question.refs;
  }
}
