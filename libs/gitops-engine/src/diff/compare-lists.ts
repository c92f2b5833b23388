/** Lists: associative (matched by keys), sets, and atomic ones, told apart by what managedFields shows. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isLeaf } from './field-set.js';
import { isJsonObject, jsonEqual } from './json.js';
import { isKnownDefault, isKnownSet, knownListKeys } from './known-types.js';
import { allNodes, type Ownership, removalOwned } from './ownership.js';
import { different, elementPlace, fieldName, indexPlace, type Place, unsure, type Walk } from './walk.js';

interface ListSides {
  readonly target: readonly JsonValue[];
  readonly live: readonly JsonValue[];
}

export type ListShape =
  | { readonly kind: 'associative'; readonly keys: readonly string[] }
  | { readonly kind: 'set' }
  | { readonly kind: 'atomic' }
  | { readonly kind: 'unknown' };

export function compareLists(walk: Walk, place: Place, sides: ListSides): void {
  if (place.atomic) return compareByIndex(walk, place, sides);
  const shape = listShape(place.ownership, { builtIn: walk.builtIn, name: fieldName(place), ...sides });
  if (shape.kind === 'associative') return compareAssociative(walk, place, { ...sides, keys: shape.keys });
  if (shape.kind === 'set') return compareSets(walk, place, sides);
  if (shape.kind === 'atomic') return compareByIndex(walk, place, sides);
  compareUnknown(walk, place, sides);
}

/** Any manager's entry shows the structure; without one, what is known about built-in types. */
export function listShape(
  ownership: Ownership,
  list: ListSides & { readonly builtIn: boolean; readonly name: string },
): ListShape {
  const nodes = allNodes(ownership);
  const keyed = nodes.find((node) => node.elements.length > 0)?.elements[0];
  if (keyed !== undefined) return { kind: 'associative', keys: Object.keys(keyed.keys) };
  if (nodes.some((node) => node.values.length > 0)) return { kind: 'set' };
  const elements = list.target.length > 0 ? list.target : list.live;
  const keys = list.builtIn ? knownListKeys(list.name, elements) : undefined;
  // A leaf on a list that is not empty: atomic, whatever lists of that name are elsewhere. On an empty one it shows nothing.
  if (nodes.some(isLeaf) && list.live.length > 0) return { kind: 'atomic' };
  if (keys !== undefined && elements.every((element) => hasSomeKey(element, keys)))
    return { kind: 'associative', keys };
  return list.builtIn && isKnownSet(list.name) ? { kind: 'set' } : { kind: 'unknown' };
}

function hasSomeKey(element: JsonValue, keys: readonly string[]): element is JsonObject {
  return isJsonObject(element) && keys.some((key) => element[key] !== undefined);
}

function compareAssociative(walk: Walk, place: Place, list: ListSides & { readonly keys: readonly string[] }): void {
  const { keys, target, live } = list;
  if (hasDuplicates(target, keys) || hasDuplicates(live, keys) || !target.every((item) => hasSomeKey(item, keys))) {
    return compareIrregular(walk, place, list);
  }
  const matched: number[] = [];
  for (const element of target) {
    const at = elementPlace(place, element, keys);
    const candidates = live.flatMap((item, index) => (matches(item, element, keys) ? [index] : []));
    const index = candidates.length > 1 ? defaultCandidate({ at, element, keys }, { live, candidates }) : candidates[0];
    if (index === undefined || matched.includes(index)) {
      if (candidates.length === 0) different(walk, at, { target: element, live: undefined });
      else unsure(walk, at, { target: element, live: undefined, because: 'more than one live element has these keys' });
      continue;
    }
    matched.push(index);
    const found = live[index] ?? null;
    walk.compare(elementPlace(place, found, keys), element, found);
  }
  if (matched.some((index, at) => at > 0 && index < (matched[at - 1] ?? 0))) {
    unsure(walk, place, { target, live, because: 'the elements are in another order' });
  }
  live.forEach((element, index) => {
    if (!matched.includes(index)) judgeExtraElement(walk, elementPlace(place, element, keys), element);
  });
}

/** Elements of the known lists are not defaulted back: what we own alone and the target lacks will be removed. */
function judgeExtraElement(walk: Walk, place: Place, element: JsonValue): void {
  const isCertain = walk.builtIn && isJsonObject(element) && knownListKeys(fieldName(place), [element]) !== undefined;
  if (!isCertain) return walk.judgeExtra(place, element);
  if (removalOwned(place.ownership, element)) different(walk, place, { target: undefined, live: element });
}

function matches(live: JsonValue, target: JsonValue, keys: readonly string[]): boolean {
  if (!isJsonObject(live) || !isJsonObject(target)) return false;
  return keys.every((key) => target[key] === undefined || jsonEqual(target[key], live[key]));
}

/** A key that the target leaves out has its default (`protocol: TCP`). */
function defaultCandidate(
  { at, element, keys }: { readonly at: Place; readonly element: JsonValue; readonly keys: readonly string[] },
  { live, candidates }: { readonly live: readonly JsonValue[]; readonly candidates: readonly number[] },
): number | undefined {
  const defaulted = candidates.filter((index) => {
    const item = live[index];
    if (!isJsonObject(item) || !isJsonObject(element)) return false;
    const left = keys.filter((key) => element[key] === undefined);
    return left.every((key) => isKnownDefault([...at.names, key], item[key] ?? null));
  });
  return defaulted.length === 1 ? defaulted[0] : undefined;
}

function hasDuplicates(elements: readonly JsonValue[], keys: readonly string[]): boolean {
  const seen = new Set(elements.map((element) => identity(element, keys)));
  return seen.size < elements.length;
}

function identity(element: JsonValue, keys: readonly string[]): string {
  if (!isJsonObject(element)) return JSON.stringify(String(element));
  return JSON.stringify(keys.map((key) => String(element[key])));
}

/** Duplicate keys, or elements without keys: the API server's own rules decide, unless both sides are the same anyway. */
function compareIrregular(walk: Walk, place: Place, sides: ListSides): void {
  const before = walk.findings.length;
  compareByIndex(walk, place, sides);
  if (walk.findings.length === before) return;
  walk.findings.length = before;
  unsure(walk, place, { ...sides, because: 'the list has duplicate or missing keys' });
}

function compareSets(walk: Walk, place: Place, { target, live }: ListSides): void {
  const positions = target.map((value) => live.findIndex((item) => jsonEqual(item, value)));
  target.forEach((value, index) => {
    if (positions[index] === -1) different(walk, elementPlace(place, value, []), { target: value, live: undefined });
  });
  const found = positions.filter((position) => position >= 0);
  if (found.some((position, index) => index > 0 && position < (found[index - 1] ?? 0))) {
    unsure(walk, place, { target, live, because: 'the members are in another order' });
  }
  live.forEach((value, index) => {
    if (!positions.includes(index)) judgeExtraElement(walk, elementPlace(place, value, []), value);
  });
}

/** An atomic list is replaced as a whole: other lengths differ, elements are compared one by one. */
function compareByIndex(walk: Walk, place: Place, { target, live }: ListSides): void {
  if (target.length === 0 && live.length > 0) {
    return unsure(walk, place, { target, live, because: 'the target sets an empty list, which may be defaulted' });
  }
  if (target.length !== live.length) return different(walk, place, { target, live });
  target.forEach((element, index) => {
    const item = live[index];
    if (item !== undefined) walk.compare(indexPlace(place, index), element, item);
  });
}

/** Nobody owns the list, so nothing shows how the API server merges it: equal only when it is the same by index. */
function compareUnknown(walk: Walk, place: Place, sides: ListSides): void {
  const before = walk.findings.length;
  compareByIndex(walk, place, sides);
  if (walk.findings.length === before) return;
  walk.findings.length = before;
  unsure(walk, place, { ...sides, because: 'nothing shows how this list is merged' });
}
