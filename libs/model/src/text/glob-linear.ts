/**
 * The matcher for globs with many stars or alternatives, for which a RegExp could take exponential time (S11): all
 * positions that the text may have reached are followed at once, so the time is text length times pattern length.
 */
import type { GlobClass, GlobToken } from './glob-tokens.js';

type Test = (character: string) => boolean;

/** Place `n` is before token `n`; the place after the last token is the end. */
interface Place {
  /** Which character the token takes; undefined when it takes none. */
  readonly test: Test | undefined;
  /** Where one is after that character. */
  readonly next: number;
  /** Where one may go without a character. */
  readonly jumps: readonly number[];
}

/** The tokens are of a valid glob: braces pair. */
export function compileLinearGlob(tokens: readonly GlobToken[], separators: string): (text: string) => boolean {
  const jumps = jumpsOf(tokens);
  const places = tokens.map((token, index): Place => {
    const next = isStar(token) ? index : index + 1;
    return { test: testOf(token, separators), next, jumps: jumps[index] ?? [] };
  });
  return (text) => matches(places, text);
}

interface Group {
  readonly start: number;
  readonly commas: number[];
}

/** A star may take nothing; a brace leads to each of its alternatives, and the end of each to the end of the brace. */
function jumpsOf(tokens: readonly GlobToken[]): readonly (readonly number[])[] {
  const jumps: number[][] = tokens.map((token, index) =>
    isStar(token) || token.kind === 'open' || token.kind === 'close' ? [index + 1] : [],
  );
  const groups: Group[] = [];
  for (const [index, { kind }] of tokens.entries()) {
    if (kind === 'open') groups.push({ start: index, commas: [] });
    if (kind === 'comma') startAlternative(index, groups.at(-1), jumps);
    if (kind === 'close') for (const comma of groups.pop()?.commas ?? []) jumps[comma]?.push(index);
  }
  return jumps;
}

function startAlternative(comma: number, group: Group | undefined, jumps: readonly number[][]): void {
  group?.commas.push(comma);
  jumps[group?.start ?? comma]?.push(comma + 1);
}

function isStar(token: GlobToken | undefined): boolean {
  return token?.kind === 'any' || token?.kind === 'super';
}

function testOf(token: GlobToken, separators: string): Test | undefined {
  if (token.kind === 'open' || token.kind === 'comma' || token.kind === 'close') return undefined;
  if (token.kind === 'super') return () => true;
  if (token.kind === 'class') return classTest(token);
  if (token.kind === 'literal') return (character) => character === token.character;
  return (character) => !separators.includes(character);
}

function classTest({ negated, ranges }: GlobClass): Test {
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}

function matches(places: readonly Place[], text: string): boolean {
  let reached = withJumps([0], places);
  for (const character of text) {
    const next = [...reached].flatMap((index) => {
      const place = places[index];
      return place?.test?.(character) === true ? [place.next] : [];
    });
    if (next.length === 0) return false;
    reached = withJumps(next, places);
  }
  return reached.has(places.length);
}

function withJumps(indexes: readonly number[], places: readonly Place[]): ReadonlySet<number> {
  const reached = new Set(indexes);
  for (const index of reached) for (const jump of places[index]?.jumps ?? []) reached.add(jump);
  return reached;
}
