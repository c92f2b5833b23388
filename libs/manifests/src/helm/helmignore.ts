/** `.helmignore`, as Helm reads it: Go's filepath.Match on names or paths, `!` turns a rule around, `/` at the end means folders. */

/** True when a path of the chart is left out. */
export type IgnoreRules = (path: string, isFolder: boolean) => boolean;

interface Rule {
  readonly negated: boolean;
  readonly folderOnly: boolean;
  readonly matches: (path: string, name: string) => boolean;
}

/** What lies beyond is given to Helm, which leaves it out itself. */
const MAX_RULES = 300;
const MAX_RULE_LENGTH = 256;

/** Rules that Helm refuses (`**`, broken classes) leave nothing out here: Helm reports them itself. */
export function parseHelmignore(text: string): IgnoreRules {
  const rules = text
    .split(/\r?\n/)
    .slice(0, MAX_RULES)
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' &&
        line.length <= MAX_RULE_LENGTH &&
        !line.startsWith('#') &&
        !line.includes('**') &&
        !/[\\{}]/.test(line),
    )
    .map(toRule);
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (const rule of rules) {
      // Helm: a path that does not match a negated rule is left out at once.
      if (rule.negated) {
        if (rule.folderOnly && !isFolder) return true;
        if (!rule.matches(path, name)) return true;
      } else if (!(rule.folderOnly && !isFolder) && rule.matches(path, name)) return true;
    }
    return false;
  };
}

function toRule(line: string): Rule {
  const negated = line.startsWith('!');
  const positive = negated ? line.slice(1) : line;
  const folderOnly = positive.endsWith('/');
  const pattern = folderOnly ? positive.slice(0, -1) : positive;
  if (pattern.startsWith('/')) {
    const whole = segments(pattern.slice(1));
    return { negated, folderOnly, matches: (path) => whole(path) };
  }
  const compiled = segments(pattern);
  if (pattern.includes('/')) return { negated, folderOnly, matches: (path) => compiled(path) };
  return { negated, folderOnly, matches: (_path, name) => compiled(name) };
}

/** filepath.Match: no wildcard crosses a `/`, so a pattern is matched folder by folder. */
function segments(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').map(toExpression);
  return (path) => {
    const names = path.split('/');
    return names.length === parts.length && parts.every((part, index) => part(names[index] ?? ''));
  };
}

/** Patterns of one name; time is bounded by the product of the lengths. */
function toExpression(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*').map(toPiece);
  const [first, ...rest] = pieces;
  const last = rest.at(-1);
  return (name) => {
    if (first === undefined || !first.at(name, 0)) return false;
    if (last === undefined) return name.length === first.length;
    let from = first.length;
    for (const piece of rest.slice(0, -1)) {
      const found = indexOf(piece, name, from);
      if (found < 0) return false;
      from = found + piece.length;
    }
    return name.length - last.length >= from && last.at(name, name.length - last.length);
  };
}

interface Piece {
  readonly length: number;
  at(name: string, index: number): boolean;
}

const CHARACTER = /\[\^?[^\]]+\]|[\s\S]/g;

function toPiece(text: string): Piece {
  const tests = [...text.matchAll(CHARACTER)].map(([token]) => toTest(token));
  return {
    length: tests.length,
    at: (name, index) =>
      index + tests.length <= name.length && tests.every((test, offset) => test(name[index + offset] ?? '')),
  };
}

function toTest(token: string): (character: string) => boolean {
  if (token === '?') return () => true;
  if (token.length === 1) return (character) => character === token;
  const negated = token.startsWith('[^');
  const body = token.slice(negated ? 2 : 1, -1);
  const has = (character: string): boolean =>
    [...body.matchAll(/(.)-(.)|(.)/gs)].some(([, low, high, single]) =>
      single === undefined ? character >= (low ?? '') && character <= (high ?? '') : character === single,
    );
  return (character) => has(character) !== negated;
}

function indexOf(piece: Piece, name: string, from: number): number {
  for (let index = from; index + piece.length <= name.length; index += 1) {
    if (piece.at(name, index)) return index;
  }
  return -1;
}
