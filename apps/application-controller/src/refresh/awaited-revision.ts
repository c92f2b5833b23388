/** Whether what a webhook announced has come, and when to look again while it has not (J01). Pure. */
import type { AnnouncedRevision } from '@tiphys/model';

export interface Looked {
  /** For each source; undefined: nothing was announced. */
  readonly announced: readonly (AnnouncedRevision | undefined)[];
  /** For each source, what its revision means now; undefined: that could not be found out. */
  readonly resolved: readonly string[] | undefined;
  /** For each source, what it meant at the last comparison. */
  readonly known: readonly string[] | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

export type Awaited =
  | { readonly kind: 'come' }
  /** Nothing that was resolved before `since` will do; that is in `afterMs`. */
  | { readonly kind: 'awaited'; readonly since: number; readonly afterMs: number }
  | { readonly kind: 'missed'; readonly sourceIndex: number };

/** Moments after the webhook at which the host is asked again: the same for all applications, which so share one question. */
const ASK_AGAIN_MS = [1_000, 3_000, 7_000, 15_000, 30_000] as const;
const PATIENCE_MS = 30_000;
/** A range most often means another tag: then nothing will come. */
const PATIENCE_WITH_RANGES_MS = 3_000;

/** Something that was announced may still come. */
export function mayStillCome(announced: Looked['announced'], now: number): boolean {
  return announced.some((revision) => revision !== undefined && now < endOf(revision));
}

function endOf({ at, uncertain }: AnnouncedRevision): number {
  return at + (uncertain === true ? PATIENCE_WITH_RANGES_MS : PATIENCE_MS);
}

/**
 * The host is behind while it names the commit of before the push, or the one that was compared last. Any other commit is
 * taken: the ref has moved on, or back, meanwhile, and nothing waits for what may never come.
 */
export function awaitedRevision({ announced, resolved, known, now }: Looked): Awaited {
  const behind = announced.flatMap((revision, sourceIndex) => {
    if (revision === undefined) return [];
    const commit = resolved?.[sourceIndex];
    const isBehind = commit === undefined || isOld(commit, revision, known?.[sourceIndex]);
    return isBehind ? [{ revision, sourceIndex }] : [];
  });
  const moments = behind.flatMap(({ revision }) => nextMoment(revision, now) ?? []);
  if (moments.length > 0) {
    const since = Math.min(...moments);
    return { kind: 'awaited', since, afterMs: since - now };
  }
  const missed = behind.find(({ revision }) => revision.uncertain !== true);
  if (missed === undefined || resolved === undefined) return { kind: 'come' };
  return { kind: 'missed', sourceIndex: missed.sourceIndex };
}

function nextMoment(revision: AnnouncedRevision, now: number): number | undefined {
  return ASK_AGAIN_MS.map((ms) => revision.at + ms).find((at) => at > now && at <= endOf(revision));
}

function isOld(commit: string, { after, before }: AnnouncedRevision, known: string | undefined): boolean {
  return !after.includes(commit) && (commit === before || commit === known);
}
