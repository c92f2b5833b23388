/** A jq expression as `ignoreDifferences` uses it (C07): the places in an object that it names. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { type Budget, createBudget, JqError, JqLimitError } from './budget.js';
import { evaluate, rootScope } from './evaluate.js';
import { isBuiltIn } from './functions.js';
import type { PathElement } from './items.js';
import { parseJq } from './parse.js';
import { JqSyntaxError, type Node } from './syntax.js';

/** Steps for one object: some 10 ms at most. */
export const MAX_STEPS = 100_000;

export interface JqQuery {
  /**
   * Places that the expression names, the last of a list first, so that removing one leaves the others where they are.
   * None when the expression does not go with the object, as jq's own error would have it.
   * @throws JqLimitError when it takes too long, nests too deep or makes too much.
   * @throws JqError when it names something that is no place.
   */
  pathsIn(object: JsonObject, budget?: Budget): readonly (readonly (string | number)[])[];
}

export type CompiledQuery = { readonly query: JqQuery } | { readonly problem: string };

/** `problem` says what is wrong, in words for the user. */
export function compileJq(expression: string): CompiledQuery {
  try {
    const node = parseJq(expression);
    if (node.kind === 'identity') return { problem: 'it would remove the whole object' };
    const unknown = unknownFunction(node, new Set());
    if (unknown !== undefined) return { problem: `the function ${unknown} is not known` };
    return { query: { pathsIn: (object, budget = createBudget(MAX_STEPS)) => pathsIn(node, object, budget) } };
  } catch (error) {
    if (error instanceof JqSyntaxError) return { problem: error.message };
    if (error instanceof RangeError) return { problem: 'it is nested too deep' };
    throw error;
  }
}

function pathsIn(node: Node, object: JsonObject, budget: Budget): readonly (readonly (string | number)[])[] {
  const paths: (readonly (string | number)[])[] = [];
  try {
    for (const { path } of evaluate(node, { value: object, path: [] }, rootScope(budget))) {
      if (path === undefined || path.length === 0) throw new NoPlaceError();
      paths.push(...withoutSlices(path, object));
    }
  } catch (error) {
    if (error instanceof NoPlaceError) throw new JqError('it gives values, not places of the object');
    if (error instanceof RangeError) throw new JqLimitError('it nests too deep');
    // As with jq: an expression that does not go with this object removes nothing of it.
    if (error instanceof JqError) return [];
    throw error;
  }
  return paths.sort(byPosition).reverse();
}

/** Not a JqError: no `try` of the expression may swallow it. */
class NoPlaceError extends Error {}

/** A slice at the end stands for its elements. */
function withoutSlices(path: readonly PathElement[], object: JsonObject): readonly (readonly (string | number)[])[] {
  const last = path.at(-1);
  const start = path.slice(0, -1).filter((element) => typeof element !== 'object');
  if (typeof last !== 'object') return [last === undefined ? start : [...start, last]];
  const list = start.reduce<JsonValue | undefined>((value, key) => memberOf(value, key), object);
  const end = Math.min(last.to, Array.isArray(list) ? list.length : 0);
  return Array.from({ length: Math.max(0, end - last.from) }, (_, index) => [...start, last.from + index]);
}

function memberOf(value: JsonValue | undefined, key: string | number): JsonValue | undefined {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string | number, JsonValue>>)[key]
    : undefined;
}

function byPosition(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index] ?? '', b[index] ?? ''];
    if (left === right) continue;
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    return String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}

/** A misspelled function is said at once, not on the first object that it meets. */
function unknownFunction(node: Node, defined: ReadonlySet<string>): string | undefined {
  if (node.kind === 'define') {
    const inner = new Set([...defined, `${node.name}/${node.parameters.length}`]);
    const parameters = node.parameters.map((parameter) => `${parameter}/0`);
    return unknownFunction(node.body, new Set([...inner, ...parameters])) ?? unknownFunction(node.rest, inner);
  }
  if (node.kind === 'call') {
    const name = `${node.name}/${node.inputs.length}`;
    if (!defined.has(name) && !isBuiltIn(name)) return name;
  }
  for (const child of childrenOf(node)) {
    const unknown = unknownFunction(child, defined);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}

function childrenOf(node: Node): readonly Node[] {
  if (node.kind === 'object') return node.entries.flatMap(({ key, value }) => [key, value]);
  const members: readonly unknown[] = Object.values(node).flat();
  return members.filter((member): member is Node => typeof member === 'object' && member !== null && 'kind' in member);
}
