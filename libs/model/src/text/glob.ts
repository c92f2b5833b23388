/** Globs as Argo CD matches them (gobwas/glob): `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`; `**` also crosses separators. */
import { compileLinearGlob, type Tokens } from './glob-linear.js';

export interface GlobOptions {
  /** Characters that a single `*` and `?` do not match; none by default, as Argo CD's RBAC and projects compile them. */
  readonly separators?: string;
}

/** Compiles a pattern once for many matches. A pattern that is no valid glob matches only itself. */
export function compileGlob(pattern: string, options: GlobOptions = {}): (text: string) => boolean {
  if (!/[*?[\]{}\\]/.test(pattern)) return (text) => text === pattern;
  if (pattern === '*' && !options.separators) return () => true;
  const separators = options.separators ?? '';
  const tokens = pattern.match(TOKEN) ?? [];
  if (isCostly(tokens)) return compileLinearGlob(tokens, separators) ?? ((text) => text === pattern);
  const source = globToRegExp(tokens, separators);
  if (source === undefined) return (text) => text === pattern;
  const expression = new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}

/** One-off match; see {@link compileGlob}. */
export function matchesGlob(pattern: string, text: string, options: GlobOptions = {}): boolean {
  return compileGlob(pattern, options)(text);
}

const TOKEN = /\*+|\?|\[[!^]?[^\]]+\]|[{},]|\\[\s\S]|[\s\S]/gu;

/** Patterns come from users, and a RegExp tries every way to share the text among stars and alternatives. */
function isCostly(tokens: Tokens): boolean {
  return tokens.filter((token) => token.startsWith('*') || token === '{').length > 2;
}

function globToRegExp(tokens: Tokens, separators: string): string | undefined {
  const any = separators === '' ? '.' : `[^${separators.replace(/[\\\]^-]/g, '\\$&')}]`;
  let depth = 0;
  let source = '';
  for (const token of tokens) {
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    if (depth < 0) return undefined;
    source += translate(token, any, depth);
  }
  return depth === 0 ? source : undefined;
}

function translate(token: string, any: string, depth: number): string {
  if (token === '*') return `${any}*`;
  if (token.startsWith('*')) return '.*';
  if (token === '?') return any;
  if (token === '{') return '(?:';
  if (token === '}') return ')';
  if (token === ',' && depth > 0) return '|';
  if (token.length > 1 && token.startsWith('[')) return translateClass(token);
  const literal = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
  return literal.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

function translateClass(token: string): string {
  const body = token
    .slice(1, -1)
    .replace(/^[!^]/, '')
    .replace(/[\\[\]^&~|]/g, '\\$&');
  return `[${/^\[[!^]/.test(token) ? '^' : ''}${body}]`;
}
