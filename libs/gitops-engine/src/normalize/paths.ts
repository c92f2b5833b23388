/** Removal of values at a path of steps, as `del(path)` of jq does: what is not there is no error (C06, C07). */
import type { JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../diff/json.js';

export type PathStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  /** A member by name or, in lists, by position: JSON pointers do not say which. */
  | { readonly kind: 'either'; readonly token: string }
  | { readonly kind: 'each' }
  | { readonly kind: 'select'; readonly test: (value: JsonValue) => boolean }
  /** Alone in its path: places that are looked for in each object, the last of a list first. */
  | { readonly kind: 'query'; readonly pathsIn: (object: JsonObject) => readonly Path[] };

export type Path = readonly PathStep[];

/** RFC 6901. An empty pointer, which would remove the whole object, and text without a leading `/` give `undefined`. */
export function parseJsonPointer(pointer: string): Path | undefined {
  if (!pointer.startsWith('/')) return undefined;
  const tokens = pointer.slice(1).split('/');
  return tokens.map((token) => ({ kind: 'either', token: token.replaceAll('~1', '/').replaceAll('~0', '~') }));
}

/** The object without the values at the path; the same object when there are none. */
export function removePath(object: JsonObject, path: Path): JsonObject {
  const [first] = path;
  if (first?.kind === 'query') return first.pathsIn(object).reduce(removePath, object);
  const result = remove(object, path);
  return isJsonObject(result) ? result : {};
}

/** `undefined`: the value itself goes. */
function remove(value: JsonValue, path: Path): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return undefined;
  if (step.kind === 'select') return step.test(value) ? remove(value, rest) : value;
  if (isJsonArray(value)) return removeInList(value, step, rest);
  return isJsonObject(value) ? removeInMap(value, step, rest) : value;
}

function removeInList(list: readonly JsonValue[], step: PathStep, rest: Path): JsonValue {
  const chosen = (index: number) => step.kind === 'each' || index === positionOf(step, list.length);
  let changed = false;
  const kept = list.flatMap((item, index) => {
    if (!chosen(index)) return [item];
    const next = remove(item, rest);
    changed ||= next !== item;
    return next === undefined ? [] : [next];
  });
  return changed ? kept : list;
}

/** Position in a list of this length that the step names; undefined: none. */
export function positionOf(step: PathStep, length: number): number | undefined {
  if (step.kind === 'index') return step.index < 0 ? length + step.index : step.index;
  if (step.kind !== 'either' || !/^\d{1,9}$/.test(step.token)) return undefined;
  return Number(step.token);
}

function removeInMap(map: JsonObject, step: PathStep, rest: Path): JsonValue {
  const names = step.kind === 'each' ? Object.keys(map) : [nameOf(step)];
  let result = map;
  for (const name of names) {
    const value = name !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;
    if (name === undefined || value === undefined) continue;
    const next = remove(value, rest);
    if (next === value) continue;
    const { [name]: _old, ...others } = result;
    result = next === undefined ? others : { ...others, [name]: next };
  }
  return result;
}

function nameOf(step: PathStep): string | undefined {
  if (step.kind === 'field') return step.name;
  return step.kind === 'either' ? step.token : undefined;
}
