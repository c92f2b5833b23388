/** Which actions an object offers, and what an action's answer asks for (E12-E14). */
import { GitOpsError, groupVersionKindOf, type KubernetesObject } from '@tiphys/model';
import { isFields, valueAt } from '../health/fields.js';
import type { ScriptAnswer } from '../health/health-scripts.js';
import { builtInActionsOf } from './built-in/index.js';
import type { ActionParameter, BuiltInAction, ImpactedResource, ResourceAction } from './types.js';

export function discoverBuiltIn(live: KubernetesObject): readonly ResourceAction[] {
  const actions = builtInActionsOf(groupVersionKindOf(live));
  return actions.filter(({ isOffered }) => isOffered?.(live) !== false).map((action) => describe(action, live));
}

function describe(action: BuiltInAction, live: KubernetesObject): ResourceAction {
  const { name, displayName, iconClass } = action;
  const params = action.parameters?.(live);
  return {
    name,
    ...(displayName === undefined ? {} : { displayName }),
    ...(iconClass === undefined ? {} : { iconClass }),
    ...(action.isDisabled?.(live) === true ? { disabled: true } : {}),
    ...(params === undefined ? {} : { params }),
  };
}

export function findBuiltIn(live: KubernetesObject, name: string): BuiltInAction | undefined {
  return builtInActionsOf(groupVersionKindOf(live)).find((action) => action.name === name);
}

/** Later entries replace earlier ones of the same name; sorted by name, so that answers do not change by chance. */
export function mergeActions(...lists: readonly (readonly ResourceAction[])[]): readonly ResourceAction[] {
  const byName = new Map(lists.flat().map((action) => [action.name, action]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The table of `discovery.lua`: action name to its properties, `{}` for none. @throws GitOpsError InvalidSpec for any
 * other answer.
 */
export function actionsOfAnswer(answer: ScriptAnswer): readonly ResourceAction[] {
  const value = tableOf(answer, 'discovery.lua');
  return isFields(value) ? Object.entries(value).map(([name, entry]) => actionOf(name, entry)) : [];
}

function actionOf(name: string, entry: unknown): ResourceAction {
  const { displayName, iconClass, disabled, params } = isFields(entry) ? entry : {};
  return {
    name,
    ...(typeof displayName === 'string' ? { displayName } : {}),
    ...(typeof iconClass === 'string' ? { iconClass } : {}),
    ...(disabled === true ? { disabled } : {}),
    ...(Array.isArray(params) ? { params: params.filter(isFields).map(parameterOf) } : {}),
  };
}

function parameterOf(entry: Readonly<Record<string, unknown>>): ActionParameter {
  const { name, type, default: value } = entry;
  return {
    name: String(name),
    ...(typeof type === 'string' ? { type } : {}),
    ...(value === undefined ? {} : { default: String(value) }),
  };
}

/**
 * The answer of `action.lua`: the changed object, or a list of `{operation, resource}`. Empty tables are what they were
 * in the live object; new ones are objects in what is created and nothing in what is patched. @throws GitOpsError InvalidSpec for anything else.
 */
export function impactOfAnswer(answer: ScriptAnswer, live: KubernetesObject): readonly ImpactedResource[] {
  const value = tableOf(answer, 'action.lua');
  if (Array.isArray(value)) return value.map((entry: unknown) => impactOf(entry, live));
  return isFields(value) ? [impactOf({ operation: 'patch', resource: value }, live)] : [];
}

function impactOf(entry: unknown, live: KubernetesObject): ImpactedResource {
  const operation = valueAt(entry, 'operation');
  const resource = valueAt(entry, 'resource');
  if (operation !== 'create' && operation !== 'patch') {
    throw new GitOpsError(
      'InvalidSpec',
      `the action asks for the operation ${String(operation)}; create and patch are known`,
    );
  }
  const named =
    isObject(resource) && (operation === 'patch' || resource.metadata.name || resource.metadata.generateName);
  if (!named)
    throw new GitOpsError('InvalidSpec', 'the action returned no object with apiVersion, kind and metadata.name');
  if (operation === 'create') return { operation, resource: settled(resource, undefined, {}) as KubernetesObject };
  return { operation, resource: settled(resource, live, undefined) as KubernetesObject };
}

function isObject(value: unknown): value is KubernetesObject {
  return (
    isFields(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isFields(value['metadata'])
  );
}

/**
 * Replaces the tables of which Lua cannot say whether they are lists: what was there before decides, else `unknown` is taken;
 * undefined leaves the field out.
 */
function settled(value: unknown, before: unknown, unknown: object | undefined): unknown {
  if (typeof value === 'symbol') return emptyAs(before) ?? unknown;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      settled(item, Array.isArray(before) ? before[index] : undefined, unknown ?? {}),
    );
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(
    ([name, item]) => [name, settled(item, valueAt(before, name), unknown)] as const,
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function emptyAs(before: unknown): object | undefined {
  if (Array.isArray(before)) return [];
  return isFields(before) ? {} : undefined;
}

function tableOf(answer: ScriptAnswer, script: string): unknown {
  if (!answer.ok) throw new GitOpsError('InvalidSpec', `${script} failed: ${answer.message}`);
  if (answer.type === 'table') return answer.value;
  throw new GitOpsError('InvalidSpec', `${script}: expect table output from Lua script, not ${answer.type}`);
}
