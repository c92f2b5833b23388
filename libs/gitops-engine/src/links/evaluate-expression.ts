/** Evaluates conditions of links without running any code: a walk over the tree, nil-safe where expr is (P18). */
import { RE2JS } from 're2js';
import { type Expression, parseExpression } from './expression-tree.js';
import { isRecord, LinkFailure, memberOf } from './failure.js';

export type LinkData = Readonly<Record<string, unknown>>;

/** @throws LinkFailure where the expression is malformed, or does what expr refuses (a member of nil, an unknown function). */
export function evaluateExpression(source: string, data: LinkData): unknown {
  return evaluate(parseExpression(source), data);
}

function evaluate(expression: Expression, data: LinkData): unknown {
  switch (expression.kind) {
    case 'value':
      return expression.value;
    case 'name':
      return expression.name === '$env' ? data : memberOf(data, expression.name);
    case 'list':
      return expression.items.map((item) => evaluate(item, data));
    case 'choice':
      return evaluate(truth(evaluate(expression.test, data)) ? expression.then : expression.otherwise, data);
    case 'member':
      return member(expression, data);
    case 'unary':
      return unary(expression.operator, evaluate(expression.of, data));
    case 'binary':
      return binary(expression, data);
    case 'call':
      return call(
        expression.name,
        expression.args.map((argument) => evaluate(argument, data)),
      );
  }
}

function member({ of, key, optional }: Extract<Expression, { kind: 'member' }>, data: LinkData): unknown {
  const value = evaluate(of, data);
  // `a?.b.c` is nil as a whole when a is nil.
  if (value === undefined || value === null) {
    if (optional || isOptional(of)) return undefined;
    throw new LinkFailure(`cannot fetch ${JSON.stringify(evaluate(key, data))} from nil`);
  }
  const name = evaluate(key, data);
  if (isRecord(value) && typeof name === 'string') return memberOf(value, name);
  if (Array.isArray(value) && typeof name === 'number') return element(value, name);
  throw new LinkFailure(`cannot fetch ${JSON.stringify(name)} from ${typeOf(value)}`);
}

function isOptional(expression: Expression): boolean {
  return expression.kind === 'member' && (expression.optional || isOptional(expression.of));
}

function element(list: readonly unknown[], index: number): unknown {
  const position = index < 0 ? list.length + index : index;
  if (position < 0 || position >= list.length) throw new LinkFailure(`index out of range: ${index}`);
  return list[position];
}

function unary(operator: string, value: unknown): unknown {
  return operator === '!' ? !truth(value) : -number(value);
}

function binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, data: LinkData): unknown {
  const first = evaluate(left, data);
  switch (operator) {
    case '&&':
    case 'and':
      return truth(first) && truth(evaluate(right, data));
    case '||':
    case 'or':
      return truth(first) || truth(evaluate(right, data));
    case '??':
      return first ?? evaluate(right, data);
    default:
      return OPERATORS[operator]?.(first, evaluate(right, data));
  }
}

const OPERATORS: Readonly<Record<string, (left: unknown, right: unknown) => unknown>> = {
  '==': equal,
  '!=': (left, right) => !equal(left, right),
  '<': (left, right) => compare(left, right) < 0,
  '>': (left, right) => compare(left, right) > 0,
  '<=': (left, right) => compare(left, right) <= 0,
  '>=': (left, right) => compare(left, right) >= 0,
  '+': (left, right) => (typeof left === 'string' ? left + text(right) : number(left) + number(right)),
  '-': (left, right) => number(left) - number(right),
  '*': (left, right) => number(left) * number(right),
  '/': (left, right) => number(left) / number(right),
  '%': (left, right) => number(left) % number(right),
  '**': (left, right) => number(left) ** number(right),
  '^': (left, right) => number(left) ** number(right),
  in: isIn,
  contains: (left, right) => text(left).includes(text(right)),
  startsWith: (left, right) => text(left).startsWith(text(right)),
  endsWith: (left, right) => text(left).endsWith(text(right)),
  matches: (left, right) => pattern(text(right)).matcher(text(left)).find(),
};

const FUNCTIONS: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
  len: (value) => (typeof value === 'string' ? [...value].length : sizeOf(value)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  trim: (value) => text(value).trim(),
  split: (value, separator) => text(value).split(text(separator)),
  join: (list, separator = '') => items(list).map(text).join(text(separator)),
  hasPrefix: (value, prefix) => text(value).startsWith(text(prefix)),
  hasSuffix: (value, suffix) => text(value).endsWith(text(suffix)),
  keys: (value) => Object.keys(record(value)),
  values: (value) => Object.values(record(value)),
  first: (list) => items(list)[0],
  last: (list) => items(list).at(-1),
  int: (value) => Math.trunc(converted(value)),
  float: converted,
  string: (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)),
  type: typeOf,
};

function call(name: string, args: readonly unknown[]): unknown {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (run !== undefined) return run(...args);
  throw new LinkFailure(`the function ${name} is not known here; known are ${Object.keys(FUNCTIONS).join(', ')}`);
}

function equal(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object') return (left ?? undefined) === (right ?? undefined);
  return JSON.stringify(left) === JSON.stringify(right);
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right);
  return number(left) - number(right);
}

function isIn(left: unknown, right: unknown): boolean {
  if (right === undefined || right === null) return false;
  if (Array.isArray(right)) return right.some((item) => equal(left, item));
  return Object.hasOwn(record(right), text(left));
}

function pattern(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new LinkFailure(`${JSON.stringify(source)} is not a regular expression: ${String(error)}`);
  }
}

function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new LinkFailure(`expected true or false, found ${typeOf(value)}`);
}

function number(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw new LinkFailure(`expected a number, found ${typeOf(value)}`);
}

function converted(value: unknown): number {
  const result = typeof value === 'string' ? Number(value) : number(value);
  if (Number.isNaN(result)) throw new LinkFailure(`${JSON.stringify(value)} is not a number`);
  return result;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new LinkFailure(`expected a text, found ${typeOf(value)}`);
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new LinkFailure(`expected a list, found ${typeOf(value)}`);
}

function record(value: unknown): LinkData {
  if (isRecord(value)) return value;
  throw new LinkFailure(`expected a map, found ${typeOf(value)}`);
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : Object.keys(record(value)).length;
}

function typeOf(value: unknown): string {
  if (value === undefined || value === null) return 'nil';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object') return 'map';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'string' ? 'string' : 'int';
}
