/** Compares the answer of a dry-run apply with the live object (C03, C04). */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { listShape } from './compare-lists.js';
import { isLeaf } from './field-set.js';
import { isJsonArray, isJsonObject, jsonEqual } from './json.js';
import type { Ownership } from './ownership.js';
import { elementPlace, type Finding, fieldName, fieldPlace, indexPlace, type Place, rootPlace } from './walk.js';

export interface PredictedOptions {
  /** Of the live object. */
  readonly live: Ownership;
  /** Of the predicted object. */
  readonly predicted: Ownership;
  readonly builtIn: boolean;
  /** Changes to fields that are not ours come from mutating webhooks; they count only when asked for (C04). */
  readonly keepWebhookChanges: boolean;
}

/** `target` of a finding is the predicted value. Empty: the apply would change nothing of ours. */
export function findPredictedDifferences(
  predicted: JsonObject,
  live: JsonObject,
  options: PredictedOptions,
): readonly Finding[] {
  const found: Found[] = [];
  const root = { live: rootPlace(options.live), predicted: rootPlace(options.predicted) };
  compare({ builtIn: options.builtIn, found }, root, { predicted, live });
  return found.filter(({ isOurs }) => isOurs || options.keepWebhookChanges).map(({ finding }) => finding);
}

interface Found {
  readonly finding: Finding;
  readonly isOurs: boolean;
}

interface Search {
  readonly builtIn: boolean;
  readonly found: Found[];
}

/** The same place with the ownership of both objects. */
interface Pair {
  readonly live: Place;
  readonly predicted: Place;
}

interface Sides {
  readonly predicted: JsonValue | undefined;
  readonly live: JsonValue | undefined;
}

function compare(search: Search, pair: Pair, { predicted, live }: Sides): void {
  if (isJsonObject(predicted) && isJsonObject(live)) {
    const inner = { live: inAtomic(pair.live), predicted: inAtomic(pair.predicted) };
    for (const name of new Set([...Object.keys(live), ...Object.keys(predicted)])) {
      const next = { live: fieldPlace(inner.live, name), predicted: fieldPlace(inner.predicted, name) };
      compare(search, next, { predicted: predicted[name], live: live[name] });
    }
  } else if (isJsonArray(predicted) && isJsonArray(live)) {
    compareLists(search, pair, { predicted, live });
  } else if (!jsonEqual(predicted, live)) {
    report(search, pair, { predicted, live });
  }
}

function compareLists(
  search: Search,
  pair: Pair,
  { predicted, live }: { readonly predicted: readonly JsonValue[]; readonly live: readonly JsonValue[] },
): void {
  if (jsonEqual(predicted, live)) return;
  const shape = listShape(pair.live.ownership, {
    builtIn: search.builtIn,
    name: fieldName(pair.live),
    target: predicted,
    live,
  });
  const keys = shape.kind === 'associative' && !pair.live.atomic ? shape.keys : undefined;
  if (keys === undefined || isReordered(predicted, live, keys)) {
    if (predicted.length !== live.length || shape.kind === 'set') return report(search, pair, { predicted, live });
    live.forEach((item, index) => {
      const next = { live: indexPlace(pair.live, index), predicted: indexPlace(pair.predicted, index) };
      compare(search, next, { predicted: predicted[index], live: item });
    });
    return;
  }
  for (const element of [...live, ...predicted.filter((item) => !live.some((other) => sameKeys(item, other, keys)))]) {
    const next = {
      live: elementPlace(pair.live, element, keys),
      predicted: elementPlace(pair.predicted, element, keys),
    };
    const find = (list: readonly JsonValue[]) => list.find((item) => sameKeys(item, element, keys));
    compare(search, next, { predicted: find(predicted), live: find(live) });
  }
}

function sameKeys(a: JsonValue, b: JsonValue, keys: readonly string[]): boolean {
  return isJsonObject(a) && isJsonObject(b) && keys.every((key) => jsonEqual(a[key], b[key]));
}

function isReordered(predicted: readonly JsonValue[], live: readonly JsonValue[], keys: readonly string[]): boolean {
  const positions = predicted.map((item) => live.findIndex((other) => sameKeys(item, other, keys)));
  const found = positions.filter((position) => position >= 0);
  return found.some((position, index) => index > 0 && position <= (found[index - 1] ?? 0));
}

function report(search: Search, pair: Pair, { predicted, live }: Sides): void {
  const finding: Finding = { place: pair.live, target: predicted, live, unsureBecause: undefined };
  search.found.push({ finding, isOurs: isOurs(pair) });
}

/** What we own as a whole is ours in every part. */
function inAtomic(place: Place): Place {
  const { ours } = place.ownership;
  return ours !== undefined && isLeaf(ours) ? { ...place, atomic: true } : place;
}

/** Owned by us before or after; a client-side apply counts, it becomes ours with the next apply. */
function isOurs({ live, predicted }: Pair): boolean {
  const { ours, legacy, lastApplied } = live.ownership;
  return predicted.ownership.ours !== undefined || ours !== undefined || legacy.length > 0 || lastApplied !== undefined;
}
