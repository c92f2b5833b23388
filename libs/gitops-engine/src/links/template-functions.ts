/** Functions of link templates: Go's own and those of sprig that make addresses (P18). None reads the environment. */
import { decodeBase64Text, encodeBase64Text, utf8Length } from '@tiphys/model';
import { isRecord, LinkFailure, memberOf } from './failure.js';

type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** As Go prints a value. */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (!isRecord(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${printed(item)}`).join(' ')}]`;
}

/** Go's idea of truth: not false, zero, nil or empty. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

export function applyFunction(name: string, args: readonly unknown[]): unknown {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (run !== undefined) return bounded(run(...args.map(bounded)));
  throw new LinkFailure(`the function ${name} is not known here; known are ${Object.keys(FUNCTIONS).join(', ')}`);
}

/** No address is longer; steps that make a text longer and longer end here. */
const MAX_TEXT = 8_192;

function bounded(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= MAX_TEXT) return value;
  throw new LinkFailure(`a text is longer than ${MAX_TEXT} characters`);
}

const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new LinkFailure(`expected a text, found ${printed(value)}`);
};

const list = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw new LinkFailure(`expected a list, found ${printed(value)}`);
};

const count = (value: unknown): number => {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new LinkFailure(`expected a whole number, found ${printed(value)}`);
};

const compared =
  (test: (order: number) => boolean): TemplateFunction =>
  (left, right) => {
    const isNumbers = typeof left === 'number' && typeof right === 'number';
    if (!isNumbers && !(typeof left === 'string' && typeof right === 'string')) {
      throw new LinkFailure(`cannot compare ${printed(left)} with ${printed(right)}`);
    }
    return test(isNumbers ? left - right : left < right ? -1 : Number(left > right));
  };

const LANGUAGE: Readonly<Record<string, TemplateFunction>> = {
  and: (...args) => args[args.findIndex((value) => !isTrue(value))] ?? (args.every(isTrue) ? args.at(-1) : undefined),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  not: (value) => !isTrue(value),
  eq: (value, ...others) => others.some((other) => other === value),
  ne: (left, right) => left !== right,
  lt: compared((order) => order < 0),
  le: compared((order) => order <= 0),
  gt: compared((order) => order > 0),
  ge: compared((order) => order >= 0),
  len: (value) => (typeof value === 'string' ? utf8Length(value) : sizeOf(value)),
  index: (value, ...keys) => keys.reduce(at, value),
  print: (...args) => args.map(printed).join(' '),
  printf: (format, ...args) => formatted(text(format), args),
  urlquery: (...args) => queryEscaped(args.map(printed).join('')),
};

const SPRIG: Readonly<Record<string, TemplateFunction>> = {
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  empty: (value) => !isTrue(value),
  coalesce: (...args) => args.find(isTrue),
  ternary: (yes, no, test) => (isTrue(test) ? yes : no),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  trim: (value) => text(value).trim(),
  trimPrefix: (prefix, value) =>
    text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : value,
  trimSuffix: (suffix, value) =>
    text(value).endsWith(text(suffix)) ? text(value).slice(0, text(value).length - text(suffix).length) : value,
  replace: (from, to, value) => text(value).replaceAll(text(from), () => text(to)),
  contains: (part, value) => text(value).includes(text(part)),
  hasPrefix: (prefix, value) => text(value).startsWith(text(prefix)),
  hasSuffix: (suffix, value) => text(value).endsWith(text(suffix)),
  trunc: (length, value) =>
    count(length) < 0 ? text(value).slice(count(length)) : text(value).slice(0, count(length)),
  substr: (start, end, value) => text(value).slice(count(start), count(end) < 0 ? undefined : count(end)),
  quote: (value) => JSON.stringify(text(value)),
  squote: (value) => `'${text(value)}'`,
  toString: (value: unknown) => printed(value),
  splitList: (separator, value) => text(value).split(text(separator)),
  join: (separator, values) => list(values).map(printed).join(text(separator)),
  first: (values) => list(values)[0],
  last: (values) => list(values).at(-1),
  get: (map, key) => (isRecord(map) ? (memberOf(map, text(key)) ?? '') : ''),
  hasKey: (map, key) => isRecord(map) && Object.hasOwn(map, text(key)),
  toJson: (value) => JSON.stringify(value ?? null),
  b64enc: (value) => encodeBase64Text(text(value)),
  b64dec: (value) => decodeBase64Text(text(value)),
};

const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = { ...LANGUAGE, ...SPRIG };

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  throw new LinkFailure(`${printed(value)} has no length`);
}

function at(value: unknown, key: unknown): unknown {
  if (isRecord(value)) return memberOf(value, text(key));
  const position = count(key);
  const values = list(value);
  if (position < 0 || position >= values.length) throw new LinkFailure(`index out of range: ${position}`);
  return values[position];
}

function formatted(format: string, args: readonly unknown[]): string {
  let next = 0;
  return format.replace(/%(.)/g, (_, verb: string) => {
    if (verb === '%') return '%';
    const value = args[next++];
    if (verb === 's' || verb === 'v' || verb === 'd') return printed(value);
    if (verb === 'q') return JSON.stringify(printed(value));
    throw new LinkFailure(`printf knows %s, %v, %d, %q and %%, not %${verb}`);
  });
}

/** As Go's url.QueryEscape: a space is `+`. */
function queryEscaped(value: string): string {
  return encodeURIComponent(value)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
