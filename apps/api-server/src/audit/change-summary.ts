/** Two states of an object as a list of changed fields for the audit log: never a secret, never more than a few kilobytes. */
import { isDeepStrictEqual } from 'node:util';
import { type KubernetesObject, redact } from '@tiphys/model';
import type { ObjectChange } from './scope.js';

export interface FieldChange {
  /** As in `spec.source.targetRevision`; names with dots in brackets. */
  readonly path: string;
  /** Absent: the field was, or is, not there. `***`: the value is not for a log. */
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface ChangeSummary {
  readonly verb: 'create' | 'update' | 'delete';
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly fields: readonly FieldChange[];
  /** Changed fields beyond the limit. */
  readonly more?: number;
}

const MAX_FIELDS = 60;
const MAX_TEXT = 200;
const MAX_DEPTH = 12;
const MASK = '***';

/** Undefined: nothing changed that a person can change. */
export function summarizeChange({ before, after }: ObjectChange): ChangeSummary | undefined {
  const shown = after ?? before;
  if (shown === undefined) return undefined;
  const verb = verbOf({ before, after });
  // What a deleted object held is in the lines of its creation and changes.
  const all = verb === 'delete' ? [] : [...differences(content(before), content(after), [])];
  if (verb === 'update' && all.length === 0) return undefined;
  const mask = isSecret(shown) ? () => true : isSensitive;
  const more = all.length - MAX_FIELDS;
  return {
    ...{ verb, ...identity(shown) },
    fields: all.slice(0, MAX_FIELDS).map((difference) => fieldChange(difference, mask)),
    ...(more > 0 ? { more } : {}),
  };
}

function verbOf({ before, after }: ObjectChange): ChangeSummary['verb'] {
  if (before === undefined) return 'create';
  return after === undefined ? 'delete' : 'update';
}

function identity({ apiVersion, kind, metadata: { namespace = '', name = '' } }: KubernetesObject) {
  return { apiVersion, kind, ...(namespace === '' ? {} : { namespace }), name };
}

const MANAGED_BY_SERVER: readonly string[] = [
  ...['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid', 'name', 'namespace'],
];

/** Without status, which users do not write, and without what the API server keeps itself. */
function content(object: KubernetesObject | undefined): unknown {
  if (object === undefined) return undefined;
  const { apiVersion: _version, kind: _kind, status: _status, metadata, ...rest } = object;
  const own = Object.entries(metadata).filter(([key]) => !MANAGED_BY_SERVER.includes(key));
  return { ...rest, ...(own.length === 0 ? {} : { metadata: Object.fromEntries(own) }) };
}

interface Difference {
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

function* differences(before: unknown, after: unknown, path: readonly string[]): Generator<Difference> {
  if (isDeepStrictEqual(before, after)) return;
  const [left, right] = [before, after].map((value) => (value === undefined ? {} : fieldsOf(value)));
  if (left === undefined || right === undefined || path.length >= MAX_DEPTH) {
    yield { path, before, after };
    return;
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    yield* differences(left[key], right[key], [...path, key]);
  }
}

/** The entries of an object or list that has any. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

function fieldChange({ path, before, after }: Difference, masked: (path: readonly string[]) => boolean): FieldChange {
  const shown = (value: unknown) => (masked(path) ? MASK : plain(value));
  return {
    path: textOfPath(path),
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
  };
}

function textOfPath(path: readonly string[]): string {
  const text = path.map((key) => (/^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${key}]`)).join('');
  return text.replace(/^\./, '').slice(0, 300);
}

/** Short scalars only; what is left of objects and lists (empty ones, and what lies too deep) is told by its kind. */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return cut(redact(value));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? `<list of ${value.length}>` : '<object>';
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function isSecret({ kind, data, stringData }: KubernetesObject): boolean {
  return kind === 'Secret' && (data !== undefined || stringData !== undefined);
}

const SECRET_NAME = /(password|passwd|secret|token|authorization|api[-_]?key|private[-_]?key|credential|cert|tls)/i;
/** Free texts in which people put passwords: values of Helm, parameters, variables of plugins, patches, whole manifests. */
const FREE_TEXT = ['values', 'valuesObject', 'patches', 'patch', 'manifests', 'inline', 'data', 'stringData'];
const FREE_VALUE = ['parameters', 'fileParameters', 'env', 'extVars', 'tlas', 'args', 'command', 'info'];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function isSensitive(path: readonly string[]): boolean {
  if (path.some((key) => FREE_TEXT.includes(key) || SECRET_NAME.test(key) || key === LAST_APPLIED)) return true;
  const leaf = path.at(-1);
  return path.some((key) => FREE_VALUE.includes(key)) && leaf !== 'name' && leaf !== 'forceString';
}
