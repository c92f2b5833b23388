/**
 * How large a JSON body may become once it is read (S12, S14): `[{},{},…` takes 3 bytes per value as text and 60 in memory, and
 * a text that is nested deeply breaks whoever walks it. Looked at before anything is built from it.
 */

/** Kubernetes objects have a few dozen levels. */
const MAX_DEPTH = 200;
/** The largest Application (1.5 MiB in etcd) has some 100,000. */
const MAX_VALUES = 300_000;

export type JsonExcess = 'depth' | 'values';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Which limit a text is beyond, if it is JSON at all; undefined when it may be parsed. */
export function jsonExcess(text: string): JsonExcess | undefined {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values += 1;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      values += 1;
      depth += 1;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth -= 1;
    if (depth > MAX_DEPTH) return 'depth';
    if (values > MAX_VALUES) return 'values';
  }
  return undefined;
}

/** Of its closing quote, or the end of a text that has none. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

/** What to do about it. */
export const EXCESS_TEXTS: Readonly<Record<JsonExcess, string>> = {
  depth: `the body is nested more than ${MAX_DEPTH} levels deep`,
  values: `the body has more than ${MAX_VALUES} values; send it in smaller parts`,
};
