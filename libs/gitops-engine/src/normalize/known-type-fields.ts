/** Fields of custom resources that hold a built-in type (C12): their spellings are made one, as for built-in kinds. */
import { type GroupKind, type JsonObject, type JsonValue, type KnownTypeField, matchesGlob } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../diff/json.js';
import { isDroppedWhenEmpty } from '../diff/known-types.js';
import { canonicalDuration } from './duration.js';
import { canonicalQuantities, canonicalQuantityValue } from './quantities.js';

/** The object with the named fields in canonical form. Fields that are not there, and unknown types, change nothing. */
export function normalizeKnownTypeFields(
  object: JsonObject,
  { group, kind }: GroupKind,
  fields: readonly KnownTypeField[],
): JsonObject {
  const matching = fields.filter((field) => matchesGlob(field.group, group) && matchesGlob(field.kind, kind));
  return matching.reduce((result, { field, type }) => {
    const convert = converterOf(type);
    const changed = convert === undefined ? result : at(result, field.split('.'), convert);
    return isJsonObject(changed) ? changed : result;
  }, object);
}

type Convert = (value: JsonValue) => JsonValue;

/** `core/Quantity`, `core/v1/ResourceList`, `meta/v1/Duration`, or any type of a built-in group by its full name. */
function converterOf(type: string): Convert | undefined {
  if (type === 'core/Quantity') return canonicalQuantityValue;
  if (type === 'core/v1/ResourceList') return (value) => mapMembers(value, canonicalQuantityValue);
  if (type === 'meta/v1/Duration') return (value) => (typeof value === 'string' ? canonicalDuration(value) : value);
  return /^[a-z0-9.]+\/v[a-z0-9]+\/[A-Z]\w*$/.test(type) ? builtInType : undefined;
}

/** Lists on the way are walked through. */
function at(value: JsonValue, path: readonly string[], convert: Convert): JsonValue {
  if (isJsonArray(value)) return value.map((element) => at(element, path, convert));
  const [name, ...rest] = path;
  if (name === undefined) return convert(value);
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return value;
  const member = value[name];
  return member === undefined ? value : { ...value, [name]: at(member, rest, convert) };
}

function mapMembers(value: JsonValue, convert: Convert): JsonValue {
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, member === undefined ? member : convert(member)]);
  return Object.fromEntries(entries) as JsonObject;
}

/** Quantities in canonical text, and no empty values that the type would not store. */
function builtInType(value: JsonValue): JsonValue {
  return withoutDropped(canonicalQuantities(value));
}

function withoutDropped(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(withoutDropped);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .map(([name, member]) => [name, member === undefined ? member : withoutDropped(member)] as const)
    .filter(([name, member]) => member !== undefined && !isDroppedWhenEmpty(name, member));
  return Object.fromEntries(entries) as JsonObject;
}
