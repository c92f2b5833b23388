/** Small helpers on JSON values: type tests, equality, emptiness, stable text. */
import type { JsonObject, JsonValue, KubernetesObject } from '@tiphys/model';

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Kubernetes objects are JSON; the compiler cannot see it through the index signature. */
export function asJson(object: KubernetesObject): JsonObject {
  return object as unknown as JsonObject;
}

export function asKubernetesObject(object: JsonObject): KubernetesObject {
  return object as unknown as KubernetesObject;
}

/** Equality of JSON values: order of object keys does not matter, `undefined` members count as absent. */
export function jsonEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (isJsonArray(a)) {
    return isJsonArray(b) && a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (isJsonObject(a)) return isJsonObject(b) && objectsEqual(a, b);
  return isNumeric(a) && isNumeric(b) && a == b;
}

function objectsEqual(a: JsonObject, b: JsonObject): boolean {
  for (const key of Object.keys(a)) if (!jsonEqual(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Values that Go's `omitempty` may drop: null, empty text, empty map, empty list, false, 0. */
export function isEmptyValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (isNumeric(value)) return value == 0;
  if (isJsonArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.values(value).every((member) => member === undefined);
}
