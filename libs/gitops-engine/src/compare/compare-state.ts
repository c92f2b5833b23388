/** The comparison of an application: every resource with its sync status and health, and what follows for the whole. */
import {
  ANNOTATIONS,
  type ApplicationCondition,
  groupKindString,
  type HealthStatus,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyString,
  type SyncStatusCode,
  versionOf,
} from '@tiphys/model';
import { type DiffOptions, diffResource } from '../diff/diff-resource.js';
import { aggregateHealth } from '../health/aggregate-health.js';
import { assessHealth } from '../health/assess-health.js';
import { compileIgnoreDifferences, type IgnoreRules } from '../normalize/ignore-differences.js';
import { hookTypesOf, isSkipped, syncWaveOf } from '../sync/hooks.js';
import { withManagedNamespace } from './managed-namespace.js';
import { annotationList, hasAnnotationOption } from './metadata.js';
import { pairResources, type ResourcePair } from './pair-resources.js';
import { prepareTargets } from './prepare-targets.js';
import { instanceNameOf } from './tracking.js';
import type { ComparisonInput, ComparisonResult, DiffResult, ManagedResource } from './types.js';

/** What all resources of one comparison share. */
interface Context {
  readonly input: ComparisonInput;
  readonly ignoreRules: IgnoreRules;
  /** False: Git was not read completely; nothing may be called extraneous (design 9). */
  readonly complete: boolean;
}

/**
 * Compares the target state with the live state. Resources whose verdict is `unsure` are Unknown and listed in `unsure`
 * until a second call brings the dry runs' answers in `predicted`.
 */
export function compareState(input: ComparisonInput): ComparisonResult {
  const prepared = input.prepared ?? prepareTargets(input);
  const namespaced = withManagedNamespace(prepared.targets, input);
  const ignoreRules = compileIgnoreDifferences([...input.settings.ignoreDifferences, ...input.ignoreDifferences]);
  const context: Context = { input, ignoreRules, complete: prepared.complete };
  const resources = pairResources(namespaced.targets, input).map((pair) => compareResource(pair, context));
  const asked = resources.filter(
    ({ diff, unreadable, target }) => diff.verdict === 'unsure' && !unreadable && !isLeftAlone(target),
  );
  return {
    syncStatus: prepared.complete ? syncStatusOf(resources) : 'Unknown',
    health: aggregateHealth(resources, { previous: input.previousHealth, now: input.now, self: input.self }),
    resources,
    unsure: asked.map(({ key }) => key),
    conditions: [...prepared.conditions, ...namespaced.conditions, ...conditionsOf(resources, context)],
  };
}

function compareResource(pair: ResourcePair, context: Context): ManagedResource {
  const { key, live, unreadable } = pair;
  const target = pair.target?.object;
  const object = target ?? live;
  const hooks = object === undefined ? [] : hookTypesOf(object);
  const isHook = hooks.length > 0;
  const diff = isHook ? sameState(live) : diffResource(target, live, diffOptions(pair, context));
  return {
    key,
    version: object === undefined ? '' : versionOf(object.apiVersion),
    target,
    live,
    origin: pair.target?.origin,
    status: statusOf({ diff, unreadable, isIgnored: isHook || isLeftAlone(target), complete: context.complete }),
    health: healthOf(pair, { isHook, context }),
    diff,
    hooks,
    syncWave: object === undefined ? 0 : syncWaveOf(object),
    requiresPruning: !isHook && mayPrune(pair, context),
    requiresDeletionConfirmation: [target, live].some(needsConfirmation),
    unreadable,
  };
}

/** `hook: Skip` in Git (D03): shown with its differences, but nothing is out of sync by it. */
function isLeftAlone(target: KubernetesObject | undefined): boolean {
  return target !== undefined && isSkipped(target);
}

/** Live without a target, when both Git and the cluster could be read (design 9). */
function mayPrune({ target, live, unreadable }: ResourcePair, { complete }: Context): boolean {
  return complete && !unreadable && target === undefined && live !== undefined;
}

/** Hooks run; they are not kept equal. */
function sameState(live: KubernetesObject | undefined): DiffResult {
  const nothing = { differences: [], unsureBecause: [], drift: [] };
  return { ...nothing, verdict: 'equal', normalizedLive: live, predictedLive: live };
}

function diffOptions({ key, target, live }: ResourcePair, { input, ignoreRules }: Context): DiffOptions {
  const predicted = input.predicted.get(resourceKeyString(key));
  const option = (name: string) => hasCompareOption(name, { input, objects: [target?.object, live] });
  return {
    settings: input.settings,
    ignoreDifferences: input.ignoreDifferences,
    ignoreRules,
    alwaysAsk:
      (option('ServerSideDiff=true') || input.settings.serverSideDiff === true) && !option('ServerSideDiff=false'),
    keepWebhookChanges: option('IncludeMutationWebhook=true'),
    ...(predicted !== undefined && { predicted }),
  };
}

function hasCompareOption(
  name: string,
  { input, objects }: { readonly input: ComparisonInput; readonly objects: readonly (KubernetesObject | undefined)[] },
): boolean {
  const options = objects.flatMap((object) => (object ? annotationList(object, ANNOTATIONS.compareOptions) : []));
  return options.includes(name) || (input.compareOptions ?? []).includes(name);
}

function statusOf(resource: {
  readonly diff: DiffResult;
  readonly unreadable: boolean;
  /** A hook, or not to be applied: it is as Git wants it. */
  readonly isIgnored: boolean;
  readonly complete: boolean;
}): SyncStatusCode {
  if (resource.unreadable || !resource.complete) return 'Unknown';
  if (resource.isIgnored || resource.diff.verdict === 'equal') return 'Synced';
  return resource.diff.verdict === 'unsure' ? 'Unknown' : 'OutOfSync';
}

function healthOf(
  { key, live, unreadable }: ResourcePair,
  { isHook, context }: { readonly isHook: boolean; readonly context: Context },
): HealthStatus | undefined {
  if (unreadable) {
    const reason = context.input.unreadable.get(groupKindString(key)) ?? 'the kind cannot be read';
    return { status: 'Unknown', message: reason };
  }
  if (live !== undefined) return assessHealth(live, context.input.healthOverrides);
  return isHook ? undefined : { status: 'Missing' };
}

/** `Prune=confirm` and `Delete=confirm` (D19, D20). */
function needsConfirmation(object: KubernetesObject | undefined): boolean {
  const has = (option: string) => hasAnnotationOption(object, ANNOTATIONS.syncOptions, option);
  return has('Prune=confirm') || has('Delete=confirm');
}

/** OutOfSync wins over Unknown: what is known to differ can be synced. Hooks and ignored extras (C14) do not count. */
function syncStatusOf(resources: readonly ManagedResource[]): SyncStatusCode {
  const counted = resources.filter((resource) => resource.hooks.length === 0 && !isIgnoredExtra(resource));
  if (counted.some(({ status }) => status === 'OutOfSync')) return 'OutOfSync';
  return counted.some(({ status }) => status === 'Unknown') ? 'Unknown' : 'Synced';
}

function isIgnoredExtra({ requiresPruning, live }: ManagedResource): boolean {
  return requiresPruning && hasAnnotationOption(live, ANNOTATIONS.compareOptions, 'IgnoreExtraneous');
}

function conditionsOf(resources: readonly ManagedResource[], context: Context): readonly ApplicationCondition[] {
  const { input, ignoreRules } = context;
  const shared = resources.flatMap((resource) => sharedWarning(resource, input));
  const refused = resources.flatMap((resource) => refusedDryRun(resource, input));
  const affected = new Set(resources.filter(({ unreadable }) => unreadable).map(({ key }) => groupKindString(key)));
  const unreadable = [...affected].sort().map((kind) => ({
    type: 'ComparisonError' as const,
    message: `Resources of kind ${kind} cannot be read: ${input.unreadable.get(kind) ?? 'unknown reason'}. Their status is Unknown and none of them is pruned until they can be read again.`,
  }));
  const problems = ignoreRules.problems.map((message) => ({ type: 'ComparisonError' as const, message }));
  return [...problems, ...unreadable, ...refused, ...shared];
}

function sharedWarning({ key, live }: ManagedResource, input: ComparisonInput): readonly ApplicationCondition[] {
  const other = live === undefined ? undefined : instanceNameOf(live, input.settings);
  if (other === undefined || other === input.instanceName) return [];
  const message = `${key.kind}/${key.name} is part of applications ${qualified(input.instanceName)} and ${qualified(other)}. Keep it in one of them.`;
  return [{ type: 'SharedResourceWarning', message }];
}

/** `<namespace>_<name>` of a tracking id to the form that users know. */
function qualified(instanceName: string): string {
  return instanceName.replaceAll('_', '/');
}

function refusedDryRun({ key, diff }: ManagedResource, input: ComparisonInput): readonly ApplicationCondition[] {
  const error = input.predicted.get(resourceKeyString(key))?.error;
  if (error === undefined || diff.verdict !== 'different') return [];
  return [{ type: 'ComparisonError', message: `The API server refused a dry run of ${describe(key)}: ${error}` }];
}

function describe({ kind, namespace, name }: ResourceKey): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
