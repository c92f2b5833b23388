/** Tokens of a jq expression. Text with interpolation keeps its source; the parser reads the inner expressions. */
import { JqSyntaxError } from './syntax.js';

export interface Token {
  readonly kind: 'field' | 'text' | 'number' | 'word' | 'variable' | 'sign' | 'end';
  readonly value: string;
}

const END: Token = { kind: 'end', value: 'the end' };
const PATTERN =
  /(?<space>[ \t\r\n]+|#[^\n]*)|(?<field>\.[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<variable>\$[A-Za-z_]\w*)|(?<word>@?[A-Za-z_]\w*)|(?<sign>\|=|\/\/=|\/\/|==|!=|<=|>=|\+=|-=|\*=|\/=|%=|\.\.|[.[\]{}()|,:;?=<>+\-*/%])/y;

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  let at = 0;
  while (at < source.length) {
    if (source[at] === '"') {
      const end = endOfText(source, at);
      tokens.push({ kind: 'text', value: source.slice(at + 1, end) });
      at = end + 1;
      continue;
    }
    pattern.lastIndex = at;
    const groups = pattern.exec(source)?.groups;
    if (groups === undefined) throw new JqSyntaxError(`"${source.slice(at, at + 20)}" is not understood`);
    at = pattern.lastIndex;
    const token = tokenOf(groups);
    if (token !== undefined) tokens.push(token);
  }
  return [...tokens, END];
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>): Token | undefined {
  const { field, number, variable, word, sign } = groups;
  if (field !== undefined) return { kind: 'field', value: field.slice(1) };
  if (number !== undefined) return { kind: 'number', value: number };
  if (variable !== undefined) return { kind: 'variable', value: variable.slice(1) };
  if (word !== undefined) return { kind: 'word', value: word };
  return sign === undefined ? undefined : { kind: 'sign', value: sign };
}

/** Position of the closing quote; expressions in `\(…)` may hold texts of their own. */
function endOfText(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length) {
    const char = source[at];
    if (char === '"') return at;
    if (char !== '\\') at += 1;
    else at = source[at + 1] === '(' ? endOfExpression(source, at + 2) + 1 : at + 2;
  }
  throw new JqSyntaxError('a text has no closing quote');
}

/** Position of the parenthesis that closes an interpolation which begins here. */
export function endOfExpression(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length) {
    const char = source[at];
    if (char === '"') at = endOfText(source, at);
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    if (depth === 0) return at;
    at += 1;
  }
  throw new JqSyntaxError('"\\(" has no closing parenthesis');
}
