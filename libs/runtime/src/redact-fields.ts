/** Turns log fields into plain JSON data without secrets: every string passes the redactor, secret-named fields are masked. */
import { redact } from '@tiphys/model';

const SECRET_NAME = /(password|passwd|secret|token|authorization|api[-_]?key|private[-_]?key|cookie)$/i;
const MASK = '***';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 8_192;

/** Never throws: whatever is logged, logging must not be what fails. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactEntries(fields, 0);
}

function redactEntries(value: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, redactEntry(name, item, depth)]));
}

function redactEntry(name: string, item: unknown, depth: number): unknown {
  return SECRET_NAME.test(name) && typeof item === 'string' && item !== '' ? MASK : redactValue(item, depth + 1);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `<${typeof value}>`;
  if (typeof value !== 'object' || value === null) return value;
  return depth > MAX_DEPTH ? '<too deep>' : redactObject(value, depth);
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Map) return redactEntries(Object.fromEntries(value), depth);
  const list = Array.isArray(value) ? value : value instanceof Set ? [...value] : undefined;
  if (list === undefined) return redactEntries(value, depth);
  return list.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    message: redactText(error.message),
    ...(code === undefined ? {} : { code: redactValue(code, depth + 1) }),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(cause === undefined ? {} : { cause: redactValue(cause, depth + 1) }),
  };
}

function redactText(text: string): string {
  return redact(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}
