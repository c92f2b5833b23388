/**
 * The matcher for globs with many stars or alternatives, for which a RegExp could take exponential time (S11): all
 * positions that the text may have reached are followed at once, so the time is text length times pattern length.
 */

const MAX_ALTERNATIVES = 64;

export type Tokens = readonly string[];
type Test = (character: string) => boolean;

interface Atom {
  readonly isStar: boolean;
  readonly test: Test;
}

/** Undefined when the tokens are no glob: braces that do not pair, or more than 64 alternatives. */
export function compileLinearGlob(tokens: Tokens, separators: string): ((text: string) => boolean) | undefined {
  const variants = alternatives(tokens)?.map((variant) => variant.map((token) => atomOf(token, separators)));
  return variants && ((text) => variants.some((atoms) => matches(atoms, text)));
}

/** `a{b,c}d` to `abd`, `acd`. Undefined for braces that do not pair, and for more than 64 alternatives. */
function alternatives(tokens: Tokens): readonly Tokens[] | undefined {
  const brace = tokens.findIndex((token) => token === '{' || token === '}');
  if (brace < 0) return [tokens];
  const group = tokens[brace] === '{' ? partsOf(tokens, brace + 1) : undefined;
  const after = group && alternatives(tokens.slice(group.end + 1));
  if (group === undefined || after === undefined) return undefined;
  const before = tokens.slice(0, brace);
  let found: Tokens[] = [];
  for (const part of group.parts) {
    const middles = alternatives(part);
    if (middles === undefined || found.length + middles.length * after.length > MAX_ALTERNATIVES) return undefined;
    found = [...found, ...middles.flatMap((middle) => after.map((rest) => [...before, ...middle, ...rest]))];
  }
  return found;
}

/** What stands between the commas up to the brace that closes, and where that is. */
function partsOf(
  tokens: Tokens,
  start: number,
): { readonly parts: readonly Tokens[]; readonly end: number } | undefined {
  const parts: string[][] = [[]];
  let depth = 1;
  for (let index = start; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    if (depth === 0) return { parts, end: index };
    if (token === ',' && depth === 1) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return undefined;
}

function atomOf(token: string, separators: string): Atom {
  const within: Test = (character) => !separators.includes(character);
  if (token.startsWith('*')) return { isStar: true, test: token.length > 1 ? () => true : within };
  return { isStar: false, test: token === '?' ? within : characterTest(token) };
}

function characterTest(token: string): Test {
  if (token.length > 1 && token.startsWith('[')) return classTest(token.slice(1, -1));
  const literal = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
  return (character) => character === literal;
}

function classTest(body: string): Test {
  const negated = /^[!^]/.test(body);
  const ranges = [...body.slice(negated ? 1 : 0).matchAll(/([\s\S])-([\s\S])|([\s\S])/gu)].map(
    ([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const,
  );
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}

function matches(atoms: readonly Atom[], text: string): boolean {
  let reached = startingAt([0], atoms);
  for (const character of text) {
    const next = [...reached].flatMap((index) => {
      const atom = atoms[index];
      if (atom?.test(character) !== true) return [];
      return [atom.isStar ? index : index + 1];
    });
    if (next.length === 0) return false;
    reached = startingAt(next, atoms);
  }
  return reached.has(atoms.length);
}

/** A star may match nothing: whoever has reached it has reached what follows it. */
function startingAt(indexes: readonly number[], atoms: readonly Atom[]): ReadonlySet<number> {
  const reached = new Set(indexes);
  for (const index of reached) if (atoms[index]?.isStar === true) reached.add(index + 1);
  return reached;
}
