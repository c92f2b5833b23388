/**
 * The common part of jq's path expressions (C07): `.a.b`, `.["a.b"]`, `."a.b"`, `[]`, `[0]`, `?`, `|` and
 * `select(<path> ==|!= <literal>)` joined by `and`/`or`. Everything else is refused with a message.
 */
import type { JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject, jsonEqual } from '../diff/json.js';
import type { Path, PathStep } from './paths.js';

export type ParsedExpression = { readonly path: Path } | { readonly problem: string };

const MAX_LENGTH = 2_000;
/** `as` is tried in order; each match starts where the last one ended. */
const TOKENS =
  /\s*(?:(?<field>\.[A-Za-z_][A-Za-z0-9_]*)|(?<quoted>\."(?:[^"\\]|\\.)*")|(?<text>"(?:[^"\\]|\\.)*")|(?<number>-?\d+(?:\.\d+)?)|(?<word>[A-Za-z_]+)|(?<sign>==|!=|[.[\]|?()]))/y;

interface Token {
  readonly kind: 'field' | 'text' | 'number' | 'word' | 'sign';
  readonly value: string;
}

/** Parses an expression; `problem` says what is not supported, in words for the user. */
export function parsePathExpression(expression: string): ParsedExpression {
  if (expression.length > MAX_LENGTH) return { problem: `it is longer than ${MAX_LENGTH} characters` };
  const tokens = tokenize(expression);
  if (typeof tokens === 'string') return { problem: tokens };
  const reader = new TokenReader(tokens);
  try {
    const path = readPipeline(reader);
    if (reader.peek() !== undefined) return { problem: `"${reader.peek()?.value}" is not supported here` };
    return path.length === 0 ? { problem: 'it would remove the whole object' } : { path };
  } catch (error) {
    if (error instanceof ExpressionProblem) return { problem: error.message };
    throw error;
  }
}

class ExpressionProblem extends Error {}

function tokenize(expression: string): readonly Token[] | string {
  const tokens: Token[] = [];
  const text = expression.trimEnd();
  const pattern = new RegExp(TOKENS);
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) return `"${text.slice(start).trim()}" is not supported`;
    tokens.push(tokenOf(groups));
  }
  return tokens;
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token {
  if (groups['field'] !== undefined) return { kind: 'field', value: groups['field'].slice(1) };
  if (groups['quoted'] !== undefined) return { kind: 'field', value: unquote(groups['quoted'].slice(1)) };
  if (groups['text'] !== undefined) return { kind: 'text', value: unquote(groups['text']) };
  if (groups['number'] !== undefined) return { kind: 'number', value: groups['number'] };
  if (groups['word'] !== undefined) return { kind: 'word', value: groups['word'] };
  return { kind: 'sign', value: groups['sign'] ?? '' };
}

function unquote(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return text.slice(1, -1);
    throw error;
  }
}

class TokenReader {
  #next = 0;
  readonly #tokens: readonly Token[];
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }
  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }
  take(): Token {
    const token = this.peek();
    if (token === undefined) throw new ExpressionProblem('it ends too early');
    this.#next += 1;
    return token;
  }
  /** Takes the next token only when it is this sign or word. */
  takeIf(value: string): boolean {
    const token = this.peek();
    const found = token !== undefined && (token.kind === 'sign' || token.kind === 'word') && token.value === value;
    if (found) this.#next += 1;
    return found;
  }
  expect(value: string): void {
    if (!this.takeIf(value))
      throw new ExpressionProblem(`"${value}" is missing before "${this.peek()?.value ?? 'end'}"`);
  }
}

function readPipeline(reader: TokenReader): Path {
  const path = [...readTerm(reader)];
  while (reader.takeIf('|')) path.push(...readTerm(reader));
  return path;
}

function readTerm(reader: TokenReader): Path {
  const token = reader.peek();
  if (token?.kind !== 'word') return readPath(reader);
  if (token.value !== 'select') throw new ExpressionProblem(`"${token.value}" is not supported`);
  reader.take();
  reader.expect('(');
  const test = readCondition(reader);
  reader.expect(')');
  return [{ kind: 'select', test }, ...readSuffixes(reader)];
}

function readPath(reader: TokenReader): Path {
  const steps: PathStep[] = [];
  const token = reader.take();
  if (token.kind === 'field') steps.push({ kind: 'field', name: token.value });
  else if (token.kind !== 'sign' || token.value !== '.') {
    throw new ExpressionProblem(`a path starts with ".", not with "${token.value}"`);
  }
  steps.push(...readSuffixes(reader));
  return steps;
}

function readSuffixes(reader: TokenReader): Path {
  const steps: PathStep[] = [];
  for (;;) {
    const token = reader.peek();
    if (token?.kind === 'field') {
      reader.take();
      steps.push({ kind: 'field', name: token.value });
    } else if (reader.takeIf('[')) {
      steps.push(readBracket(reader));
    } else if (reader.takeIf('.')) {
      // `.a.["b"]`; two dots in a row would be jq's recursive descent.
      if (reader.peek()?.value !== '[') throw new ExpressionProblem('".." is not supported');
    } else if (!reader.takeIf('?')) {
      return steps;
    }
  }
}

function readBracket(reader: TokenReader): PathStep {
  if (reader.takeIf(']')) return { kind: 'each' };
  const token = reader.take();
  reader.expect(']');
  if (token.kind === 'text') return { kind: 'field', name: token.value };
  if (token.kind === 'number' && /^-?\d+$/.test(token.value)) return { kind: 'index', index: Number(token.value) };
  throw new ExpressionProblem(`"[${token.value}]" is not supported`);
}

type Condition = (value: JsonValue) => boolean;

function readCondition(reader: TokenReader): Condition {
  let condition = readConjunction(reader);
  while (reader.takeIf('or')) {
    const [left, right] = [condition, readConjunction(reader)];
    condition = (value) => left(value) || right(value);
  }
  return condition;
}

function readConjunction(reader: TokenReader): Condition {
  let condition = readComparison(reader);
  while (reader.takeIf('and')) {
    const [left, right] = [condition, readComparison(reader)];
    condition = (value) => left(value) && right(value);
  }
  return condition;
}

function readComparison(reader: TokenReader): Condition {
  if (reader.takeIf('(')) {
    const condition = readCondition(reader);
    reader.expect(')');
    return condition;
  }
  const path = readPath(reader);
  if (path.some(({ kind }) => kind === 'each')) throw new ExpressionProblem('"[]" inside a condition is not supported');
  const equal = reader.takeIf('==');
  if (!equal && !reader.takeIf('!=')) {
    const next = reader.peek()?.value;
    if (next !== ')' && next !== 'and' && next !== 'or')
      throw new ExpressionProblem(`"${next ?? 'end'}" is not supported`);
    return (value) => ![null, false].includes(valueAt(value, path) as null | false);
  }
  const literal = literalOf(reader.take());
  return (value) => jsonEqual(valueAt(value, path), literal) === equal;
}

function literalOf(token: Token): JsonValue {
  if (token.kind === 'text') return token.value;
  if (token.kind === 'number') return Number(token.value);
  const words: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null };
  const value = token.kind === 'word' ? words[token.value] : undefined;
  if (value === undefined) throw new ExpressionProblem(`"${token.value}" is not a text, number, true, false or null`);
  return value;
}

/** `null` for what is absent, as in jq. */
function valueAt(value: JsonValue, path: Path): JsonValue {
  let at: JsonValue = value;
  for (const step of path) {
    if (step.kind === 'field' && isJsonObject(at)) at = at[step.name] ?? null;
    else if (step.kind === 'index' && isJsonArray(at)) at = at.at(step.index) ?? null;
    else return null;
  }
  return at;
}
