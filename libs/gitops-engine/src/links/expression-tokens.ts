/** Words of an expression of github.com/expr-lang/expr, as far as conditions of links use them. */
import { LinkFailure } from './failure.js';

export interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'operator' | 'end';
  readonly text: string;
}

const SPACE = /(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*)+/y;
const NUMBER = /0x[0-9a-fA-F]+|(?:\d[\d_]*)?\.\d+(?:[eE][-+]?\d+)?|\d[\d_]*(?:[eE][-+]?\d+)?/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const QUOTED = /"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|`([^`]*)`/y;
const OPERATOR = /\?\?|\?\.|\|\||&&|==|!=|<=|>=|\*\*|[-+*/%^<>!?:.,()[\]{}|]/y;
const MAX_LENGTH = 10_000;

/** @throws LinkFailure at a character that belongs to no word, or for an expression of more than 10,000 characters. */
export function tokensOf(source: string): readonly Token[] {
  if (source.length > MAX_LENGTH) throw new LinkFailure(`it is longer than ${MAX_LENGTH} characters`);
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const space = matchAt(SPACE, source, at);
    if (space !== undefined) at += space[0].length;
    if (at >= source.length) break;
    const [token, length] = tokenAt(source, at, tokens.at(-1));
    tokens.push(token);
    at += length;
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function tokenAt(source: string, at: number, previous: Token | undefined): readonly [Token, number] {
  const quoted = matchAt(QUOTED, source, at);
  if (quoted !== undefined) {
    const [whole, double, single, raw] = quoted;
    return [{ kind: 'text', text: raw ?? unescape(double ?? single ?? '') }, whole.length];
  }
  // `a.0` is no number after a dot.
  const isMember = previous?.text === '.' || previous?.text === '?.';
  for (const [kind, pattern] of [
    ['number', NUMBER],
    ['name', NAME],
    ['operator', OPERATOR],
  ] as const) {
    if (kind === 'number' && isMember) continue;
    const match = matchAt(pattern, source, at);
    if (match !== undefined) return [{ kind, text: match[0] }, match[0].length];
  }
  throw new LinkFailure(`unexpected character ${JSON.stringify(source[at])} at position ${at + 1}`);
}

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, other: string | undefined) =>
    hex === undefined ? (ESCAPES[other ?? ''] ?? other ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
