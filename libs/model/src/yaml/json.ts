/** JSON that keeps integers beyond 2^53 (as bigint), as Kubernetes' int64 fields need. */
import type { JsonValue } from '../kubernetes/object.js';

const LONG_INTEGER = /(?<![\d.eE+])\d{16,}(?![\d.eE])/;
const INTEGER_SOURCE = /^-?\d+$/;

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;
type RawJson = (text: string) => unknown;

/** @throws SyntaxError when the text is not JSON. */
export function parseJson(text: string): JsonValue {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text) as JsonValue;
  return (JSON.parse as (text: string, reviver: Reviver) => JsonValue)(text, (_key, value, context) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && INTEGER_SOURCE.test(source) ? BigInt(source) : value;
  });
}

/** `JSON.stringify` in which bigints are written as plain integers. @throws TypeError on cycles. */
export function stringifyJson(value: unknown, space?: number): string {
  try {
    return JSON.stringify(value, undefined, space);
  } catch (error) {
    const rawJson = (JSON as { rawJSON?: RawJson }).rawJSON;
    if (rawJson === undefined || !(error instanceof TypeError)) throw error;
    return JSON.stringify(
      value,
      (_key, item: unknown) => (typeof item === 'bigint' ? rawJson(item.toString()) : item),
      space,
    );
  }
}
