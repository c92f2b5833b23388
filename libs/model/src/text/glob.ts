/** Globs as Argo CD matches them (gobwas/glob): `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`; `**` also crosses separators. */
import { compileLinearGlob } from './glob-linear.js';
import { type GlobToken, parseGlob } from './glob-tokens.js';

export interface GlobOptions {
  /** Characters that a single `*` and `?` do not match; none by default, as Argo CD's RBAC and projects compile them. */
  readonly separators?: string;
}

/** Compiles a pattern once for many matches. A pattern that is no valid glob matches nothing, as in Argo CD. */
export function compileGlob(pattern: string, options: GlobOptions = {}): (text: string) => boolean {
  if (!/[*?[\]{}\\]/.test(pattern)) return (text) => text === pattern;
  const separators = options.separators ?? '';
  if (pattern === '*' && separators === '') return () => true;
  const tokens = parseGlob(pattern);
  if (tokens === undefined) return () => false;
  if (isCostly(tokens)) return compileLinearGlob(tokens, separators);
  const any = separators === '' ? '.' : `[^${separators.replace(/[\\\]^-]/g, '\\$&')}]`;
  const source = tokens.map((token) => translate(token, any)).join('');
  const expression = new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}

/** One-off match; see {@link compileGlob}. */
export function matchesGlob(pattern: string, text: string, options: GlobOptions = {}): boolean {
  return compileGlob(pattern, options)(text);
}

/** Whether gobwas/glob, and so Argo CD, would compile it. */
export function isGlob(pattern: string): boolean {
  return parseGlob(pattern) !== undefined;
}

/** Patterns come from users, and a RegExp tries every way to share the text among stars and alternatives. */
function isCostly(tokens: readonly GlobToken[]): boolean {
  return tokens.filter(({ kind }) => kind === 'any' || kind === 'super' || kind === 'open').length > 2;
}

const TRANSLATED = { super: '.*', open: '(?:', close: ')', comma: '|' } as const;

function translate(token: GlobToken, any: string): string {
  switch (token.kind) {
    case 'any':
      return `${any}*`;
    case 'single':
      return any;
    case 'literal':
      return escaped(token.character);
    case 'class': {
      const ranges = token.ranges.map(([from, to]) => `${escaped(from)}-${escaped(to)}`);
      return `[${token.negated ? '^' : ''}${ranges.join('')}]`;
    }
    default:
      return TRANSLATED[token.kind];
  }
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
