/** Argo CD's globs: `*` and `**` match any text including `/`, `?` one character, `[a-c]`, `{a,b}`, `\` escapes. */

type Atom = { readonly kind: 'star' } | { readonly kind: 'one'; readonly test: (character: string) => boolean };

const MAX_ALTERNATIVES = 64;

/** Linear in the text for each star; a pattern that is no glob (an open bracket) matches only itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (!/[*?[{\\]/.test(pattern)) return pattern === text;
  return alternatives(pattern).some((alternative) => matchesAtoms(atomsOf(alternative), text));
}

/** `a{b,c}d` to `abd`, `acd`. Nested and more than 64 alternatives are taken literally. */
function alternatives(pattern: string): readonly string[] {
  const match = /^((?:[^{\\]|\\.)*)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', inside = '', after = ''] = match;
  const rest = alternatives(after);
  const parts = inside.split(',');
  if (parts.length * rest.length > MAX_ALTERNATIVES) return [pattern];
  return parts.flatMap((part) => rest.map((tail) => `${before}${part}${tail}`));
}

function atomsOf(pattern: string): readonly Atom[] {
  const atoms: Atom[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '*') {
      if (atoms.at(-1)?.kind !== 'star') atoms.push({ kind: 'star' });
    } else if (character === '?') {
      atoms.push({ kind: 'one', test: () => true });
    } else if (character === '[') {
      const end = pattern.indexOf(']', index + 2);
      if (end < 0) atoms.push(literal('['));
      else atoms.push(characterClass(pattern.slice(index + 1, end)));
      if (end >= 0) index = end;
    } else if (character === '\\' && index + 1 < pattern.length) {
      index += 1;
      atoms.push(literal(pattern.charAt(index)));
    } else {
      atoms.push(literal(character));
    }
  }
  return atoms;
}

function literal(expected: string): Atom {
  return { kind: 'one', test: (character) => character === expected };
}

function characterClass(body: string): Atom {
  const negated = body.startsWith('!') || body.startsWith('^');
  const members = negated ? body.slice(1) : body;
  const ranges = [...members.matchAll(/(.)-(.)|(.)/gs)].map(([, from, to, single]) => [from ?? single, to ?? single]);
  const test = (character: string) =>
    ranges.some(([from = '', to = '']) => character >= from && character <= to) !== negated;
  return { kind: 'one', test };
}

/** The classic two-pointer match: on a mismatch the last star takes one character more. */
function matchesAtoms(atoms: readonly Atom[], text: string): boolean {
  let at = 0;
  let position = 0;
  let star: { readonly atom: number; position: number } | undefined;
  while (position < text.length) {
    const atom = atoms[at];
    if (atom?.kind === 'star') {
      star = { atom: at, position };
      at += 1;
    } else if (atom?.test(text.charAt(position)) === true) {
      at += 1;
      position += 1;
    } else if (star !== undefined) {
      star.position += 1;
      at = star.atom + 1;
      position = star.position;
    } else {
      return false;
    }
  }
  return atoms.slice(at).every(({ kind }) => kind === 'star');
}
