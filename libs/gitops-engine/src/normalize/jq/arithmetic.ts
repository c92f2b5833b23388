/** jq's binary operators on two values. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../../diff/json.js';
import { type Budget, JqError, TEXT_PER_STEP } from './budget.js';
import type { BinaryOperator } from './syntax.js';
import { compareValues, isEqual, typeOf } from './values.js';

type Arithmetic = '+' | '-' | '*' | '/' | '%';
export type ValueOperator = Exclude<BinaryOperator, 'or' | 'and' | '//'>;

const COMPARISONS: Readonly<Record<Exclude<ValueOperator, Arithmetic>, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** @throws JqError when the operator does not go with the types. */
export function operate(
  operator: ValueOperator,
  a: JsonValue,
  { b, budget }: { readonly b: JsonValue; readonly budget: Budget },
): JsonValue {
  switch (operator) {
    case '+':
      return add(a, b, budget);
    case '-':
      return subtract(a, b, budget);
    case '*':
      return multiply(a, b, budget);
    case '/':
      return divide(a, b, budget);
    case '%':
      return remainder(a, b);
    default:
      return COMPARISONS[operator](compareValues(a, b, budget));
  }
}

export function add(a: JsonValue, b: JsonValue, budget: Budget): JsonValue {
  if (a === null) return b;
  if (b === null) return a;
  if (isNumber(a) && isNumber(b)) return Number(a) + Number(b);
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend((a.length + b.length) / TEXT_PER_STEP);
    return a + b;
  }
  if (isJsonArray(a) && isJsonArray(b)) {
    budget.spend(a.length + b.length);
    return [...a, ...b];
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    budget.spend(Object.keys(a).length + Object.keys(b).length);
    return { ...a, ...b };
  }
  throw mismatch(a, b, 'added');
}

function subtract(a: JsonValue, b: JsonValue, budget: Budget): JsonValue {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (isJsonArray(a) && isJsonArray(b)) return a.filter((item) => !b.some((other) => isEqual(item, other, budget)));
  throw mismatch(a, b, 'subtracted');
}

function multiply(a: JsonValue, b: JsonValue, budget: Budget): JsonValue {
  if (isNumber(a) && isNumber(b)) return Number(a) * Number(b);
  if (isJsonObject(a) && isJsonObject(b)) return merged(a, b, budget);
  const [text, count] = typeof a === 'string' ? [a, b] : [b, a];
  if (typeof text !== 'string' || !isNumber(count)) throw mismatch(a, b, 'multiplied');
  const times = Math.ceil(Number(count));
  if (!(times > 0)) return null;
  budget.spend((text.length * times) / TEXT_PER_STEP);
  return text.repeat(times);
}

function merged(a: JsonObject, b: JsonObject, budget: Budget): JsonObject {
  budget.spend(Object.keys(a).length + Object.keys(b).length);
  const result: Record<string, JsonValue | undefined> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const before = result[key];
    result[key] = isJsonObject(before) && isJsonObject(value) ? merged(before, value, budget) : value;
  }
  return result as JsonObject;
}

function divide(a: JsonValue, b: JsonValue, budget: Budget): JsonValue {
  if (typeof a === 'string' && typeof b === 'string') {
    budget.spend(a.length / TEXT_PER_STEP + 1);
    return a === '' ? [] : a.split(b);
  }
  if (!isNumber(a) || !isNumber(b)) throw mismatch(a, b, 'divided');
  if (Number(b) === 0) throw new JqError('a number cannot be divided by 0');
  return Number(a) / Number(b);
}

function remainder(a: JsonValue, b: JsonValue): JsonValue {
  if (!isNumber(a) || !isNumber(b)) throw mismatch(a, b, 'divided');
  const divisor = Math.trunc(Number(b));
  if (divisor === 0) throw new JqError('a number cannot be divided by 0');
  return Math.trunc(Number(a)) % divisor;
}

function isNumber(value: JsonValue): value is number {
  return typeof value === 'number' || typeof value === 'bigint';
}

function mismatch(a: JsonValue, b: JsonValue, what: string): JqError {
  return new JqError(`${typeOf(a)} and ${typeOf(b)} cannot be ${what}`);
}
