/** Secret values replaced by `+` runs (C15): what may be shown of a Secret in APIs, caches and logs. */
import { ANNOTATIONS, groupOf, type JsonObject, type JsonValue, type KubernetesObject } from '@tiphys/model';
import { storedSecretText } from '../normalize/secret-text.js';
import { asJson, asKubernetesObject, isJsonObject } from './json.js';

const FIRST_LENGTH = 8;
const FIELDS = ['data', 'stringData'] as const;

export function isSecret(object: KubernetesObject): boolean {
  return object.kind === 'Secret' && groupOf(object.apiVersion) === '';
}

/**
 * Masks the views of one Secret (target, live, predicted) together: under one key equal values get equal runs and
 * different values runs of different lengths, which say nothing about the real lengths. The values of the annotations
 * named in `annotations` (`resource.sensitive.mask.annotations`) are masked too; the last-applied annotation, which repeats the data, is
 * masked whole. Objects that are no Secrets are returned as they are.
 */
export function maskSecrets<Names extends string>(
  views: Readonly<Record<Names, KubernetesObject | undefined>>,
  annotations: readonly string[] = [],
): Readonly<Record<Names, KubernetesObject | undefined>> {
  const runs = new Map<string, Map<string, string>>();
  const mask = (key: string, value: JsonValue): string => {
    const known = runs.get(key) ?? new Map<string, string>();
    runs.set(key, known);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const run = known.get(text) ?? '+'.repeat(FIRST_LENGTH + known.size);
    known.set(text, run);
    return run;
  };
  const masked = Object.entries<KubernetesObject | undefined>(views).map(([name, object]) => [
    name,
    object !== undefined && isSecret(object) ? maskObject(asJson(object), { mask, annotations }) : object,
  ]);
  return Object.fromEntries(masked) as Readonly<Record<Names, KubernetesObject | undefined>>;
}

interface Masking {
  readonly mask: (key: string, value: JsonValue) => string;
  readonly annotations: readonly string[];
}

function maskObject(object: JsonObject, { mask, annotations }: Masking): KubernetesObject {
  const fields = FIELDS.flatMap((field) => {
    const values = object[field];
    if (!isJsonObject(values)) return [];
    // What `stringData` sets is stored as `data`: the same secret gets the same run on both sides.
    const stored = (value: JsonValue) => (field === 'stringData' ? storedSecretText(String(value)) : value);
    return [[field, mapValues(values, (key, value) => mask(`data/${key}`, stored(value)))] as const];
  });
  const { metadata } = object;
  const shown = isJsonObject(metadata) ? maskAnnotations(metadata, { mask, annotations }) : metadata;
  return asKubernetesObject({ ...object, ...Object.fromEntries(fields), metadata: shown });
}

function maskAnnotations(metadata: JsonObject, { mask, annotations }: Masking): JsonObject {
  const present = metadata['annotations'];
  if (!isJsonObject(present)) return metadata;
  const isSensitive = (key: string) => key === ANNOTATIONS.lastApplied || annotations.includes(key);
  const shown = mapValues(present, (key, value) => (isSensitive(key) ? mask(`annotation/${key}`, value) : value));
  return { ...metadata, annotations: shown };
}

function mapValues(map: JsonObject, change: (key: string, value: JsonValue) => JsonValue): JsonObject {
  const entries = Object.entries(map).map(([key, value]) => [key, value === undefined ? value : change(key, value)]);
  return Object.fromEntries(entries) as JsonObject;
}
