/** Whether an answer is what its schema says, and shows nothing that the schema does not know (S22). */
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

interface ObjectSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
  readonly patternProperties?: object;
  readonly items?: ObjectSchema;
  readonly anyOf?: readonly ObjectSchema[];
}

/** Empty when it fits. */
export function schemaProblems(schema: TSchema, value: unknown): readonly string[] {
  return [...Value.Errors(schema, value)].slice(0, 10).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Of Kubernetes' own metadata what is shown though no schema reads it; `managedFields` is not among them. */
const METADATA =
  /\.metadata\.(creationTimestamp|generation|deletionTimestamp|deletionGracePeriodSeconds|ownerReferences)$/;

/** Paths of fields that the schema does not declare; what it leaves open, as custom resources are, is not looked into. */
export function undeclaredFields(schema: TSchema, value: unknown): readonly string[] {
  return [...new Set(walk(schema as ObjectSchema, value, ''))].filter((path) => !METADATA.test(path));
}

function walk(schema: ObjectSchema | undefined, value: unknown, path: string): readonly string[] {
  if (schema === undefined || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => walk(schema.items, item, `${path}[]`));
  const { properties, anyOf } = schema;
  if (anyOf !== undefined) {
    const lists = anyOf.map((one) => walk(one, value, path));
    return lists.reduce((best, list) => (list.length < best.length ? list : best));
  }
  if (properties === undefined || schema.patternProperties !== undefined) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name in properties ? walk(properties[name], item, `${path}.${name}`) : [`${path}.${name}`],
  );
}
