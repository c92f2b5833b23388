/** jq's built-in functions from values to a value. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { RE2JS } from 're2js';
import { isJsonArray, isJsonObject } from '../../diff/json.js';
import { add } from './arithmetic.js';
import { type Budget, JqError, TEXT_PER_STEP } from './budget.js';
import {
  arrayOf,
  compareValues,
  contains,
  isEqual,
  isTrue,
  numberOf,
  sorted,
  sortedKeys,
  stringOf,
  toJson,
  toText,
  typeOf,
} from './values.js';

export type ValueFunction = (value: JsonValue, given: readonly JsonValue[], budget: Budget) => JsonValue;

/** By `name/number of inputs`. */
export function valueFunction(name: string): ValueFunction | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}

const text = (change: (text: string, given: string) => JsonValue, what: string): ValueFunction => {
  return (value, [given = ''], budget) => {
    const subject = stringOf(value, what);
    budget.spend(subject.length / TEXT_PER_STEP);
    return change(subject, stringOf(given, what));
  };
};
const number =
  (change: (value: number) => number, what: string): ValueFunction =>
  (value) =>
    change(numberOf(value, what));

const FUNCTIONS: Readonly<Record<string, ValueFunction>> = {
  'not/0': (value) => !isTrue(value),
  'type/0': (value) => typeOf(value),
  'length/0': length,
  'keys/0': keys,
  'keys_unsorted/0': keys,
  'in/1': (value, [holder = null]) => has(holder, value),
  'contains/1': (value, [other = null], budget) => contains(value, other, budget),
  'inside/1': (value, [other = null], budget) => contains(other, value, budget),
  'add/0': (value, _, budget) => members(value).reduce<JsonValue>((sum, next) => add(sum, next, budget), null),
  'tostring/0': (value, _, budget) => toText(value, budget),
  'tojson/0': (value, _, budget) => paid(toJson(value), budget),
  'fromjson/0': (value, _, budget) => fromJson(paid(stringOf(value, 'fromjson'), budget)),
  'tonumber/0': toNumber,
  'ascii_downcase/0': text((subject) => subject.replace(/[A-Z]+/g, (part) => part.toLowerCase()), 'ascii_downcase'),
  'ascii_upcase/0': text((subject) => subject.replace(/[a-z]+/g, (part) => part.toUpperCase()), 'ascii_upcase'),
  'startswith/1': text((subject, start) => subject.startsWith(start), 'startswith'),
  'endswith/1': text((subject, end) => subject.endsWith(end), 'endswith'),
  'ltrimstr/1': trimmed((subject, start) => (subject.startsWith(start) ? subject.slice(start.length) : subject)),
  'rtrimstr/1': trimmed((subject, end) =>
    end !== '' && subject.endsWith(end) ? subject.slice(0, -end.length) : subject,
  ),
  'trim/0': text((subject) => subject.trim(), 'trim'),
  'split/1': text((subject, separator) => (subject === '' ? [] : subject.split(separator)), 'split'),
  'join/1': join,
  'explode/0': text((subject) => [...subject].map((char) => char.codePointAt(0) ?? 0), 'explode'),
  'test/1': (value, [pattern = ''], budget) => matches(value, { pattern, flags: '', budget }),
  'test/2': (value, [pattern = '', flags = ''], budget) => matches(value, { pattern, flags, budget }),
  'reverse/0': (value) =>
    typeof value === 'string' ? [...value].reverse().join('') : arrayOf(value ?? [], 'reverse').toReversed(),
  'sort/0': (value, _, budget) => sorted(arrayOf(value, 'sort'), budget),
  'unique/0': unique,
  'min/0': (value, _, budget) => sorted(arrayOf(value, 'min'), budget)[0] ?? null,
  'max/0': (value, _, budget) => sorted(arrayOf(value, 'max'), budget).at(-1) ?? null,
  'flatten/0': (value) => flat(value, Number.POSITIVE_INFINITY),
  'flatten/1': (value, [depth = 1]) => flat(value, numberOf(depth, 'flatten')),
  'index/1': (value, [other = null], budget) => positions(value, other, budget)[0] ?? null,
  'rindex/1': (value, [other = null], budget) => positions(value, other, budget).at(-1) ?? null,
  'indices/1': (value, [other = null], budget) => positions(value, other, budget),
  'to_entries/0': (value) =>
    sortedKeys(objectOf(value, 'to_entries')).map((key) => ({ key, value: member(value, key) })),
  'from_entries/0': fromEntries,
  'floor/0': number(Math.floor, 'floor'),
  'ceil/0': number(Math.ceil, 'ceil'),
  'round/0': number(Math.round, 'round'),
  'abs/0': number(Math.abs, 'abs'),
  'sqrt/0': number(Math.sqrt, 'sqrt'),
  'infinite/0': () => Number.MAX_VALUE,
};

function paid(content: string, budget: Budget): string {
  budget.spend(content.length / TEXT_PER_STEP);
  return content;
}

function length(value: JsonValue): JsonValue {
  if (value === null) return 0;
  if (typeof value === 'string') return [...value].length;
  if (isJsonArray(value)) return value.length;
  if (isJsonObject(value)) return Object.keys(value).length;
  return Math.abs(numberOf(value, 'length'));
}

function keys(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return [...value.keys()];
  return sortedKeys(objectOf(value, 'keys'));
}

function has(holder: JsonValue, key: JsonValue): boolean {
  if (isJsonArray(holder)) return typeof key === 'number' && key >= 0 && key < holder.length;
  return Object.hasOwn(objectOf(holder, 'in'), stringOf(key, 'in'));
}

function members(value: JsonValue): readonly JsonValue[] {
  if (isJsonArray(value)) return value;
  return Object.values(objectOf(value, 'add')).filter((member) => member !== undefined);
}

function member(value: JsonValue, key: string): JsonValue {
  return (isJsonObject(value) ? value[key] : undefined) ?? null;
}

function objectOf(value: JsonValue, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new JqError(`${what} needs an object, not ${typeOf(value)}`);
}

function fromJson(content: string): JsonValue {
  try {
    return JSON.parse(content) as JsonValue;
  } catch (error) {
    throw new JqError(`fromjson: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function toNumber(value: JsonValue): JsonValue {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isNaN(parsed)) throw new JqError('tonumber needs a number');
  return parsed;
}

function trimmed(change: (subject: string, part: string) => string): ValueFunction {
  return (value, [part = null]) =>
    typeof value === 'string' && typeof part === 'string' ? change(value, part) : value;
}

function join(value: JsonValue, [separator = '']: readonly JsonValue[], budget: Budget): JsonValue {
  const parts = arrayOf(value, 'join').map((part) => (part === null ? '' : toText(part, budget)));
  return paid(parts.join(stringOf(separator, 'join')), budget);
}

interface Pattern {
  readonly pattern: JsonValue;
  readonly flags: JsonValue;
  readonly budget: Budget;
}

/** Patterns take time in proportion to the text, whatever they look like (S11). */
function matches(value: JsonValue, { pattern, flags, budget }: Pattern): boolean {
  const [subject, source] = [stringOf(value, 'test'), stringOf(pattern, 'test')];
  budget.spend(10 + source.length + subject.length / TEXT_PER_STEP);
  const insensitive = flags !== null && stringOf(flags, 'test').includes('i');
  try {
    return RE2JS.compile(source, insensitive ? RE2JS.CASE_INSENSITIVE : 0)
      .matcher(subject)
      .find();
  } catch (error) {
    throw new JqError(`test: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function unique(value: JsonValue, _: readonly JsonValue[], budget: Budget): JsonValue {
  const list = sorted(arrayOf(value, 'unique'), budget);
  return list.filter((item, index) => index === 0 || compareValues(list[index - 1] ?? null, item, budget) !== 0);
}

function flat(value: JsonValue, depth: number): JsonValue[] {
  return arrayOf(value, 'flatten').flatMap((item) => (isJsonArray(item) && depth > 0 ? flat(item, depth - 1) : [item]));
}

function positions(value: JsonValue, other: JsonValue, budget: Budget): number[] {
  if (value === null) return [];
  if (typeof value === 'string') return textPositions(value, stringOf(other, 'index'), budget);
  const list = arrayOf(value, 'index');
  const wanted = isJsonArray(other) ? other : [other];
  const fits = (start: number) => wanted.every((item, index) => isEqual(list[start + index] ?? null, item, budget));
  return wanted.length === 0
    ? []
    : [...list.keys()].filter((start) => start + wanted.length <= list.length && fits(start));
}

function textPositions(value: string, part: string, budget: Budget): number[] {
  const found: number[] = [];
  for (let at = value.indexOf(part); at >= 0 && part !== ''; at = value.indexOf(part, at + 1)) {
    budget.spend(1);
    found.push(at);
  }
  return found;
}

function fromEntries(value: JsonValue): JsonValue {
  const entries = arrayOf(value, 'from_entries').map((entry) => {
    const key = ['key', 'k', 'name', 'Name', 'Key', 'K']
      .map((name) => member(entry, name))
      .find((found) => found !== null);
    const held = ['value', 'v', 'Value', 'V'].map((name) => member(entry, name)).find((found) => found !== null);
    return [typeof key === 'string' ? key : String(key ?? 'null'), held ?? null] as const;
  });
  return Object.fromEntries(entries);
}
