/** Texts of jq expressions: escapes, and expressions in `\(…)`. */
import { JqSyntaxError, type Node } from './syntax.js';
import { endOfExpression } from './tokens.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** The parts of a text between its quotes; `parse` reads an interpolated expression. */
export function parseText(source: string, parse: (source: string) => Node): readonly (string | Node)[] {
  const parts: (string | Node)[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    if (source[at] !== '\\') {
      text += source[at];
      at += 1;
    } else if (source[at + 1] === '(') {
      const end = endOfExpression(source, at + 2);
      parts.push(text, parse(source.slice(at + 2, end)));
      text = '';
      at = end + 1;
    } else {
      const { value, length } = escaped(source, at);
      text += value;
      at += length;
    }
  }
  return text === '' && parts.length > 0 ? parts : [...parts, text];
}

function escaped(source: string, at: number): { readonly value: string; readonly length: number } {
  const char = source[at + 1] ?? '';
  const simple = ESCAPES[char];
  if (simple !== undefined) return { value: simple, length: 2 };
  const code = /^u([0-9a-fA-F]{4})/.exec(source.slice(at + 1))?.[1];
  if (code === undefined) throw new JqSyntaxError(`"\\${char}" is no escape of a text`);
  return { value: String.fromCharCode(Number.parseInt(code, 16)), length: 6 };
}
