/**
 * The patch of a client-side apply, pure: what the manifest sets differently from the live object, and `null` for what the
 * last applied manifest had and this one has not. With rules a strategic merge patch, without a JSON merge patch.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldRule, MergeRules } from './merge-rules.js';

type Fields = Readonly<Record<string, unknown>>;

/** Three versions of the same value; `original` is the last applied manifest, if any. */
interface Versions<T> {
  readonly original: T | undefined;
  readonly modified: T;
  readonly live: T;
}

/** An empty patch means that nothing is to be written. */
export function threeWayPatch(versions: Versions<Fields>, rules: MergeRules | undefined): Fields {
  return patchObject(versions, { rules, type: rules?.root });
}

interface Scope {
  readonly rules: MergeRules | undefined;
  readonly type: string | undefined;
}

function patchObject({ original, modified, live }: Versions<Fields>, scope: Scope): Fields {
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(modified)) {
    if (value === undefined) continue;
    Object.assign(patch, patchField(field, { original: original?.[field], modified: value, live: live[field] }, scope));
  }
  for (const field of Object.keys(original ?? {})) {
    if (modified[field] === undefined && live[field] !== undefined) patch[field] = null;
  }
  return patch;
}

function patchField(field: string, versions: Versions<unknown>, scope: Scope): Fields {
  const { original, modified, live } = versions;
  if (live === undefined) return isEmptyValue(modified) ? {} : { [field]: modified };
  const rule = ruleOf(field, scope);
  const context = { field, rule, inner: { rules: scope.rules, type: rule?.type } };
  if (isObject(modified) && isObject(live))
    return patchInner(context, { original: asObject(original), modified, live });
  if (rule?.merge === true && Array.isArray(modified) && Array.isArray(live)) {
    return patchList({ ...context, rule }, { original: asList(original), modified, live });
  }
  return isDeepStrictEqual(modified, live) ? {} : { [field]: modified };
}

function ruleOf(field: string, { rules, type }: Scope): FieldRule | undefined {
  return type === undefined ? undefined : rules?.types.get(type)?.get(field);
}

interface InnerContext {
  readonly field: string;
  readonly rule: FieldRule | undefined;
  readonly inner: Scope;
}

function patchInner({ field, rule, inner }: InnerContext, versions: Versions<Fields>): Fields {
  const patch = patchObject(versions, inner);
  if (Object.keys(patch).length === 0) return {};
  return { [field]: rule?.retainKeys === true ? { ...patch, $retainKeys: Object.keys(versions.modified) } : patch };
}

interface ListContext {
  readonly field: string;
  readonly rule: FieldRule;
  readonly inner: Scope;
}

function patchList({ field, rule, inner }: ListContext, lists: Versions<readonly unknown[]>): Fields {
  const { mergeKey } = rule;
  if (mergeKey === undefined) return patchSet(field, lists);
  const patch = patchElements({ mergeKey, rule, inner }, lists as Versions<readonly Fields[]>);
  return patch.length === 0 ? {} : { [field]: patch };
}

/** Lists of scalars that merge, for example finalizers. */
function patchSet(field: string, { original = [], modified, live }: Versions<readonly unknown[]>): Fields {
  const added = modified.filter((value) => !live.includes(value));
  const removed = original.filter((value) => !modified.includes(value) && live.includes(value));
  return {
    ...(added.length === 0 ? {} : { [field]: added }),
    ...(removed.length === 0 ? {} : { [`$deleteFromPrimitiveList/${field}`]: removed }),
  };
}

interface ElementContext {
  readonly mergeKey: string;
  readonly rule: FieldRule;
  readonly inner: Scope;
}

function patchElements(
  { mergeKey, rule, inner }: ElementContext,
  { original = [], modified, live }: Versions<readonly Fields[]>,
): readonly Fields[] {
  const find = (list: readonly Fields[], key: unknown): Fields | undefined =>
    list.find((entry) => entry[mergeKey] === key);
  const changed = modified.flatMap((element) => {
    const key = element[mergeKey];
    const current = find(live, key);
    if (current === undefined) return [element];
    const patch = patchObject({ original: find(original, key), modified: element, live: current }, inner);
    if (Object.keys(patch).length === 0) return [];
    return [{ ...patch, [mergeKey]: key, ...(rule.retainKeys ? { $retainKeys: Object.keys(element) } : {}) }];
  });
  const removed = original
    .map((element) => element[mergeKey])
    .filter((key) => find(modified, key) === undefined && find(live, key) !== undefined)
    .map((key) => ({ $patch: 'delete', [mergeKey]: key }));
  return [...changed, ...removed];
}

function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function asObject(value: unknown): Fields | undefined {
  return isObject(value) ? value : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The server drops empty values of a manifest: sending them each time would be a write without effect. */
function isEmptyValue(value: unknown): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
