/** Reading unstructured objects safely: a field of the wrong type reads as absent, because live data is not ours. */
import type { KubernetesObject } from '@tiphys/model';

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of field names; `undefined` when any step is missing. */
export function valueAt(from: unknown, ...path: readonly string[]): unknown {
  let value: unknown = from;
  for (const name of path) {
    if (!isFields(value)) return undefined;
    value = value[name];
  }
  return value;
}

export function textAt(from: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(from, ...path);
  return typeof value === 'string' ? value : undefined;
}

/** Whole numbers may be parsed as bigint; counts never exceed the safe range. */
export function numberAt(from: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(from, ...path);
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

/** The objects of a list; other items are left out. */
export function listAt(from: unknown, ...path: readonly string[]): readonly Fields[] {
  const value = valueAt(from, ...path);
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function asCondition(value: Fields): Condition {
  return {
    type: textAt(value, 'type') ?? '',
    status: textAt(value, 'status') ?? '',
    reason: textAt(value, 'reason') ?? '',
    message: textAt(value, 'message') ?? '',
  };
}

export function conditionsOf(object: KubernetesObject): readonly Condition[] {
  return listAt(object, 'status', 'conditions').map(asCondition);
}
