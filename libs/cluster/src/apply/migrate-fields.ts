/**
 * Moves the ownership of client-side apply to our server-side manager (D27), as csaupgrade of client-go does. Without it a
 * field removed in Git would stay: the old manager would still own it.
 */
import type { JsonObject, KubernetesObject, ManagedFieldsEntry } from '@tiphys/model';

/** What kubectl calls its own client-side apply. */
export const KUBECTL_CLIENT_SIDE_APPLY = 'kubectl-client-side-apply';

/** One operation of a JSON patch. */
export interface JsonPatchOperation {
  readonly op: 'replace';
  readonly path: string;
  readonly value: unknown;
}

export interface Migration {
  /** Our manager; its own `Update` entry moves as well (Argo CD's client-side syncs wrote under the same name). */
  readonly fieldManager: string;
  readonly alsoFrom: readonly string[];
}

/** The patch, guarded by the resourceVersion; undefined when nothing is to be moved. */
export function migrationPatch(
  live: KubernetesObject,
  migration: Migration,
): readonly JsonPatchOperation[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  const sources = new Set([KUBECTL_CLIENT_SIDE_APPLY, migration.fieldManager, ...migration.alsoFrom]);
  const moves = entries.filter((entry) => isClientSide(entry, sources));
  if (moves.length === 0) return undefined;
  const isOurs = (entry: ManagedFieldsEntry): boolean =>
    entry.manager === migration.fieldManager && entry.operation === 'Apply' && !entry.subresource;
  const base = entries.find(isOurs) ?? moves[0] ?? {};
  const rest = entries.filter((entry) => !moves.includes(entry) && !isOurs(entry));
  const fieldsV1 = [base, ...moves].reduce<JsonObject>(
    (fields, entry) => unionFields(fields, entry.fieldsV1 ?? {}),
    {},
  );
  const merged: ManagedFieldsEntry = { ...base, manager: migration.fieldManager, operation: 'Apply', fieldsV1 };
  return [
    { op: 'replace', path: '/metadata/managedFields', value: [merged, ...rest] },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
  ];
}

function isClientSide({ manager, operation, subresource }: ManagedFieldsEntry, sources: ReadonlySet<string>): boolean {
  return operation === 'Update' && !subresource && manager !== undefined && sources.has(manager);
}

/** Union of two `FieldsV1` sets. An empty object is a leaf; a leaf that also has children is written `"." : {}`. */
export function unionFields(a: JsonObject, b: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...a };
  for (const [field, value] of Object.entries(b)) {
    const known = result[field] as JsonObject | undefined;
    result[field] = known === undefined ? value : unionOfField(known, value as JsonObject);
  }
  return result;
}

function unionOfField(a: JsonObject, b: JsonObject): JsonObject {
  const [aIsLeaf, bIsLeaf] = [Object.keys(a).length === 0, Object.keys(b).length === 0];
  if (aIsLeaf && bIsLeaf) return {};
  const union = unionFields(a, b);
  return aIsLeaf || bIsLeaf ? { '.': {}, ...union } : union;
}
