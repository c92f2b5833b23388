/**
 * `RespectIgnoreDifferences=true` (D29): what the comparison ignores is applied as it is live. A field left out instead would be
 * removed by an apply that owned it before.
 */
import type { JsonObject, JsonValue, KubernetesObject } from '@tiphys/model';
import { elementNode, type FieldNode, isLeaf } from '../diff/field-set.js';
import { asJson, asKubernetesObject, isJsonArray, isJsonObject, jsonEqual } from '../diff/json.js';
import { type IgnoreRules, ignoredFieldsOf } from './ignore-differences.js';
import { type Path, type PathStep, positionOf } from './paths.js';
import { trustedFields } from './trusted-managers.js';

type Value = JsonValue | undefined;

/** The target with the ignored fields of the live object; those that live does not have are left out. */
export function withIgnoredFields(
  target: KubernetesObject,
  live: KubernetesObject,
  rules: IgnoreRules,
): KubernetesObject {
  const { paths, managers } = ignoredFieldsOf(target, rules);
  const [from, before] = [asJson(live), asJson(target)];
  const byPath = paths.reduce<Value>((value, path) => copyIgnored(value, from, path), before);
  const owned = trustedFields(live, managers);
  const result = owned.reduce<Value>((value, node) => copyOwned(value, from, node), byPath);
  return isJsonObject(result) ? asKubernetesObject({ metadata: {}, ...result, ...identityOf(target) }) : target;
}

/** No rule can make another object of it. */
function identityOf({ apiVersion, kind }: KubernetesObject): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion, kind };
}

/** A jq expression names places of both: those of the target that live does not have go, those of live come. */
function copyIgnored(to: Value, from: Value, path: Path): Value {
  const [first] = path;
  if (first?.kind !== 'query') return copyPath(to, from, path);
  const places = [...first.pathsIn(mapOf(to)), ...first.pathsIn(mapOf(from)).toReversed()];
  return places.reduce<Value>((value, place) => copyPath(value, from, place), to);
}

/** `to` with the values that `from` has at the path. */
function copyPath(to: Value, from: Value, path: Path): Value {
  const [step, ...rest] = path;
  if (step === undefined) return from;
  if (step.kind === 'select') return selected(step, to, from) ? copyPath(to, from, rest) : to;
  if (isJsonArray(from) || isJsonArray(to)) return copyInList(listOf(to), listOf(from), { step, rest });
  if (!isJsonObject(from) && !isJsonObject(to)) return to;
  return copyInMap(mapOf(to), mapOf(from), { names: namesOf(step, { to, from }), rest });
}

function selected({ test }: Extract<PathStep, { kind: 'select' }>, to: Value, from: Value): boolean {
  return (to !== undefined && test(to)) || (from !== undefined && test(from));
}

function namesOf(step: PathStep, { to, from }: { readonly to: Value; readonly from: Value }): readonly string[] {
  if (step.kind === 'field') return [step.name];
  if (step.kind === 'either') return [step.token];
  return step.kind === 'each' ? [...new Set([...Object.keys(mapOf(from)), ...Object.keys(mapOf(to))])] : [];
}

function copyInMap(
  to: JsonObject,
  from: JsonObject,
  { names, rest }: { readonly names: readonly string[]; readonly rest: Path },
): Value {
  return names.reduce<JsonObject>(
    (map, name) => withMember(map, name, copyPath(own(map, name), own(from, name), rest)),
    to,
  );
}

function withMember(map: JsonObject, name: string, value: Value): JsonObject {
  const { [name]: before, ...others } = map;
  if (value === before && (value !== undefined || !Object.hasOwn(map, name))) return map;
  // A map that only exists to hold what is not there is not made.
  if (value === undefined || (before === undefined && isJsonObject(value) && Object.keys(value).length === 0))
    return others;
  return { ...others, [name]: value };
}

interface ListStep {
  readonly step: PathStep;
  readonly rest: Path;
}

/** Live elements that the path names go to their counterparts in the target, or to its end when there is none. */
function copyInList(
  to: readonly JsonValue[],
  from: readonly JsonValue[],
  { step, rest }: ListStep,
): readonly JsonValue[] {
  const isChosen = (index: number, { length }: readonly JsonValue[]) =>
    step.kind === 'each' || index === positionOf(step, length);
  const taken = new Set<number>();
  const updated = to.flatMap((element, index) => {
    const at = counterpart(element, { index, list: from, step });
    if (at !== undefined) taken.add(at);
    if (!isChosen(index, to)) return [element];
    const next = copyPath(element, at === undefined ? undefined : from[at], rest);
    return next === undefined ? [] : [next];
  });
  const added = from.flatMap((element, index) => {
    const isWhole = isChosen(index, from) && !taken.has(index);
    const next = isWhole ? copyPath(undefined, element, rest) : undefined;
    // Only whole elements: a part of one that the target does not have makes no sense alone.
    return next === element ? [next] : [];
  });
  return [...updated, ...added];
}

/** What elements of lists are known by, most telling first. */
const KEYS = ['name', 'key', 'containerPort', 'port', 'mountPath', 'devicePath', 'ip', 'type', 'uid'] as const;

function counterpart(
  element: JsonValue,
  { index, list, step }: { readonly index: number; readonly list: readonly JsonValue[]; readonly step: PathStep },
): number | undefined {
  const key = isJsonObject(element) ? KEYS.find((name) => Object.hasOwn(element, name)) : undefined;
  if (key === undefined || step.kind !== 'each' || !isJsonObject(element))
    return index < list.length ? index : undefined;
  const at = list.findIndex((other) => isJsonObject(other) && other[key] === element[key]);
  return at < 0 ? undefined : at;
}

/** `to` with the values of `from` that the field set names. */
function copyOwned(to: Value, from: Value, node: FieldNode): Value {
  if (isLeaf(node)) return from;
  if (isJsonArray(to) || isJsonArray(from)) return copyOwnedList(listOf(to), listOf(from), node);
  if (!isJsonObject(to) && !isJsonObject(from)) return to;
  return [...node.fields].reduce<JsonObject>(
    (map, [name, child]) => withMember(map, name, copyOwned(own(map, name), own(mapOf(from), name), child)),
    mapOf(to),
  );
}

function copyOwnedList(to: readonly JsonValue[], from: readonly JsonValue[], node: FieldNode): readonly JsonValue[] {
  const wanted = to.map((element) => {
    const child = elementNode(node, element);
    const live = child === undefined ? undefined : from.find((other) => elementNode(node, other) === child);
    if (child === undefined || live === undefined || isLeaf(child)) return element;
    return copyOwned(element, live, child) ?? element;
  });
  const added = from.filter((element) => {
    const child = elementNode(node, element);
    const isKnown = (other: JsonValue) =>
      isJsonObject(element) ? elementNode(node, other) === child : jsonEqual(other, element);
    return child !== undefined && !to.some(isKnown);
  });
  return [...wanted, ...added];
}

function own(map: JsonObject, name: string): Value {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function mapOf(value: Value): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: Value): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}
