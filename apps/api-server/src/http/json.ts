/** JSON text of answers. Kubernetes objects may hold 64-bit integers as bigint: they are written as numbers. */

interface RawJson {
  rawJSON(text: string): unknown;
}

/** Like JSON.stringify; falls back to a replacer only when a bigint is met. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_, item: unknown) =>
      typeof item === 'bigint' ? (JSON as unknown as RawJson).rawJSON(item.toString()) : item,
    );
  }
}

/** An answer that is already JSON text; `etag` names its content, so that an unchanged answer costs nothing. */
export interface Serialized {
  readonly serialized: string;
  readonly etag?: string;
}

export function isSerialized(value: unknown): value is Serialized {
  return typeof value === 'object' && value !== null && 'serialized' in value;
}
