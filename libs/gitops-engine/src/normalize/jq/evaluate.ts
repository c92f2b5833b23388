/**
 * Evaluates a jq expression as a stream of values, each with the path at which it is in the input where it has one.
 * Nothing is changed; a budget bounds time and memory, a depth bounds recursion (S7).
 */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { operate } from './arithmetic.js';
import { type Budget, JqError, JqLimitError } from './budget.js';
import { builtIn } from './functions.js';
import { children, type Item, indexed, made, PATH_PER_STEP, recurse, type Scope, sliced, values } from './items.js';
import type { Node } from './syntax.js';
import { isTrue, numberOf, toText, typeOf } from './values.js';

const MAX_DEPTH = 150;

export function rootScope(budget: Budget): Scope {
  return { variables: new Map(), functions: new Map(), depth: 0, budget, evaluate };
}

export function* evaluate(node: Node, item: Item, scope: Scope): Generator<Item> {
  scope.budget.spend(1);
  switch (node.kind) {
    case 'identity':
      return yield item;
    case 'recurse':
      return yield* recurse(item, scope);
    case 'literal':
      return yield made(node.value);
    case 'index':
      return yield* indexes(node, item, scope);
    case 'slice':
      return yield* slices(node, item, scope);
    case 'each':
      for (const of of evaluate(node.of, item, scope)) yield* children(of);
      return;
    case 'pipe':
      for (const left of evaluate(node.left, item, scope)) yield* evaluate(node.right, left, scope);
      return;
    case 'comma':
      yield* evaluate(node.left, item, scope);
      return yield* evaluate(node.right, item, scope);
    case 'if':
      return yield* choose(node, item, scope);
    default:
      return yield* evaluateMore(node, item, scope);
  }
}

type Common = Extract<
  Node,
  { kind: 'identity' | 'recurse' | 'literal' | 'index' | 'slice' | 'each' | 'pipe' | 'comma' | 'if' }
>;

function* evaluateMore(node: Exclude<Node, Common>, item: Item, scope: Scope): Generator<Item> {
  switch (node.kind) {
    case 'text':
      return yield* texts(node.parts, item, scope);
    case 'variable':
      return yield made(variable(node.name, scope));
    case 'try':
      return yield* attempt(node, item, scope);
    case 'binary':
      return yield* binary(node, item, scope);
    default:
      return yield* evaluateRare(node, item, scope);
  }
}

type Rare = Extract<Node, { kind: 'negate' | 'array' | 'object' | 'bind' | 'reduce' | 'foreach' | 'define' | 'call' }>;

function* evaluateRare(node: Rare, item: Item, scope: Scope): Generator<Item> {
  switch (node.kind) {
    case 'negate':
      for (const { value } of evaluate(node.body, item, scope)) yield made(-numberOf(value, 'a negation'));
      return;
    case 'array':
      return yield made(node.body === undefined ? [] : values(node.body, item, scope));
    case 'object':
      return yield* objects(node.entries, item, scope);
    case 'bind':
      for (const { value } of evaluate(node.source, item, scope)) {
        yield* evaluate(node.body, item, withVariable(scope, node.name, value));
      }
      return;
    case 'reduce':
    case 'foreach':
      return yield* loop(node, item, scope);
    case 'define':
      return yield* evaluate(node.rest, item, withFunction(scope, node));
    case 'call':
      return yield* call(node, item, scope);
  }
}

function* indexes({ of, at }: Extract<Node, { kind: 'index' }>, item: Item, scope: Scope): Generator<Item> {
  for (const target of evaluate(of, item, scope)) {
    for (const { value: key } of evaluate(at, item, scope)) {
      scope.budget.spend((target.path?.length ?? 0) / PATH_PER_STEP);
      yield indexed(target, key);
    }
  }
}

function* slices({ of, from, to }: Extract<Node, { kind: 'slice' }>, item: Item, scope: Scope): Generator<Item> {
  const bound = (node: Node | undefined) => (node === undefined ? [null] : values(node, item, scope));
  for (const target of evaluate(of, item, scope)) {
    for (const end of bound(to)) for (const start of bound(from)) yield sliced(target, start, end);
  }
}

function* texts(parts: readonly (string | Node)[], item: Item, scope: Scope): Generator<Item> {
  const [first, ...rest] = parts;
  if (first === undefined) return yield made('');
  const heads =
    typeof first === 'string' ? [first] : values(first, item, scope).map((value) => toText(value, scope.budget));
  for (const tail of texts(rest, item, scope)) for (const head of heads) yield made(head + String(tail.value));
}

function variable(name: string, { variables }: Scope): JsonValue {
  const value = variables.get(name);
  if (value === undefined) throw new JqError(`$${name} is not defined`);
  return value;
}

function* choose(node: Extract<Node, { kind: 'if' }>, item: Item, scope: Scope): Generator<Item> {
  for (const { value } of evaluate(node.test, item, scope)) {
    if (isTrue(value)) yield* evaluate(node.then, item, scope);
    else if (node.otherwise === undefined) yield item;
    else yield* evaluate(node.otherwise, item, scope);
  }
}

function* attempt({ body, handler }: Extract<Node, { kind: 'try' }>, item: Item, scope: Scope): Generator<Item> {
  try {
    yield* evaluate(body, item, scope);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    if (handler !== undefined) yield* evaluate(handler, made(error.value as JsonValue), scope);
  }
}

function* binary(node: Extract<Node, { kind: 'binary' }>, item: Item, scope: Scope): Generator<Item> {
  const { operator, left, right } = node;
  if (operator === '//') return yield* alternative(node, item, scope);
  if (operator === 'and' || operator === 'or') {
    return yield* logic(node, item, scope);
  }
  for (const { value: b } of evaluate(right, item, scope)) {
    for (const { value: a } of evaluate(left, item, scope))
      yield made(operate(operator, a, { b, budget: scope.budget }));
  }
}

/** The right side is only asked where the left one does not decide. */
function* logic(
  { operator, left, right }: Extract<Node, { kind: 'binary' }>,
  item: Item,
  scope: Scope,
): Generator<Item> {
  const deciding = operator === 'or';
  for (const { value } of evaluate(left, item, scope)) {
    if (isTrue(value) === deciding) yield made(deciding);
    else yield* truths(right, item, scope);
  }
}

function* truths(node: Node, item: Item, scope: Scope): Generator<Item> {
  for (const { value } of evaluate(node, item, scope)) yield made(isTrue(value));
}

/** The values on the left that are neither false nor null, else those on the right. */
function* alternative({ left, right }: Extract<Node, { kind: 'binary' }>, item: Item, scope: Scope): Generator<Item> {
  let found = false;
  const body: Node = { kind: 'try', body: left, handler: undefined };
  for (const candidate of evaluate(body, item, scope)) {
    if (!isTrue(candidate.value)) continue;
    found = true;
    yield candidate;
  }
  if (!found) yield* evaluate(right, item, scope);
}

type Entries = Extract<Node, { kind: 'object' }>['entries'];

function* objects([first, ...rest]: Entries, item: Item, scope: Scope): Generator<Item> {
  if (first === undefined) return yield made({});
  for (const { value: key } of evaluate(first.key, item, scope)) {
    if (typeof key !== 'string') throw new JqError(`the key of an object must be a text, not ${typeOf(key)}`);
    for (const { value } of evaluate(first.value, item, scope)) {
      for (const tail of objects(rest, item, scope)) yield made({ [key]: value, ...(tail.value as JsonObject) });
    }
  }
}

function* loop(node: Loop, item: Item, scope: Scope): Generator<Item> {
  for (const start of evaluate(node.start, item, scope)) {
    let state: Item | undefined = made(start.value);
    for (const { value } of evaluate(node.source, item, scope)) {
      state = yield* turn(node, state ?? made(null), withVariable(scope, node.name, value));
    }
    if (node.kind === 'reduce') yield state ?? made(null);
  }
}

type Loop = Extract<Node, { kind: 'reduce' | 'foreach' }>;

/** One update; gives the last state, or undefined when the update gave none. */
function* turn(node: Loop, before: Item, scope: Scope): Generator<Item, Item | undefined> {
  let state: Item | undefined;
  for (const next of evaluate(node.update, before, scope)) {
    state = made(next.value);
    if (node.kind === 'foreach') yield* node.extract === undefined ? [state] : evaluate(node.extract, state, scope);
  }
  return state;
}

function withVariable(scope: Scope, name: string, value: JsonValue): Scope {
  return { ...scope, variables: new Map([...scope.variables, [name, value]]) };
}

function withFunction(scope: Scope, { name, parameters, body }: Extract<Node, { kind: 'define' }>): Scope {
  const functions = new Map(scope.functions);
  const inner: Scope = { ...scope, functions };
  // The function is known in its own body.
  functions.set(`${name}/${parameters.length}`, { parameters, body, scope: inner });
  return inner;
}

function* call({ name, inputs }: Extract<Node, { kind: 'call' }>, item: Item, scope: Scope): Generator<Item> {
  const defined = scope.functions.get(`${name}/${inputs.length}`);
  if (defined === undefined) return yield* builtIn({ name, inputs }, item, scope);
  if (scope.depth >= MAX_DEPTH)
    throw new JqLimitError(`its functions call each other more than ${MAX_DEPTH} levels deep`);
  scope.budget.spend(defined.scope.functions.size + defined.scope.variables.size);
  const functions = new Map(defined.scope.functions);
  let scopes: readonly Scope[] = [{ ...defined.scope, functions, depth: scope.depth + 1 }];
  for (const [index, parameter] of defined.parameters.entries()) {
    const body = inputs[index] ?? { kind: 'identity' };
    if (parameter.startsWith('$')) {
      const given = values(body, item, scope);
      scopes = scopes.flatMap((inner) => given.map((value) => withVariable(inner, parameter.slice(1), value)));
    } else functions.set(`${parameter}/0`, { parameters: [], body, scope });
  }
  for (const inner of scopes) yield* evaluate(defined.body, item, inner);
}
