/** The walk over target and live: maps and scalars. Lists are in compare-lists.ts. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { compareLists } from './compare-lists.js';
import { isLeaf } from './field-set.js';
import { isEmptyValue, isJsonArray, isJsonObject, jsonEqual } from './json.js';
import {
  isConvertedKey,
  isDroppedWhenEmpty,
  isFieldDefault,
  isKnownAtomicMap,
  isKnownDefault,
  isOmittedWhenEmpty,
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

interface BothSides {
  readonly target: JsonValue;
  readonly live: JsonValue;
}

function compareUnlike(walk: Walk, place: Place, sides: BothSides): void {
  if (walk.builtIn && isSameForServer(place, sides)) return;
  const because = isCertainlyUnlike(walk, place, sides) ? undefined : doubtOf(sides);
  if (because === undefined) different(walk, place, sides);
  else if (!(walk.builtIn && sides.target === null && isEmptyContainer(sides.live)))
    unsure(walk, place, { ...sides, because });
}

/** Nothing is defaulted over what we set in an empty list or map of others, or over a text that is stored when it is empty. */
function isCertainlyUnlike(walk: Walk, place: Place, { target, live }: BothSides): boolean {
  if (live === null) return typeof target === 'object' && !isEmptyValue(target);
  return target === '' && typeof live === 'string' && isStoredWhenEmpty(walk, place);
}

function doubtOf({ target, live }: BothSides): string | undefined {
  if (target === null) return 'the target sets null, which the API server may default';
  if (target === '') return 'the target sets empty text, which the API server may default';
  if (typeof target === 'object' || (typeof live === 'object' && live !== null))
    return 'target and live have different types';
  return sameMeaning(target, live) ? 'the values are written differently but may mean the same' : undefined;
}

function isEmptyContainer(value: JsonValue): boolean {
  return typeof value === 'object' && isEmptyValue(value);
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
  if (isEmptyValue(target) && !(target === '' && isTextEntry(place))) return judgeMissingEmpty(walk, place, target);
  const sides = { target, live: undefined };
  const isForSure = isMissingForSure(place.ownership);
  if (isServerText(place, target, isForSure)) {
    return unsure(walk, place, { ...sides, because: 'the API server may turn this annotation or label into fields' });
  }
  if (isTextPlace(place) || isForSure || isLost(walk, place, target)) return different(walk, place, sides);
  unsure(walk, place, { ...sides, because: 'the live object has no such field: new in Git, removed, or not stored' });
}

function judgeMissingEmpty(walk: Walk, place: Place, target: JsonValue): void {
  if (isAbsentWhenEmpty(walk, place, target)) return;
  const sides = { target, live: undefined };
  const isStored = target !== null && (isStoredWhenEmpty(walk, place) || isOptionalScalar(place, target));
  if (isStored && isMissingForSure(place.ownership)) return different(walk, place, sides);
  unsure(walk, place, { ...sides, because: 'the target sets an empty value, which the API server may drop' });
}

/** A text map that is missing as a whole, or one of its keys. */
function isTextPlace(place: Place): boolean {
  return isTextMap(fieldName(place)) || isTextEntry(place);
}

function isTextEntry(place: Place): boolean {
  return isTextMap(place.names.at(-2) ?? '');
}

/** Custom resources, texts in maps and elements of lists keep an empty value: it is neither dropped nor defaulted. */
function isStoredWhenEmpty(walk: Walk, place: Place): boolean {
  return !walk.builtIn || isTextEntry(place) || place.path.endsWith(']');
}

/** `false` and 0 that our apply would hold if the API server had dropped them: they are new in Git, or were removed. */
function isOptionalScalar({ ownership }: Place, target: JsonValue): boolean {
  return ownership.hasOurs && (target === false || target === 0);
}

/**
 * We hold a value that is not there, but not because it was never stored: a map or list without the members that we set in
 * it was emptied by somebody; a field that is dropped when empty is not empty any more.
 */
function isLost(walk: Walk, place: Place, target: JsonValue): boolean {
  const { ours } = place.ownership;
  // Custom resources drop nothing that is not empty.
  if (place.atomic) return !walk.builtIn;
  if (ours === undefined) return false;
  if (typeof target === 'object') return isLeaf(ours);
  return walk.builtIn && isOmittedWhenEmpty(fieldName(place));
}

/** Keys that are turned into fields are never there, whoever applied them; others may be, where nothing shows the contrary. */
function isServerText(place: Place, target: JsonValue, isForSure: boolean): boolean {
  const isTaken = isForSure ? isConvertedKey : isServerKey;
  if (isTextEntry(place)) return isTaken(fieldName(place));
  return isTextMap(fieldName(place)) && isJsonObject(target) && Object.keys(target).every(isTaken);
}

/**
 * Our apply is on record, and it does not hold this field: it is new in Git, or somebody removed it (which took it out of
 * our set). A field that we hold although it is not there was not stored by the API server.
 */
function isMissingForSure({ ours, hasOurs, lastApplied, legacy }: Ownership): boolean {
  if (ours !== undefined) return false;
  // No apply at all: an entry goes when somebody removes all that it holds, and nothing was tried to be stored yet.
  return hasOurs || (lastApplied === undefined && legacy.length === 0);
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
