/** The content-addressed name of a render (design 5): a hash of everything the result depends on, and of nothing else. */
import { createHash } from 'node:crypto';

/** Raised whenever the same inputs give other manifests than before, so that old cache entries are not used. */
export const RENDERER_VERSION = 1;

/** Inputs are JSON values; the order of object keys does not matter, that of lists does. Hex. */
export function renderKey(inputs: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(canonicalJson({ ...inputs, version: RENDERER_VERSION }))
    .digest('hex');
}

/** JSON with sorted keys; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
