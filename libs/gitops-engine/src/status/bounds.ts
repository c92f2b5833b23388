/**
 * Bounds of what is written to an Application (R14): a patch, with both lists full too, stays below 512 KiB however many resources there are. What is
 * left out is in the resource tree, which is kept outside and rebuilt from the cluster when it is lost.
 */
import type { ApplicationCondition, ResourceStatus, ResourceSyncResult, RevisionHistory } from '@tiphys/model';

export const MAX_RESOURCES_BYTES = 224 * 1024;
export const MAX_RESULTS_BYTES = 224 * 1024;
export const MAX_SUMMARY_BYTES = 32 * 1024;
export const MAX_HISTORY_BYTES = 128 * 1024;
const MIN_HISTORY = 2;
const MAX_CONDITIONS = 50;
const MAX_MESSAGE_LENGTH = 4_000;

/** In their order; those that need attention, and one of each kind, before those that are in sync. */
export function boundedResources(resources: readonly ResourceStatus[]): readonly ResourceStatus[] {
  const kinds = new Set<string>();
  const rankOf = (resource: ResourceStatus): number => {
    const kind = `${resource.group ?? ''}/${resource.kind ?? ''}`;
    const isFirst = !kinds.has(kind);
    kinds.add(kind);
    const calm = resource.status === 'Synced' && resource.requiresPruning !== true;
    return isFirst ? 0 : calm || resource.hook === true ? 2 : 1;
  };
  return bounded(resources, { bytes: MAX_RESOURCES_BYTES, rankOf });
}

/**
 * In their order; hooks and failures before what was applied: an object that is as Git has it needs no result to be known
 * as done by the next turn.
 */
export function boundedResults(results: readonly ResourceSyncResult[]): readonly ResourceSyncResult[] {
  const rankOf = ({ hookType, status }: ResourceSyncResult): number => {
    if (hookType !== undefined) return 0;
    return status === 'SyncFailed' ? 1 : status === 'PruneSkipped' ? 2 : 3;
  };
  const short = results.map((result) => {
    const message = boundedMessage(result.message ?? '');
    return message === (result.message ?? '') ? result : { ...result, message };
  });
  return bounded(short, { bytes: MAX_RESULTS_BYTES, rankOf });
}

/** The first of each type before more of one; the last one says how many there are. */
export function boundedConditions<T extends Pick<ApplicationCondition, 'type' | 'message'>>(
  conditions: readonly T[],
): readonly T[] {
  const short = conditions.map((condition) => ({ ...condition, message: boundedMessage(condition.message) }));
  if (short.length <= MAX_CONDITIONS) return short;
  const types = new Set<string>();
  const firsts = short.filter(({ type }) => !types.has(type) && types.add(type));
  const others = short.filter((condition) => !firsts.includes(condition));
  const kept = new Set([...firsts, ...others].slice(0, MAX_CONDITIONS - 1));
  const [next] = others.filter((condition) => !kept.has(condition));
  const more = short.length - kept.size;
  const rest = next === undefined ? [] : [{ ...next, message: `${next.message} (and ${more - 1} more conditions)` }];
  return [...short.filter((condition) => kept.has(condition)), ...rest];
}

/** The newest that fit, two at least: each holds its sources with their values, and a rollback needs the one before. */
export function boundedHistory(history: readonly RevisionHistory[]): readonly RevisionHistory[] {
  let left = MAX_HISTORY_BYTES;
  const firstKept = history.findLastIndex((entry, index) => {
    left -= sizeOf(entry);
    return left < 0 && index < history.length - MIN_HISTORY;
  });
  return history.slice(firstKept + 1);
}

/** Texts that are shown; what they are cut from is in the log or the results. */
export function boundedMessage(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${message.slice(0, MAX_MESSAGE_LENGTH)}… (${message.length - MAX_MESSAGE_LENGTH} more characters)`;
}

/** The first texts that fit. */
export function boundedTexts(texts: readonly string[]): readonly string[] {
  return bounded(texts, { bytes: MAX_SUMMARY_BYTES, rankOf: () => 0 });
}

interface Bound<T> {
  readonly bytes: number;
  /** Lower ranks are kept first. Called in order, once for each entry. */
  readonly rankOf: (entry: T) => number;
}

function bounded<T>(list: readonly T[], { bytes, rankOf }: Bound<T>): readonly T[] {
  const entries = list.map((entry) => ({ entry, size: sizeOf(entry), rank: rankOf(entry) }));
  if (entries.reduce((sum, { size }) => sum + size, 0) <= bytes) return list;
  const kept = new Set<unknown>();
  let left = bytes;
  for (const candidate of entries.toSorted((a, b) => a.rank - b.rank)) {
    if (candidate.size > left) break;
    left -= candidate.size;
    kept.add(candidate);
  }
  return entries.filter((candidate) => kept.has(candidate)).map(({ entry }) => entry);
}

/** Bytes of JSON, with its comma. */
function sizeOf(value: unknown): number {
  const text = JSON.stringify(value);
  // Names and messages are ASCII almost always; what is not takes at most three bytes a character.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  return (/^[\x00-\x7f]*$/.test(text) ? text.length : text.length * 3) + 1;
}
