/** The walk over target and live: maps and scalars. Lists are in compare-lists.ts. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { compareLists } from './compare-lists.js';
import { isLeaf } from './field-set.js';
import { isEmptyValue, isJsonArray, isJsonObject, jsonEqual } from './json.js';
import {
  isDroppedWhenEmpty,
  isFieldDefault,
  isKnownAtomicMap,
  isKnownDefault,
  isServerKey,
  isTextMap,
} from './known-types.js';
import { allNodes, type Ownership, removalOwned } from './ownership.js';
import { sameMeaning } from './same-meaning.js';
import { different, type Finding, fieldName, fieldPlace, type Place, rootPlace, unsure, type Walk } from './walk.js';

/**
 * Every place where the target asks for something else than what is live, or where we own something that the target no
 * longer has. Empty: applying the target would change nothing.
 */
export function findDifferences(
  target: JsonObject,
  live: JsonObject,
  options: { readonly ownership: Ownership; readonly builtIn: boolean },
): readonly Finding[] {
  const walk: Walk = {
    builtIn: options.builtIn,
    findings: [],
    compare: (place, targetValue, liveValue) => compareValue(walk, place, { target: targetValue, live: liveValue }),
    judgeExtra: (place, liveValue) => judgeExtra(walk, place, liveValue),
  };
  compareMaps(walk, rootPlace(options.ownership), { target, live });
  return walk.findings;
}

interface Sides {
  readonly target: JsonValue;
  readonly live: JsonValue | undefined;
}

function compareValue(walk: Walk, place: Place, { target, live }: Sides): void {
  if (live === undefined) return judgeMissing(walk, place, target);
  if (isJsonObject(target) && isJsonObject(live)) return compareMaps(walk, place, { target, live });
  if (isJsonArray(target) && isJsonArray(live)) return compareLists(walk, place, { target, live });
  if (jsonEqual(target, live)) return;
  compareUnlike(walk, place, { target, live });
}

function compareUnlike(walk: Walk, place: Place, sides: { target: JsonValue; live: JsonValue }): void {
  const { target, live } = sides;
  if (walk.builtIn && isSameForServer(place, sides)) return;
  if (target === null) {
    const dropped = walk.builtIn && isEmptyValue(live) && typeof live === 'object';
    if (!dropped) unsure(walk, place, { ...sides, because: 'the target sets null, which the API server may default' });
  } else if (target === '') {
    unsure(walk, place, { ...sides, because: 'the target sets empty text, which the API server may default' });
  } else if (typeof target === 'object' || (typeof live === 'object' && live !== null)) {
    unsure(walk, place, { ...sides, because: 'target and live have different types' });
  } else if (sameMeaning(target, live)) {
    unsure(walk, place, { ...sides, because: 'the values are written differently but may mean the same' });
  } else {
    different(walk, place, sides);
  }
}

/** Empty lists are stored as null; a service keeps its address when none is asked for. */
function isSameForServer(place: Place, { target, live }: { target: JsonValue; live: JsonValue }): boolean {
  if (live === null) return isEmptyValue(target) && typeof target === 'object';
  return target === '' && fieldName(place) === 'clusterIP' && typeof live === 'string';
}

function compareMaps(walk: Walk, place: Place, sides: { target: JsonObject; live: JsonObject }): void {
  const { target, live } = sides;
  const inner = place.atomic || isGranular(walk, place, sides) ? place : { ...place, atomic: true };
  for (const [name, value] of Object.entries(target)) {
    if (value !== undefined) compareValue(walk, fieldPlace(inner, name), { target: value, live: live[name] });
  }
  for (const [name, value] of Object.entries(live)) {
    if (value !== undefined && target[name] === undefined) judgeExtra(walk, fieldPlace(inner, name), value);
  }
}

/** False for maps that are, or may be, replaced as a whole. */
function isGranular(walk: Walk, place: Place, sides: { target: JsonObject; live: JsonObject }): boolean {
  if (place.names.length === 0 || isTextMap(fieldName(place))) return true;
  const nodes = allNodes(place.ownership);
  if (nodes.some((node) => node.fields.size > 0)) return true;
  const looksAtomic = nodes.some(isLeaf);
  // An empty map that we applied is a leaf as well: what it holds now are defaults, unless the type is known as atomic.
  if (walk.builtIn && (!looksAtomic || isEmptyValue(sides.target))) return !isKnownAtomicMap(fieldName(place));
  return false;
}

/** The target sets a value, the live object has none. */
function judgeMissing(walk: Walk, place: Place, target: JsonValue): void {
  if (isEmptyValue(target) && isAbsentWhenEmpty(walk, place, target)) return;
  const sides = { target, live: undefined };
  if (isEmptyValue(target)) {
    return unsure(walk, place, { ...sides, because: 'the target sets an empty value, which the API server may drop' });
  }
  if (isServerText(place, target)) {
    return unsure(walk, place, { ...sides, because: 'the API server may turn this annotation or label into fields' });
  }
  if (isTextPlace(place) || isMissingForSure(place.ownership)) return different(walk, place, sides);
  unsure(walk, place, { ...sides, because: 'the live object has no such field: new in Git, removed, or not stored' });
}

/** A text map that is missing as a whole, or one of its keys. */
function isTextPlace(place: Place): boolean {
  return isTextMap(fieldName(place)) || isTextMap(place.names.at(-2) ?? '');
}

function isServerText(place: Place, target: JsonValue): boolean {
  if (isTextMap(place.names.at(-2) ?? '')) return isServerKey(fieldName(place));
  return isTextMap(fieldName(place)) && isJsonObject(target) && Object.keys(target).every(isServerKey);
}

/**
 * Our apply is on record, and it does not hold this field: it is new in Git, or somebody removed it (which took it out of
 * our set). A field that we hold although it is not there was not stored by the API server.
 */
function isMissingForSure({ ours, hasOurs }: Ownership): boolean {
  return hasOurs && ours === undefined;
}

function isAbsentWhenEmpty(walk: Walk, place: Place, target: JsonValue): boolean {
  if (walk.builtIn && isDroppedWhenEmpty(fieldName(place), target)) return true;
  // Ownership of a field that is not there: we applied it empty and the API server dropped it.
  // Anybody else who removes a field takes it out of our set, too.
  const { ours } = place.ownership;
  return !place.atomic && ours !== undefined && isLeaf(ours);
}

function judgeExtra(walk: Walk, place: Place, live: JsonValue): void {
  if (walk.builtIn && isKnownDefault(place.names, live)) return;
  if (!place.atomic && isTextMap(fieldName(place)) && isJsonObject(live)) return judgeExtraTexts(walk, place, live);
  const sides = { target: undefined, live };
  if (place.atomic) {
    unsure(walk, place, {
      ...sides,
      because: 'inside a value that is replaced as a whole: removed in Git or defaulted',
    });
    return;
  }
  if (!removalOwned(place.ownership, live)) return;
  if (isCertainlyRemoved(walk, place, live)) return different(walk, place, sides);
  if (place.ownership.lastApplied !== undefined) return;
  unsure(walk, place, {
    ...sides,
    because: 'we applied it and the target has it no longer: removed or defaulted back',
  });
}

/** Texts are not defaulted back. */
function isCertainlyRemoved(walk: Walk, place: Place, live: JsonValue): boolean {
  const name = fieldName(place);
  if (isTextMap(place.names.at(-2) ?? '') && !isServerKey(name)) return true;
  // No dry run can answer where only client-side apply happened: it removes nothing that a server-side apply did not set.
  return place.ownership.lastApplied !== undefined && !(walk.builtIn && isFieldDefault(name, live));
}

/** A map of texts that Git does not have at all: each key that we applied is to be removed. */
function judgeExtraTexts(walk: Walk, place: Place, live: JsonObject): void {
  for (const [key, value] of Object.entries(live)) {
    if (value !== undefined) judgeExtra(walk, fieldPlace(place, key), value);
  }
}
