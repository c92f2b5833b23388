import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import {
  ApplicationSetSpecSchema,
  ApplicationSetStatusSchema,
  ApplicationSpecSchema,
  ApplicationStatusSchema,
  AppProjectSpecSchema,
  AppProjectStatusSchema,
  OperationSchema,
} from '../schemas.js';
import { parseYaml } from '../yaml/index.js';

type Fields = Readonly<Record<string, TSchema>>;
type Plain = Readonly<Record<string, unknown>>;

const CASES: readonly (readonly [string, Fields])[] = [
  ['application', { spec: ApplicationSpecSchema, operation: OperationSchema, status: ApplicationStatusSchema }],
  ['appproject', { spec: AppProjectSpecSchema, status: AppProjectStatusSchema }],
  ['applicationset', { spec: ApplicationSetSpecSchema, status: ApplicationSetStatusSchema }],
];

const fixture = (name: string): Plain => {
  const origin = `${name}.yaml`;
  return parseYaml(readFileSync(new URL(`testdata/${origin}`, import.meta.url), 'utf8'), { origin }) as Plain;
};

/** Paths of the value that the schema does not declare: an API server would drop them. */
function undeclared(schema: Plain, value: unknown, path: string): readonly string[] {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => undeclared(schema['items'] as Plain, item, `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const properties = (schema['properties'] ?? {}) as Record<string, Plain>;
  const [anyProperty] = Object.values((schema['patternProperties'] ?? {}) as Record<string, Plain>);
  return Object.entries(value).flatMap(([key, child]) => {
    const next = properties[key] ?? anyProperty;
    return next === undefined ? [`${path}.${key}`] : undeclared(next, child, `${path}.${key}`);
  });
}

/** Declared paths that the value does not use: the fixture would not prove that they survive. */
function unused(schema: Plain, values: readonly unknown[], path: string): readonly string[] {
  if (values.length === 0) return [path];
  if (schema['items'] !== undefined) return unused(schema['items'] as Plain, values.flat(1), `${path}[]`);
  return Object.entries((schema['properties'] ?? {}) as Record<string, Plain>).flatMap(([key, child]) => {
    const used = values.map((value) => (value as Plain)[key]).filter((value) => value !== undefined);
    return unused(child, used, `${path}.${key}`);
  });
}

describe.each(CASES)('a maximal %s', (name, fields) => {
  const object = fixture(name);

  it.each(Object.keys(fields))('%s validates and every property is declared', (field) => {
    const schema = fields[field] as TSchema;
    expect([...Value.Errors(schema, object[field])]).toEqual([]);
    expect(undeclared(schema as Plain, object[field], field)).toEqual([]);
  });
});

it('the maximal application uses every declared field of its spec', () => {
  // the dry source repeats the tool options of `source`, which are all used there
  const repeated = /^spec\.sourceHydrator\.drySource\.(helm|kustomize|directory|plugin)\./;
  const found = unused(ApplicationSpecSchema as unknown as Plain, [fixture('application')['spec']], 'spec');
  expect(found.filter((path) => !repeated.test(path))).toEqual([]);
});

it('a project with a description that is too long does not validate', () => {
  expect(Value.Check(AppProjectSpecSchema, { description: 'x'.repeat(256) })).toBe(false);
});
