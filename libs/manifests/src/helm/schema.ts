/** values.schema.json must not make Helm read files or ask hosts: its references may lead into the schema itself only (S7, S11). */
import { isGitOpsError } from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';

const KNOWN_DIALECT = /^https?:\/\/json-schema\.org\//;
const MAX_DEPTH = 200;

/** True when a reference or the dialect would have to be loaded from elsewhere. A text that is no JSON is left to Helm. */
export function hasOutsideReference(text: string): boolean {
  try {
    return leadsOutside(parseJson(text), 0);
  } catch (error) {
    if (error instanceof SyntaxError || isGitOpsError(error)) return false;
    throw error;
  }
}

function leadsOutside(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.some((item) => leadsOutside(item, depth + 1));
  return Object.entries(value).some(([key, item]) => isOutside(key, item) || leadsOutside(item, depth + 1));
}

function isOutside(key: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (key === '$ref' || key === '$dynamicRef' || key === '$recursiveRef') return !value.startsWith('#');
  return key === '$schema' && !KNOWN_DIALECT.test(value);
}
