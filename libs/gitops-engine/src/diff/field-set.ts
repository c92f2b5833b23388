/** `metadata.managedFields[].fieldsV1` as a tree: which fields, list elements and set members a manager owns. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonObject, jsonEqual } from './json.js';

export interface FieldNode {
  readonly fields: ReadonlyMap<string, FieldNode>;
  /** Elements of an associative list, by the keys that identify them (`k:{"name":"app"}`). */
  readonly elements: readonly KeyedNode[];
  /** Members of a set (`v:"value"`). */
  readonly values: readonly JsonValue[];
}

export interface KeyedNode {
  readonly keys: JsonObject;
  readonly node: FieldNode;
}

/** Unknown or malformed members are skipped: ownership is then unknown, never wrong. */
export function parseFieldSet(fieldsV1: JsonObject): FieldNode {
  const fields = new Map<string, FieldNode>();
  const elements: KeyedNode[] = [];
  const values: JsonValue[] = [];
  for (const [token, child] of Object.entries(fieldsV1)) {
    const node = () => parseFieldSet(isJsonObject(child) ? child : {});
    if (token.startsWith('f:')) fields.set(token.slice(2), node());
    else if (token.startsWith('k:')) {
      const keys = parseToken(token);
      if (isJsonObject(keys)) elements.push({ keys, node: node() });
    } else if (token.startsWith('v:')) {
      const value = parseToken(token);
      if (value !== undefined) values.push(value);
    }
  }
  return { fields, elements, values };
}

/** True for a node without members below it: a scalar, an atomic list or map, or a value that was applied empty. */
export function isLeaf(node: FieldNode): boolean {
  return node.fields.size === 0 && node.elements.length === 0 && node.values.length === 0;
}

/** The node of a list element; only the keys that the element sets are compared (the others have their default). */
export function elementNode(node: FieldNode, element: JsonValue): FieldNode | undefined {
  if (!isJsonObject(element)) {
    return node.values.some((value) => jsonEqual(value, element)) ? EMPTY_NODE : undefined;
  }
  return node.elements.find(({ keys }) => {
    const given = Object.keys(keys).filter((key) => element[key] !== undefined);
    return given.length > 0 && given.every((key) => jsonEqual(keys[key], element[key]));
  })?.node;
}

const EMPTY_NODE: FieldNode = { fields: new Map(), elements: [], values: [] };

function parseToken(token: string): JsonValue | undefined {
  try {
    return JSON.parse(token.slice(2)) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
