/** One line of CSV as Go's encoding/csv reads it for Argo CD (F10): space before a field is dropped, space after it is not. */

/** Undefined for a quote inside an unquoted field, text after a closing quote, and a quote that does not close. */
export function readCsvLine(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  for (let rest: string | undefined = line; rest !== undefined; ) {
    const field = readField(rest.trimStart());
    if (field === undefined) return undefined;
    fields.push(field.value);
    rest = field.rest;
  }
  return fields;
}

interface Field {
  readonly value: string;
  /** What follows the comma; undefined at the end of the line. */
  readonly rest: string | undefined;
}

function readField(text: string): Field | undefined {
  if (text.startsWith('"')) return readQuoted(text);
  const comma = text.indexOf(',');
  const value = comma < 0 ? text : text.slice(0, comma);
  if (value.includes('"')) return undefined;
  return { value, rest: comma < 0 ? undefined : text.slice(comma + 1) };
}

function readQuoted(text: string): Field | undefined {
  const [whole, quoted = ''] = /^"((?:[^"]|"")*)"/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const after = text.slice(whole.length);
  if (after !== '' && !after.startsWith(',')) return undefined;
  return { value: quoted.replaceAll('""', '"'), rest: after === '' ? undefined : after.slice(1) };
}
