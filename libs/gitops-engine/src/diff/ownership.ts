/** Who owns what on a live object, followed field by field beside the values: ours, others', and what was last applied. */
import {
  ANNOTATIONS,
  type JsonObject,
  type JsonValue,
  type KubernetesObject,
  type ManagedFieldsEntry,
} from '@tiphys/model';
import { elementNode, type FieldNode, isLeaf, parseFieldSet } from './field-set.js';
import { isJsonArray, isJsonObject, jsonEqual } from './json.js';

export interface OwnedNode {
  readonly entry: ManagedFieldsEntry;
  readonly node: FieldNode;
}

/** Ownership at one place of the object. Immutable: {@link ownedField} and {@link ownedElement} step down. */
export interface Ownership {
  /** Our own apply (server-side apply by our field manager). */
  readonly ours: FieldNode | undefined;
  /** Our own apply is on record, whether or not it holds this place. */
  readonly hasOurs: boolean;
  /** Earlier client-side applies, whose fields become ours with the next apply (D27). */
  readonly legacy: readonly OwnedNode[];
  readonly others: readonly OwnedNode[];
  /** Value of the last-applied annotation here; only where no server-side apply of ours happened. */
  readonly lastApplied: JsonValue | undefined;
}

const CLIENT_SIDE_APPLY_MANAGER = 'kubectl-client-side-apply';

/**
 * What we own comes from our `Apply` entry; where there is none, from the last-applied annotation. Client-side applies of
 * kubectl and of Argo CD (`argocd-controller`, `Update`) are kept apart: they hold defaulted fields too, so they say
 * nothing about what was asked for, but they are not somebody else's either.
 */
export function ownershipOf(live: KubernetesObject, fieldManager: string): Ownership {
  let ours: FieldNode | undefined;
  const legacy: OwnedNode[] = [];
  const others: OwnedNode[] = [];
  for (const entry of live.metadata.managedFields ?? []) {
    if (entry.fieldsV1 === undefined) continue;
    const node = parseFieldSet(entry.fieldsV1);
    if (isOurApply(entry, fieldManager)) ours = node;
    else if (isClientSideApply(entry, fieldManager)) legacy.push({ entry, node });
    else others.push({ entry, node });
  }
  return {
    ours,
    hasOurs: ours !== undefined,
    legacy,
    others,
    lastApplied: ours === undefined ? lastAppliedOf(live) : undefined,
  };
}

/** Our server-side apply of the main resource; subresources have entries of their own. */
export function isOurApply(entry: ManagedFieldsEntry, fieldManager: string): boolean {
  return entry.manager === fieldManager && entry.operation === 'Apply' && (entry.subresource ?? '') === '';
}

function isClientSideApply(entry: ManagedFieldsEntry, fieldManager: string): boolean {
  const isOurs = entry.manager === fieldManager || entry.manager === CLIENT_SIDE_APPLY_MANAGER;
  return isOurs && entry.operation === 'Update' && (entry.subresource ?? '') === '';
}

function lastAppliedOf(live: KubernetesObject): JsonObject | undefined {
  const text = live.metadata.annotations?.[ANNOTATIONS.lastApplied];
  if (text === undefined || text === '') return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    // A truncated annotation (some tools cut it) tells nothing: compare as if there were none.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function ownedField(ownership: Ownership, name: string): Ownership {
  const { lastApplied } = ownership;
  return step(ownership, (node) => node.fields.get(name), isJsonObject(lastApplied) ? lastApplied[name] : undefined);
}

/** `element` names the list element by its value: all keys that it sets must match. */
export function ownedElement(ownership: Ownership, element: JsonValue, keys: readonly string[]): Ownership {
  const { lastApplied } = ownership;
  const applied = isJsonArray(lastApplied) ? lastApplied.find((item) => sameElement(item, element, keys)) : undefined;
  return step(ownership, (node) => elementNode(node, element), applied);
}

function sameElement(a: JsonValue, b: JsonValue, keys: readonly string[]): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return jsonEqual(a, b);
  const given = keys.filter((key) => a[key] !== undefined && b[key] !== undefined);
  return given.length > 0 && given.every((key) => jsonEqual(a[key], b[key]));
}

function step(
  ownership: Ownership,
  down: (node: FieldNode) => FieldNode | undefined,
  lastApplied: JsonValue | undefined,
): Ownership {
  const follow = (owned: readonly OwnedNode[]) =>
    owned.flatMap(({ entry, node }) => {
      const next = down(node);
      return next === undefined ? [] : [{ entry, node: next }];
    });
  return {
    ours: ownership.ours === undefined ? undefined : down(ownership.ours),
    hasOurs: ownership.hasOurs,
    legacy: follow(ownership.legacy),
    others: follow(ownership.others),
    lastApplied,
  };
}

/**
 * For questions about authorship of a Secret: `stringData` that we applied shows as `data`. (Removals are not ours to see:
 * the API server keeps `data` when `stringData` goes.)
 */
export function withStringDataAsData(ownership: Ownership): Ownership {
  const written = ownership.ours?.fields.get('stringData');
  if (ownership.ours === undefined || written === undefined) return ownership;
  const data = ownership.ours.fields.get('data');
  const merged = { ...written, fields: new Map([...written.fields, ...(data?.fields ?? [])]) };
  return { ...ownership, ours: { ...ownership.ours, fields: new Map([...ownership.ours.fields, ['data', merged]]) } };
}

/** Every manager's node at this place: together they show how the API server structures the value. */
export function allNodes(ownership: Ownership): readonly FieldNode[] {
  const nodes = [...ownership.legacy, ...ownership.others].map(({ node }) => node);
  return ownership.ours === undefined ? nodes : [ownership.ours, ...nodes];
}

/**
 * True when applying a target without this value would take it away: we own it, or something in it, alone. What
 * another manager owns as well stays (server-side apply keeps co-owned fields).
 */
export function removalOwned(ownership: Ownership, live: JsonValue): boolean {
  if (ownership.lastApplied !== undefined) return true;
  const { ours, others } = ownership;
  if (ours === undefined) return false;
  if (isLeaf(ours)) return others.length === 0;
  if (isJsonObject(live)) {
    const names = [...ours.fields.keys()].filter((name) => live[name] !== undefined);
    return names.some((name) => removalOwned(ownedField(ownership, name), live[name] ?? null));
  }
  if (!isJsonArray(live)) return others.length === 0;
  return live.some((element) => {
    const at = ownedElement(ownership, element, []);
    return at.ours !== undefined && removalOwned(at, element);
  });
}
