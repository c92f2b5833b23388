/** The imports of Jsonnet code. They are literal strings by the grammar, so all of them can be found without running it. */

export interface JsonnetImport {
  /** `importstr` and `importbin` read a file without running it. */
  readonly isCode: boolean;
  /** Undefined: longer than any path. */
  readonly path: string | undefined;
}

const MAX_PATH_CHARACTERS = 4_096;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Every import, and also what only looks like one inside of a comment or a text: the file that it names is read in vain,
 * while overlooking one would let code read outside of the repository (S7). Linear in the length of the code.
 */
export function importsOf(code: string): readonly JsonnetImport[] {
  const imports: JsonnetImport[] = [];
  const endOf = nextOccurrence(code);
  for (let at = code.indexOf('import'); at >= 0; at = code.indexOf('import', at + 1)) {
    const word = /import(?:str|bin)?/y;
    word.lastIndex = at;
    const keyword = word.exec(code)?.[0] ?? 'import';
    const start = skipBlanks(code, at + keyword.length, endOf);
    const text = readString(code, start);
    if (text !== undefined) imports.push({ isCode: keyword === 'import', path: text.value });
  }
  return imports;
}

type EndOf = (mark: string, from: number) => number;

/** Remembers the last answer, so that many comments without an end are not searched through again and again. */
function nextOccurrence(code: string): EndOf {
  const known = new Map<string, number>();
  return (mark, from) => {
    const last = known.get(mark);
    if (last !== undefined && last >= from) return last;
    const found = code.indexOf(mark, from);
    const end = found < 0 ? code.length : found + mark.length;
    known.set(mark, end);
    return end;
  };
}

/** Blanks and comments. */
function skipBlanks(code: string, from: number, endOf: EndOf): number {
  let at = from;
  for (;;) {
    if (code.startsWith('/*', at)) at = endOf('*/', at + 2);
    else if (code[at] === '#' || code.startsWith('//', at)) at = endOf('\n', at);
    else if (/\s/.test(code[at] ?? '')) at += 1;
    else return at;
  }
}

interface Text {
  readonly value: string | undefined;
}

/** Bounded, so that no text makes them slow; the groups are `@"…"`, `@'…'`, `"…"` and `'…'`. */
const TEXT =
  /@"((?:[^"]|""){0,4096})"|@'((?:[^']|''){0,4096})'|"((?:[^"\\]|\\[^]){0,4096})"|'((?:[^'\\]|\\[^]){0,4096})'/y;

function readString(code: string, start: number): Text | undefined {
  TEXT.lastIndex = start;
  const match = TEXT.exec(code);
  if (match === null) {
    const isLong = /^@?["']/.test(code.slice(start, start + 2)) && code.length - start > MAX_PATH_CHARACTERS;
    return isLong ? { value: undefined } : undefined;
  }
  const [, verbatimDouble, verbatimSingle, double, single] = match;
  const verbatim = verbatimDouble?.replaceAll('""', '"') ?? verbatimSingle?.replaceAll("''", "'");
  return { value: verbatim ?? unescape(double ?? single ?? '') };
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_all, hex: string | undefined, escaped: string | undefined) =>
    hex === undefined ? (ESCAPES[escaped ?? ''] ?? escaped ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
