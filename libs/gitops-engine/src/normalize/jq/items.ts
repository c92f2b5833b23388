/** Values on their way through a jq expression, each with its place in the input, and the steps from place to place. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../../diff/json.js';
import { type Budget, JqError } from './budget.js';
import type { Node } from './syntax.js';
import { numberOf, typeOf } from './values.js';

export type PathElement = string | number | { readonly from: number; readonly to: number };

export interface Item {
  readonly value: JsonValue;
  /** Undefined: the value was made by the expression, it is no place in the input. */
  readonly path: readonly PathElement[] | undefined;
}

export interface Closure {
  readonly parameters: readonly string[];
  readonly body: Node;
  readonly scope: Scope;
}

/** Elements of a path that cost as much to copy as one step. */
export const PATH_PER_STEP = 16;

/** What names mean; inner scopes shadow outer ones. */
export interface Scope {
  readonly variables: ReadonlyMap<string, JsonValue>;
  /** By `name/number of inputs`. */
  readonly functions: ReadonlyMap<string, Closure>;
  readonly depth: number;
  readonly evaluate: Evaluate;
  readonly budget: Budget;
}

export type Evaluate = (node: Node, item: Item, scope: Scope) => Generator<Item>;

/** A value that is no place in the input. */
export function made(value: JsonValue): Item {
  return { value, path: undefined };
}

/** All values at once; every one of them has been paid for. */
export function values(node: Node, item: Item, scope: Scope): JsonValue[] {
  const list: JsonValue[] = [];
  for (const { value } of scope.evaluate(node, item, scope)) list.push(value);
  return list;
}

export function* children({ value, path }: Item): Generator<Item> {
  if (isJsonArray(value)) {
    for (const [index, element] of value.entries()) yield { value: element, path: path && below(path, index) };
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) yield { value: member, path: path && [...path, name] };
    }
  } else throw new JqError(`cannot iterate over ${typeOf(value)}`);
}

/** Elements of a slice are elements of the list. */
function below(path: readonly PathElement[], index: number): readonly PathElement[] {
  const last = path.at(-1);
  return typeof last === 'object' ? [...path.slice(0, -1), last.from + index] : [...path, index];
}

export function* recurse(item: Item, scope: Scope): Generator<Item> {
  const open = [item];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    scope.budget.spend(1 + (next.path?.length ?? 0) / PATH_PER_STEP);
    yield next;
    if (typeOf(next.value) === 'array' || typeOf(next.value) === 'object') open.push(...[...children(next)].reverse());
  }
}

/** @throws JqError when the value has no members of this sort. */
export function indexed(item: Item, key: JsonValue): Item {
  const { value } = item;
  if (typeof key === 'string' && (value === null || isJsonObject(value))) return memberOf(item, value, key);
  if (typeof key === 'number' && (value === null || isJsonArray(value))) return elementOf(item, value, key);
  throw new JqError(`cannot index ${typeOf(value)} with ${typeof key === 'string' ? `"${key}"` : typeOf(key)}`);
}

/** What is not there is null, at the place where it would be. */
function memberOf({ path }: Item, value: JsonObject | null, name: string): Item {
  const member = value !== null && Object.hasOwn(value, name) ? value[name] : undefined;
  return { value: member ?? null, path: path && [...path, name] };
}

function elementOf({ path }: Item, value: readonly JsonValue[] | null, position: number): Item {
  const at = Math.floor(position);
  const index = at < 0 ? (value?.length ?? 0) + at : at;
  return { value: value?.[index] ?? null, path: path && below(path, index) };
}

/** @throws JqError when the value has no parts. */
export function sliced({ value, path }: Item, start: JsonValue, end: JsonValue): Item {
  if (value === null) return made(null);
  if (typeof value !== 'string' && !isJsonArray(value)) throw new JqError(`cannot slice ${typeOf(value)}`);
  const at = (bound: JsonValue, fallback: number) => {
    const number = bound === null ? fallback : numberOf(bound, 'a slice');
    return Math.min(value.length, Math.max(0, number < 0 ? value.length + Math.floor(number) : number));
  };
  const [from, to] = [Math.floor(at(start, 0)), Math.ceil(at(end, value.length))];
  if (typeof value === 'string') return made(value.slice(from, to));
  return { value: value.slice(from, to), path: path && [...path, { from, to: Math.max(from, to) }] };
}
