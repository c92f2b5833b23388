/**
 * The patterns of directory.include and directory.exclude, as Argo CD's matcher reads them: `*` and `**` match any
 * characters, also `/`; `?` one; `[a-z]`, `[!a-z]`; `{a,b}`; `\` takes the next character as it is.
 */
import { GitOpsError } from '@tiphys/model';

export type GlobMatcher = (path: string) => boolean;

type Token = { readonly kind: 'star' } | { readonly kind: 'one'; readonly test: (character: string) => boolean };

const MAX_PATTERN_LENGTH = 1_000;
/** Of `{a,b}{c,d}`: the product of the alternatives. */
const MAX_ALTERNATIVES = 1_000;

/** Time is bounded by the product of pattern and path length. @throws GitOpsError InvalidSpec for a broken pattern. */
export function compileGlob(pattern: string): GlobMatcher {
  if (pattern.length > MAX_PATTERN_LENGTH) throw invalid(pattern, `is longer than ${MAX_PATTERN_LENGTH} characters`);
  const alternatives = expandBraces(pattern).map((text) => tokenize(text, pattern));
  return (path) => {
    const characters = [...path];
    return alternatives.some((tokens) => matches(tokens, characters));
  };
}

/** `a{b,c}` to `ab`, `ac`; braces may be nested. */
function expandBraces(pattern: string): readonly string[] {
  const open = indexOutside(pattern, '{', 0);
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 1;
  let start = open + 1;
  let index = start;
  for (; index < pattern.length && depth > 0; index += 1) {
    const character = pattern[index];
    if (character === '\\') index += 1;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    const ends = depth === 0 || (depth === 1 && character === ',');
    if (ends) {
      parts.push(pattern.slice(start, index));
      start = index + 1;
    }
  }
  if (depth > 0) throw invalid(pattern, 'has a "{" without "}"');
  const head = pattern.slice(0, open);
  const expanded = parts.flatMap((part) => expandBraces(head + part + pattern.slice(index)));
  if (expanded.length > MAX_ALTERNATIVES) throw invalid(pattern, `has more than ${MAX_ALTERNATIVES} alternatives`);
  return expanded;
}

function indexOutside(pattern: string, wanted: string, from: number): number {
  for (let index = from; index < pattern.length; index += 1) {
    if (pattern[index] === '\\') index += 1;
    else if (pattern[index] === wanted) return index;
  }
  return -1;
}

function tokenize(text: string, pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  const characters = [...text];
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index];
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (character === '?') {
      tokens.push({ kind: 'one', test: () => true });
    } else if (character === '[') {
      const end = characters.indexOf(']', index + 2);
      if (end < 0) throw invalid(pattern, 'has a "[" without "]"');
      tokens.push({ kind: 'one', test: characterClass(characters.slice(index + 1, end)) });
      index = end;
    } else {
      if (character === '\\') index += 1;
      const literal = characters[index];
      tokens.push({ kind: 'one', test: (candidate) => candidate === literal });
    }
  }
  return tokens;
}

function characterClass(body: readonly string[]): (character: string) => boolean {
  const negated = body[0] === '!' || body[0] === '^';
  const members = negated ? body.slice(1) : body;
  const isRange = members.length === 3 && members[1] === '-';
  const [low = '', , high = ''] = members;
  const has = (character: string): boolean =>
    isRange ? character >= low && character <= high : members.includes(character);
  return (character) => has(character) !== negated;
}

/** Only the last star is ever tried again, so there is no exponential case. */
function matches(tokens: readonly Token[], characters: readonly string[]): boolean {
  let token = 0;
  let position = 0;
  let starToken = -1;
  let starPosition = 0;
  while (position < characters.length) {
    const current = tokens[token];
    if (current?.kind === 'star') {
      starToken = token;
      starPosition = position;
      token += 1;
    } else if (current?.test(characters[position] ?? '')) {
      token += 1;
      position += 1;
    } else if (starToken >= 0) {
      starPosition += 1;
      position = starPosition;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every(({ kind }) => kind === 'star');
}

function invalid(pattern: string, why: string): GitOpsError {
  const message = `The pattern "${pattern.slice(0, 100)}" ${why}. Correct spec.source.directory.include or exclude.`;
  return new GitOpsError('InvalidSpec', message);
}
