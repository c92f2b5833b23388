/** Schemas of the contract as OpenAPI shows them: those with a name once, as components, and references to them elsewhere. */
import * as model from '@tiphys/model/schemas';
import * as surface from '../surface.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Components {
  /** The schema itself, or a reference when it has a name; what it refers to is among `used` from then on. */
  show(schema: object): JsonSchema;
  /** By name, in the order of names. */
  used(): Readonly<Record<string, JsonSchema>>;
}

/** A copy of a schema (optional, for example) shares its `properties`, which are what makes it what it is. */
function identityOf(schema: object): object {
  const { properties } = schema as { properties?: object };
  return properties ?? schema;
}

let names: ReadonlyMap<object, string> | undefined;

/** `ApplicationBodySchema` is the component `ApplicationBody`. Only objects: a name for a text would say nothing. */
function namedSchemas(): ReadonlyMap<object, string> {
  const found = new Map<object, string>();
  for (const [name, value] of [...Object.entries(surface), ...Object.entries(model)] as [string, unknown][]) {
    if (!name.endsWith('Schema') || typeof value !== 'object' || value === null || !('properties' in value)) continue;
    if (Object.keys(value.properties as object).length > 0) found.set(identityOf(value), name.replace(/Schema$/, ''));
  }
  return found;
}

export function createComponents(): Components {
  names ??= namedSchemas();
  const known = names;
  const used = new Map<string, JsonSchema>();
  const show = (schema: object): JsonSchema => {
    const name = known.get(identityOf(schema));
    if (name === undefined) return plain(schema, show);
    if (!used.has(name)) {
      used.set(name, {});
      used.set(name, plain(schema, show));
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  return {
    show,
    used: () => Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

type Show = (schema: object) => JsonSchema;

/** Keywords whose value is one schema, a list of schemas, or schemas by name. */
const ONE = ['items', 'additionalProperties', 'not'];
const MANY = ['anyOf', 'oneOf', 'allOf'];
const BY_NAME = ['properties', 'patternProperties'];

function plain(schema: object, show: Show): JsonSchema {
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    // What the schema library keeps for itself, and what Kubernetes alone understands.
    if (key.startsWith('~') || key.startsWith('x-kubernetes')) return [];
    if (isObject(value) && ONE.includes(key)) return [[key, show(value)]];
    if (Array.isArray(value) && MANY.includes(key)) return [[key, value.map((entry: object) => show(entry))]];
    if (key === 'patternProperties' && isObject(value)) return [['additionalProperties', anyName(value, show)]];
    if (isObject(value) && BY_NAME.includes(key)) return [[key, mapValues(value, show)]];
    return [[key, value]];
  });
  return Object.fromEntries(entries);
}

/** Records of the contract accept every name. */
function anyName(patterns: object, show: Show): JsonSchema {
  const [schema = {}] = Object.values(patterns) as object[];
  return show(schema);
}

function mapValues(schemas: object, show: Show): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, show(schema as object)]));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
