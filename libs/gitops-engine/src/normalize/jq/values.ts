/** jq's view of JSON values: truth, types, order, and sizes that are paid for. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../../diff/json.js';
import { type Budget, JqError, TEXT_PER_STEP } from './budget.js';

export type JqType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export function typeOf(value: JsonValue): JqType {
  if (value === null) return 'null';
  if (isJsonArray(value)) return 'array';
  const type = typeof value;
  if (type === 'string' || type === 'boolean') return type;
  return type === 'number' || type === 'bigint' ? 'number' : 'object';
}

export function isTrue(value: JsonValue): boolean {
  return value !== null && value !== false;
}

const ORDER: readonly string[] = ['null', 'false', 'true', 'number', 'string', 'array', 'object'];

/** jq's total order; pays for every pair of values it looks at. */
export function compareValues(a: JsonValue, b: JsonValue, budget: Budget): number {
  budget.spend(1);
  const difference = ORDER.indexOf(rankOf(a)) - ORDER.indexOf(rankOf(b));
  if (difference !== 0) return difference;
  if (isJsonArray(a) && isJsonArray(b)) return compareArrays(a, b, budget);
  if (isJsonObject(a) && isJsonObject(b)) return compareObjects(a, b, budget);
  if (typeof a === 'string' && typeof b === 'string') budget.spend(Math.min(a.length, b.length) / TEXT_PER_STEP);
  return a === b ? 0 : (a as string) < (b as string) ? -1 : 1;
}

function rankOf(value: JsonValue): string {
  return typeof value === 'boolean' ? String(value) : typeOf(value);
}

function compareArrays(a: readonly JsonValue[], b: readonly JsonValue[], budget: Budget): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = compareValues(a[index] ?? null, b[index] ?? null, budget);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareObjects(a: JsonObject, b: JsonObject, budget: Budget): number {
  const [left, right] = [sortedKeys(a), sortedKeys(b)];
  const keys = compareArrays(left, right, budget);
  if (keys !== 0) return keys;
  for (const key of left) {
    const difference = compareValues(a[key] ?? null, b[key] ?? null, budget);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function isEqual(a: JsonValue, b: JsonValue, budget: Budget): boolean {
  return compareValues(a, b, budget) === 0;
}

export function sortedKeys(object: JsonObject): string[] {
  return Object.keys(object).sort();
}

export function sorted(list: readonly JsonValue[], budget: Budget): JsonValue[] {
  return [...list].sort((a, b) => compareValues(a, b, budget));
}

/** The text of a value; a text is itself. */
export function toText(value: JsonValue, budget: Budget): string {
  const text = typeof value === 'string' ? value : toJson(value);
  budget.spend(text.length / TEXT_PER_STEP);
  return text;
}

export function toJson(value: JsonValue): string {
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? Number(member) : member));
}

/** `a` contains `b`, as jq's `contains` says. */
export function contains(a: JsonValue, b: JsonValue, budget: Budget): boolean {
  budget.spend(1);
  if (isJsonObject(a) && isJsonObject(b)) {
    return Object.keys(b).every((key) => Object.hasOwn(a, key) && contains(a[key] ?? null, b[key] ?? null, budget));
  }
  if (isJsonArray(a) && isJsonArray(b)) return b.every((wanted) => a.some((item) => contains(item, wanted, budget)));
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(a.length / TEXT_PER_STEP);
    return a.includes(b);
  }
  if (typeOf(a) !== typeOf(b)) throw new JqError(`${typeOf(a)} and ${typeOf(b)} cannot have their containment checked`);
  return isEqual(a, b, budget);
}

export function numberOf(value: JsonValue, what: string): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw new JqError(`${what} needs a number, not ${typeOf(value)}`);
}

export function stringOf(value: JsonValue, what: string): string {
  if (typeof value === 'string') return value;
  throw new JqError(`${what} needs a text, not ${typeOf(value)}`);
}

export function arrayOf(value: JsonValue, what: string): readonly JsonValue[] {
  if (isJsonArray(value)) return value;
  throw new JqError(`${what} needs a list, not ${typeOf(value)}`);
}
