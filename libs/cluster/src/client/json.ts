/** JSON without loss: Kubernetes integers have 64 bits, so the rare number beyond 2^53 becomes a bigint and goes back unchanged. */

/** A run of 16 or more digits right after a separator; false positives (inside strings) only cost the slow path. */
const LONG_INTEGER = /[:[,]\s*-?\d{16}/;

/** Parses an API server's answer. Only texts that hold a long integer pay for the reviver. @throws SyntaxError */
export function parseJson(text: string): unknown {
  return LONG_INTEGER.test(text)
    ? JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown)
    : JSON.parse(text);
}

/** Inverse of {@link parseJson}. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? rawJson(String(inner)) : inner,
    );
  }
}

function exactIntegers(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  return context.source !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

/** ES2026 `JSON.rawJSON`; not in the compiler's ES2023 library yet, present in Node 24. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
