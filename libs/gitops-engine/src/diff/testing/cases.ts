/** Builders for diff tests: objects with managed fields in short form, and the check of a table row. */
import type { JsonObject, KubernetesObject, ManagedFieldsEntry } from '@tiphys/model';
import { expect, it } from 'vitest';
import { type DiffOptions, diffResource } from '../diff-resource.js';

export const OPTIONS: DiffOptions = {
  settings: {
    fieldManager: 'argocd-controller',
    ignoreDifferences: [],
    ignoreResourceStatusField: 'all',
    ignoreAggregatedRoles: false,
  },
  ignoreDifferences: [],
};
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
export const TRACKING = { 'argocd.argoproj.io/tracking-id': 'app:apps/Deployment:ns/web' };

/** Managed fields in short: a text is a leaf, lists of `k:`/`v:` tokens are written out. */
export function applied(fieldsV1: JsonObject, more: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  return { manager: 'argocd-controller', operation: 'Apply', time: '2026-01-01T00:00:00Z', fieldsV1, ...more };
}
export function by(manager: string, fieldsV1: JsonObject, time = '2026-02-02T00:00:00Z'): ManagedFieldsEntry {
  return { manager, operation: 'Update', time, fieldsV1 };
}
export function object(kind: string, body: JsonObject, entries: readonly ManagedFieldsEntry[] = []): KubernetesObject {
  const [apiVersion, name = ''] = kind.split(' ');
  const { metadata, ...rest } = body;
  return {
    apiVersion: apiVersion ?? '',
    kind: name,
    metadata: {
      name: 'web',
      namespace: 'ns',
      ...(metadata as JsonObject),
      ...(entries.length > 0 && { managedFields: entries }),
    },
    ...rest,
  };
}
export const leaf = {};
export const f = (fields: Record<string, JsonObject>): JsonObject =>
  Object.fromEntries(Object.entries(fields).map(([name, node]) => [/^[kv]:/.test(name) ? name : `f:${name}`, node]));
export const container = (name: string, fields: Record<string, JsonObject> = {}) => ({
  [`k:{"name":"${name}"}`]: { '.': {}, ...f({ name: leaf, ...fields }) },
});
export const pod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
export const podFields = (node: JsonObject): JsonObject => f({ spec: f({ template: f({ spec: node }) }) });

export interface Row {
  readonly name: string;
  readonly target: KubernetesObject;
  readonly live: KubernetesObject;
  readonly verdict: 'equal' | 'different' | 'unsure';
  readonly paths?: readonly string[];
  readonly options?: Partial<DiffOptions>;
}

export const both = (
  kind: string,
  sides: { target: JsonObject; live: JsonObject; fields?: readonly ManagedFieldsEntry[] },
) => ({
  target: object(kind, sides.target),
  live: object(kind, sides.live, sides.fields ?? []),
});

/** One test per row: the verdict, that doubt has reasons, the differing paths. */
export function itJudges(rows: readonly Row[]): void {
  it.each(rows)('$name', ({ target, live, verdict, paths, options }) => {
    const result = diffResource(target, live, { ...OPTIONS, ...options });
    expect({ verdict: result.verdict, because: result.unsureBecause.length > 0 }).toEqual({
      verdict,
      because: verdict === 'unsure',
    });
    if (paths !== undefined) expect(result.differences.map(({ path }) => path)).toEqual(paths);
    if (verdict === 'equal') expect(result.differences).toEqual([]);
  });
}
