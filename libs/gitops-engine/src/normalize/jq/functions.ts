/** jq's built-in functions that take expressions, and so may keep the place of what they pass on (`select`, `first`, …). */
import type { JsonValue } from '@tiphys/model';
import { isJsonArray } from '../../diff/json.js';
import { JqError } from './budget.js';
import { children, type Item, indexed, made, type PathElement, recurse, type Scope, values } from './items.js';
import type { Node } from './syntax.js';
import { valueFunction } from './value-functions.js';
import { arrayOf, compareValues, isEqual, isTrue, type JqType, numberOf, stringOf, typeOf } from './values.js';

export interface Call {
  readonly name: string;
  readonly inputs: readonly Node[];
}

type BuiltIn = (inputs: readonly Node[], item: Item, scope: Scope) => Generator<Item>;

const IDENTITY: Node = { kind: 'identity' };

/** @throws JqError for a name that is not known. */
export function* builtIn(call: Call, item: Item, scope: Scope): Generator<Item> {
  const name = `${call.name}/${call.inputs.length}`;
  const known = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (known !== undefined) return yield* known(call.inputs, item, scope);
  const plain = valueFunction(name);
  if (plain === undefined) throw new JqError(`the function ${name} is not known`);
  for (const given of combinations(call.inputs, item, scope)) yield made(plain(item.value, given, scope.budget));
}

/** True for `name/inputs` that an expression may call. */
export function isBuiltIn(name: string): boolean {
  return Object.hasOwn(BUILT_IN, name) || valueFunction(name) !== undefined;
}

/** Every combination of the values of the inputs; jq varies the first the fastest. */
function combinations(inputs: readonly Node[], item: Item, scope: Scope): readonly (readonly JsonValue[])[] {
  return inputs.reduce<readonly (readonly JsonValue[])[]>(
    (known, input) => values(input, item, scope).flatMap((value) => known.map((given) => [...given, value])),
    [[]],
  );
}

function input(inputs: readonly Node[], index = 0): Node {
  return inputs[index] ?? IDENTITY;
}

const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  *'empty/0'() {},
  *'error/0'(_, { value }) {
    throw new JqError(typeof value === 'string' ? value : 'error', value);
  },
  *'error/1'([message = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(message, item, scope))
      throw new JqError(typeof value === 'string' ? value : 'error', value);
  },
  *'select/1'([test = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(test, item, scope)) if (isTrue(value)) yield item;
  },
  ...selectors({
    nulls: (type) => type === 'null',
    booleans: (type) => type === 'boolean',
    numbers: (type) => type === 'number',
    strings: (type) => type === 'string',
    arrays: (type) => type === 'array',
    objects: (type) => type === 'object',
    values: (type) => type !== 'null',
    scalars: (type) => type !== 'array' && type !== 'object',
    iterables: (type) => type === 'array' || type === 'object',
  }),
  *'recurse/0'(_, item, scope) {
    yield* recurse(item, scope);
  },
  *'recurse/1'([step = IDENTITY], item, scope) {
    const open = [item];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      yield next;
      open.push(...[...scope.evaluate(step, next, scope)].reverse());
    }
  },
  *'map/1'([body = IDENTITY], item, scope) {
    yield made([...children(item)].flatMap((child) => values(body, child, scope)));
  },
  *'map_values/1'([body = IDENTITY], item, scope) {
    const kept = [...children(item)].flatMap((child, index) => {
      const [first] = scope.evaluate(body, { value: child.value, path: undefined }, scope);
      return first === undefined ? [] : [[keyOf(item.value, index), first.value] as const];
    });
    yield made(isJsonArray(item.value) ? kept.map(([, value]) => value) : Object.fromEntries(kept));
  },
  *'with_entries/1'([body = IDENTITY], item, scope) {
    const entries = [...children(item)].map(({ value }, index) => ({ key: keyOf(item.value, index), value }));
    const changed = entries.flatMap((entry) => values(body, made(entry), scope));
    yield made(valueFunction('from_entries/0')?.(changed, [], scope.budget) ?? {});
  },
  *'first/0'(_, item) {
    yield indexed(item, 0);
  },
  *'last/0'(_, item) {
    yield indexed(item, -1);
  },
  *'first/1'([body = IDENTITY], item, scope) {
    for (const found of scope.evaluate(body, item, scope)) return yield found;
  },
  *'last/1'([body = IDENTITY], item, scope) {
    let last: Item | undefined;
    for (const found of scope.evaluate(body, item, scope)) last = found;
    if (last !== undefined) yield last;
  },
  *'limit/2'([count = IDENTITY, body = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(count, item, scope)) {
      let left = numberOf(value, 'limit');
      if (left <= 0) continue;
      for (const found of scope.evaluate(body, item, scope)) {
        yield found;
        left -= 1;
        if (left <= 0) break;
      }
    }
  },
  *'nth/1'([index = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(index, item, scope)) yield indexed(item, value);
  },
  *'range/1'([end = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(end, item, scope)) yield* range(0, numberOf(value, 'range'), scope);
  },
  *'range/2'([start = IDENTITY, end = IDENTITY], item, scope) {
    for (const from of values(start, item, scope)) {
      for (const to of values(end, item, scope)) yield* range(numberOf(from, 'range'), numberOf(to, 'range'), scope);
    }
  },
  *'any/0'(_, item) {
    yield made(arrayOf(item.value, 'any').some(isTrue));
  },
  *'all/0'(_, item) {
    yield made(arrayOf(item.value, 'all').every(isTrue));
  },
  *'any/1'(inputs, item, scope) {
    yield made([...children(item)].some((child) => values(input(inputs), child, scope).some(isTrue)));
  },
  *'all/1'(inputs, item, scope) {
    yield made([...children(item)].every((child) => values(input(inputs), child, scope).every(isTrue)));
  },
  *'any/2'(inputs, item, scope) {
    yield made(
      [...scope.evaluate(input(inputs), item, scope)].some((found) =>
        values(input(inputs, 1), found, scope).some(isTrue),
      ),
    );
  },
  *'all/2'(inputs, item, scope) {
    yield made(
      [...scope.evaluate(input(inputs), item, scope)].every((found) =>
        values(input(inputs, 1), found, scope).every(isTrue),
      ),
    );
  },
  *'isempty/1'([body = IDENTITY], item, scope) {
    for (const _ of scope.evaluate(body, item, scope)) return yield made(false);
    yield made(true);
  },
  *'add/1'([body = IDENTITY], item, scope) {
    yield made(valueFunction('add/0')?.(values(body, item, scope), [], scope.budget) ?? null);
  },
  *'IN/1'([candidates = IDENTITY], item, scope) {
    yield made(values(candidates, item, scope).some((value) => isEqual(value, item.value, scope.budget)));
  },
  *'sort_by/1'([by = IDENTITY], item, scope) {
    yield made(keyed(by, item, scope).map(({ value }) => value));
  },
  *'unique_by/1'([by = IDENTITY], item, scope) {
    yield made(groups(by, item, scope).map(([first]) => first ?? null));
  },
  *'group_by/1'([by = IDENTITY], item, scope) {
    yield made(groups(by, item, scope));
  },
  *'min_by/1'([by = IDENTITY], item, scope) {
    yield made(keyed(by, item, scope)[0]?.value ?? null);
  },
  *'max_by/1'([by = IDENTITY], item, scope) {
    yield made(keyed(by, item, scope).at(-1)?.value ?? null);
  },
  *'path/1'([body = IDENTITY], item, scope) {
    for (const { path } of scope.evaluate(body, { value: item.value, path: [] }, scope)) yield made(asValue(path));
  },
  *'paths/0'(_, item, scope) {
    for (const { path } of recurse({ value: item.value, path: [] }, scope))
      if (path?.length !== 0) yield made(asValue(path));
  },
  *'getpath/1'([path = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(path, item, scope))
      yield arrayOf(value, 'getpath').reduce<Item>(indexed, item);
  },
  *'env/0'() {
    yield made({});
  },
  *'ascii/0'(_, item) {
    yield made(String.fromCodePoint(numberOf(item.value, 'ascii')));
  },
  *'has/1'([key = IDENTITY], item, scope) {
    for (const { value } of scope.evaluate(key, item, scope)) yield made(hasKey(item.value, value));
  },
  *'del/1'(): Generator<Item> {
    throw new JqError('del is done with the whole expression: write only the path that is to be ignored');
  },
};

/** `strings`, `objects`, …: the value when it is of that type. */
function selectors(tests: Readonly<Record<string, (type: JqType) => boolean>>): Readonly<Record<string, BuiltIn>> {
  const entries = Object.entries(tests).map(([name, test]): [string, BuiltIn] => [
    `${name}/0`,
    function* (_, item) {
      if (test(typeOf(item.value))) yield item;
    },
  ]);
  return Object.fromEntries(entries);
}

function hasKey(value: JsonValue, key: JsonValue): boolean {
  if (isJsonArray(value)) return numberOf(key, 'has') >= 0 && Number(key) < value.length;
  if (typeof value === 'object' && value !== null) return Object.hasOwn(value, stringOf(key, 'has'));
  throw new JqError('has needs an object or a list');
}

function keyOf(value: JsonValue, index: number): string {
  return isJsonArray(value) ? String(index) : (Object.keys(value ?? {})[index] ?? '');
}

function* range(from: number, to: number, scope: Scope): Generator<Item> {
  for (let value = from; value < to; value++) {
    scope.budget.spend(1);
    yield made(value);
  }
}

interface Keyed {
  readonly key: readonly JsonValue[];
  readonly value: JsonValue;
}

function keyed(by: Node, item: Item, scope: Scope): readonly Keyed[] {
  const list = arrayOf(item.value, 'sorting').map((value) => ({ key: values(by, made(value), scope), value }));
  return list.sort((a, b) => compareValues(a.key, b.key, scope.budget));
}

function groups(by: Node, item: Item, scope: Scope): readonly (readonly JsonValue[])[] {
  const result: { readonly key: readonly JsonValue[]; readonly values: JsonValue[] }[] = [];
  for (const { key, value } of keyed(by, item, scope)) {
    const last = result.at(-1);
    if (last !== undefined && isEqual(last.key, key, scope.budget)) last.values.push(value);
    else result.push({ key, values: [value] });
  }
  return result.map((group) => group.values);
}

function asValue(path: readonly PathElement[] | undefined): JsonValue {
  if (path === undefined) throw new JqError('it names no place in the input');
  return path.map((element) => (typeof element === 'object' ? { start: element.from, end: element.to } : element));
}
