/** The live object as it would be with the target's fields laid over it: what users see as the desired side of a diff. */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { listShape } from './compare-lists.js';
import { isJsonArray, isJsonObject, jsonEqual } from './json.js';
import { type Ownership, ownedElement, ownedField, removalOwned } from './ownership.js';

/** An approximation without defaults and admission; a dry run's answer is exact where there is one. */
export function overlayTarget(
  target: JsonObject,
  live: JsonObject,
  options: { readonly ownership: Ownership; readonly builtIn: boolean },
): JsonObject {
  return overlayMap(target, live, { ...options, name: '' });
}

interface Context {
  readonly ownership: Ownership;
  readonly builtIn: boolean;
  readonly name: string;
}

function overlay(target: JsonValue, live: JsonValue | undefined, context: Context): JsonValue {
  if (isJsonObject(target) && isJsonObject(live)) return overlayMap(target, live, context);
  if (isJsonArray(target) && isJsonArray(live)) return overlayList(target, live, context);
  return target;
}

function overlayMap(target: JsonObject, live: JsonObject, context: Context): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(live)) {
    if (value === undefined) continue;
    const inner = { ...context, name, ownership: ownedField(context.ownership, name) };
    const wanted = target[name];
    if (wanted !== undefined) result[name] = overlay(wanted, value, inner);
    else if (!removalOwned(inner.ownership, value)) result[name] = value;
  }
  for (const [name, value] of Object.entries(target)) {
    if (value !== undefined && live[name] === undefined) result[name] = value;
  }
  return result;
}

function overlayList(target: readonly JsonValue[], live: readonly JsonValue[], context: Context): JsonValue {
  const shape = listShape(context.ownership, { ...context, target, live });
  if (shape.kind === 'atomic' || shape.kind === 'unknown') {
    return target.length === live.length
      ? target.map((item, index) => overlay(item, live[index], unowned(context)))
      : target;
  }
  const keys = shape.kind === 'associative' ? shape.keys : [];
  const used = new Set<JsonValue>();
  const merged = target.map((element) => {
    const found = live.find((item) => !used.has(item) && sameIdentity(item, element, keys));
    if (found === undefined) return element;
    used.add(found);
    return overlay(element, found, { ...context, ownership: ownedElement(context.ownership, found, keys) });
  });
  const foreign = live.filter(
    (item) =>
      !used.has(item) && !target.includes(item) && !removalOwned(ownedElement(context.ownership, item, keys), item),
  );
  return [...merged, ...foreign];
}

function unowned(context: Context): Context {
  return { ...context, ownership: { ours: undefined, hasOurs: false, legacy: [], others: [], lastApplied: undefined } };
}

function sameIdentity(live: JsonValue, target: JsonValue, keys: readonly string[]): boolean {
  if (!isJsonObject(live) || !isJsonObject(target)) return jsonEqual(live, target);
  return keys.length > 0 && keys.every((key) => target[key] === undefined || jsonEqual(target[key], live[key]));
}
