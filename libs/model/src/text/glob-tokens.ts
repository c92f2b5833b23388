/** The grammar of globs, as gobwas/glob reads it: what is no valid glob there is none here either. */

export type GlobToken =
  | { readonly kind: 'any' | 'super' | 'single' | 'open' | 'close' | 'comma' }
  | { readonly kind: 'literal'; readonly character: string }
  | GlobClass;

/** Either one range (`[a-c]`) or a set of characters (`[abc]`), never both: `[ab-d]` means a, b, `-` and d. */
export interface GlobClass {
  readonly kind: 'class';
  readonly negated: boolean;
  readonly ranges: readonly (readonly [string, string])[];
}

interface Step {
  readonly token: GlobToken;
  /** How many characters of the pattern it took. */
  readonly length: number;
}

/** Undefined for a class that does not close, is empty or runs backwards, braces that do not pair, and a `\` at the end. */
export function parseGlob(pattern: string): readonly GlobToken[] | undefined {
  const characters = [...pattern];
  const tokens: GlobToken[] = [];
  let depth = 0;
  for (let index = 0; index < characters.length; ) {
    const step = readToken(characters, index, depth);
    if (step === undefined) return undefined;
    if (step.token.kind === 'open') depth += 1;
    if (step.token.kind === 'close') depth -= 1;
    tokens.push(step.token);
    index += step.length;
  }
  return depth === 0 ? tokens : undefined;
}

function readToken(characters: readonly string[], index: number, depth: number): Step | undefined {
  const character = characters[index] ?? '';
  if (character === '[') return readClass(characters, index);
  if (character === '\\') return readEscaped(characters, index);
  if (character === '*') return readStars(characters, index);
  if (character === '?') return { token: { kind: 'single' }, length: 1 };
  if (character === '{') return { token: { kind: 'open' }, length: 1 };
  if (character === '}' && depth > 0) return { token: { kind: 'close' }, length: 1 };
  if (character === ',' && depth > 0) return { token: { kind: 'comma' }, length: 1 };
  return { token: { kind: 'literal', character }, length: 1 };
}

function readEscaped(characters: readonly string[], index: number): Step | undefined {
  const character = characters[index + 1];
  return character === undefined ? undefined : { token: { kind: 'literal', character }, length: 2 };
}

function readStars(characters: readonly string[], index: number): Step {
  let end = index;
  while (characters[end] === '*') end += 1;
  return { token: { kind: end - index > 1 ? 'super' : 'any' }, length: end - index };
}

function readClass(characters: readonly string[], start: number): Step | undefined {
  const negated = characters[start + 1] === '!';
  const first = start + (negated ? 2 : 1);
  const [from, dash, to, close] = characters.slice(first, first + 4);
  if (from !== undefined && dash === '-') {
    if (to === undefined || close !== ']' || to < from) return undefined;
    return { token: { kind: 'class', negated, ranges: [[from, to]] }, length: first + 4 - start };
  }
  const ranges: (readonly [string, string])[] = [];
  for (let index = first; index < characters.length; index += 1) {
    if (characters[index] === ']') {
      return ranges.length === 0 ? undefined : { token: { kind: 'class', negated, ranges }, length: index + 1 - start };
    }
    if (characters[index] === '\\') index += 1;
    const character = characters[index] ?? '';
    ranges.push([character, character]);
  }
  return undefined;
}
