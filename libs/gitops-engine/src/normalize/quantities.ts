/** Quantities of built-in types in canonical text, as the API server stores them: `1000m` and `1`, `1024Mi` and `1Gi`. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../diff/json.js';
import { canonicalQuantity } from './quantity.js';

/** Maps whose values are quantities. */
const QUANTITY_MAPS: ReadonlySet<string> = new Set(['limits', 'requests', 'capacity', 'hard', 'podFixed']);
const QUANTITY_FIELDS: ReadonlySet<string> = new Set(['sizeLimit', 'divisor', 'averageValue']);
const LIMIT_RANGE_MAPS: ReadonlySet<string> = new Set([
  'default',
  'defaultRequest',
  'max',
  'maxLimitRequestRatio',
  'min',
]);

type Rule = 'map' | 'value' | undefined;

/** Only for built-in types: custom resources keep their text. Text that is not a quantity stays. */
export function withCanonicalQuantities(object: JsonObject): JsonObject {
  const kind = object['kind'];
  const rule = (parent: string, name: string): Rule => {
    if (QUANTITY_MAPS.has(name)) return 'map';
    if (QUANTITY_FIELDS.has(name)) return 'value';
    if (kind === 'LimitRange' && LIMIT_RANGE_MAPS.has(name)) return 'map';
    return kind === 'HorizontalPodAutoscaler' && parent === 'target' && name === 'value' ? 'value' : undefined;
  };
  const spec = object['spec'];
  return isJsonObject(spec) ? { ...object, spec: rewrite(spec, 'spec', rule) } : object;
}

/** The same in a value that is a built-in type somewhere in a custom resource (C12). */
export function canonicalQuantities(value: JsonValue): JsonValue {
  return rewrite(value, '', (_parent, name) => {
    if (QUANTITY_MAPS.has(name)) return 'map';
    return QUANTITY_FIELDS.has(name) ? 'value' : undefined;
  });
}

function rewrite(value: JsonValue, name: string, rule: (parent: string, name: string) => Rule): JsonValue {
  if (isJsonArray(value)) return value.map((item) => rewrite(item, name, rule));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    if (member === undefined) return [key, member] as const;
    const applies = rule(name, key);
    if (applies === 'value') return [key, canonicalQuantityValue(member)] as const;
    if (applies === 'map' && isJsonObject(member)) return [key, canonicalMap(member)] as const;
    return [key, rewrite(member, key, rule)] as const;
  });
  return Object.fromEntries(entries);
}

function canonicalMap(map: JsonObject): JsonObject {
  const entries = Object.entries(map).map(([key, value]) => [
    key,
    value === undefined ? value : canonicalQuantityValue(value),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

/** Canonical text of a quantity; anything else stays. */
export function canonicalQuantityValue(value: JsonValue): JsonValue {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return value;
  return canonicalQuantity(value) ?? value;
}
