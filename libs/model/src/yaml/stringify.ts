/** Values to YAML as kubectl prints it: sorted keys, lists not indented, quotes where Go would read another type. */
import yaml from 'js-yaml';
import { KUBERNETES_SCHEMA } from './schema.js';

export interface StringifyOptions {
  /** Default true, as Go's map output; false keeps the order of the keys. */
  readonly sortKeys?: boolean;
}

/** One document, ending in a newline. Undefined fields are left out. @throws when a number is not finite. */
export function stringifyYaml(value: unknown, options: StringifyOptions = {}): string {
  return yaml.dump(withoutUndefined(value), {
    schema: KUBERNETES_SCHEMA,
    sortKeys: options.sortKeys ?? true,
    noRefs: true,
    noArrayIndent: true,
    lineWidth: -1,
  });
}

/** Several documents separated by `---`. */
export function stringifyYamlDocuments(values: readonly unknown[], options: StringifyOptions = {}): string {
  return values.map((value) => stringifyYaml(value, options)).join('---\n');
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : withoutUndefined(item)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, withoutUndefined(item)]),
  );
}
