/** `managedFieldsManagers` (C08): fields that a trusted manager owns on the live object leave the comparison. */
import type { JsonObject, JsonValue, KubernetesObject } from '@tiphys/model';
import { elementNode, type FieldNode, isLeaf, parseFieldSet } from '../diff/field-set.js';
import { isJsonArray, isJsonObject } from '../diff/json.js';

/** The field sets of the named managers. */
export function trustedFields(live: KubernetesObject, managers: readonly string[]): readonly FieldNode[] {
  if (managers.length === 0) return [];
  const entries = live.metadata.managedFields ?? [];
  return entries.flatMap(({ manager, fieldsV1 }) =>
    manager !== undefined && managers.includes(manager) && fieldsV1 !== undefined ? [parseFieldSet(fieldsV1)] : [],
  );
}

/** The object without the owned fields. Keys of list elements stay, so that elements can still be matched. */
export function withoutOwned(object: JsonObject, owned: FieldNode): JsonObject {
  const result = strip(object, owned, []);
  return isJsonObject(result) ? result : {};
}

function strip(value: JsonValue, node: FieldNode, keys: readonly string[]): JsonValue | undefined {
  if (isJsonArray(value)) return stripList(value, node);
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, member]) => {
    const child = node.fields.get(name);
    if (child === undefined || member === undefined || keys.includes(name)) return [[name, member] as const];
    const next = isLeaf(child) ? undefined : strip(member, child, []);
    return next === undefined ? [] : [[name, next] as const];
  });
  return Object.fromEntries(entries);
}

function stripList(list: readonly JsonValue[], node: FieldNode): JsonValue {
  const keys = Object.keys(node.elements[0]?.keys ?? {});
  return list.flatMap((element) => {
    const child = elementNode(node, element);
    if (child === undefined) return [element];
    const next = isJsonObject(element) ? strip(element, child, keys) : undefined;
    return next === undefined ? [] : [next];
  });
}
