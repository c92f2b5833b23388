/** From the comparison to the ordered list of tasks of a sync: phase, wave, kind, name (D01-D17, D30). */
import {
  ANNOTATIONS,
  FINALIZERS,
  type HookType,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyOf,
  type SyncPhase,
  versionOf,
} from '@tiphys/model';
import { instanceNameOf } from '../compare/tracking.js';
import type { ManagedResource } from '../compare/types.js';
import { withIgnoredFields } from '../normalize/respect-ignored.js';
import { hookDeletePoliciesOf, isHook, isSkipped, syncPhasesOf, syncWaveOf } from './hooks.js';
import { bringDependenciesForward, placePrunes, sortTasks } from './order-tasks.js';
import { missingPrerequisites } from './prerequisites.js';
import { SYNC_MESSAGES } from './sync-messages.js';
import { parseSyncOptions } from './sync-options.js';
import type { PlanSyncInput, SyncPlanRequest, SyncTask } from './types.js';

/** Marks which attempt of which operation created a hook: `<startedAt>/<attempt>`. */
export const HOOK_OPERATION_ANNOTATION = 'tiphys.dev/sync-operation';

/**
 * The tasks of a sync in the order of their execution. Made again from fresh live state on every turn: what is done
 * already shows as unchanged or is gone. Never prunes what is unreadable, protected or another application's.
 */
export function planSync({ resources, request }: PlanSyncInput): readonly SyncTask[] {
  const selected = resources.filter((resource) => isSelected(resource, request));
  const tasks = [...namespaceTask(resources, request), ...selected.flatMap((resource) => tasksOf(resource, request))];
  const ordered = sortTasks(bringDependenciesForward(sortTasks(placePrunes(tasks))));
  const lacksPrerequisite = missingPrerequisites(ordered);
  return ordered.map((task) => ({ ...task, skipDryRun: task.skipDryRun || lacksPrerequisite(task) }));
}

function isSelected(resource: ManagedResource, request: SyncPlanRequest): boolean {
  const object = resource.target ?? resource.live;
  if (object === undefined || isSkipped(object)) return false;
  if (isHook(object)) return !request.applyOnly && request.selects === undefined && resource.target !== undefined;
  return request.selects === undefined || request.selects(resource.key);
}

function tasksOf(resource: ManagedResource, request: SyncPlanRequest): readonly SyncTask[] {
  const { target, live } = resource;
  if (target === undefined) return live === undefined ? [] : [pruneTask(resource, live, request)];
  if (!isHook(target)) return [applyTask(resource, target, request)];
  return syncPhasesOf(target).map((phase) => hookTask(resource, { target, phase }, request));
}

function baseTask(key: ResourceKey, object: KubernetesObject, request: SyncPlanRequest) {
  return {
    key,
    version: versionOf(object.apiVersion),
    phase: 'Sync',
    wave: syncWaveOf(object),
    object,
    options: forced(parseSyncOptions(request.syncOptions, object), request),
    hookType: undefined,
    hookDeletePolicies: [],
    unchangedResult: undefined,
    awaitsConfirmation: false,
    beforeDryRun: false,
    skipDryRun: false,
    sharedWith: undefined,
    dryRunOnly: request.dryRun,
  } as const;
}

function forced(options: SyncTask['options'], request: SyncPlanRequest): SyncTask['options'] {
  return request.force ? { ...options, force: true } : options;
}

function applyTask(resource: ManagedResource, target: KubernetesObject, request: SyncPlanRequest): SyncTask {
  const base = baseTask(resource.key, target, request);
  // Asked to be replaced by force: written also when equal, as Argo CD does.
  const asked = base.options.replace && base.options.force;
  const changed = resource.status !== 'Synced' || resource.live === undefined || asked;
  return {
    ...base,
    kind: 'apply',
    object: respected(target, resource.live, { options: base.options, request }),
    live: resource.live,
    changed,
    unchangedResult: changed ? undefined : { code: 'Synced', message: SYNC_MESSAGES.unchanged },
    beforeDryRun: resource.live === undefined && isDestinationNamespace(resource.key, request),
    skipDryRun: asked && resource.live !== undefined,
    sharedWith: base.options.failOnSharedResource ? otherOwner(resource.live, request) : undefined,
  };
}

/** D29 */
function respected(
  target: KubernetesObject,
  live: KubernetesObject | undefined,
  { options, request }: { readonly options: SyncTask['options']; readonly request: SyncPlanRequest },
): KubernetesObject {
  if (!options.respectIgnoreDifferences || live === undefined || request.ignoreRules === undefined) return target;
  return withIgnoredFields(target, live, request.ignoreRules);
}

function isDestinationNamespace({ group, kind, name }: ResourceKey, request: SyncPlanRequest): boolean {
  return group === '' && kind === 'Namespace' && name !== '' && name === request.destinationNamespace;
}

function pruneTask(resource: ManagedResource, live: KubernetesObject, request: SyncPlanRequest): SyncTask {
  const base = baseTask(resource.key, live, request);
  const unchangedResult = pruneRefusal(resource, live, { request, prune: base.options.prune });
  const confirmed =
    request.deletionApprovedAt !== undefined &&
    Date.parse(request.deletionApprovedAt) >= Date.parse(request.operationStartedAt);
  return {
    ...base,
    kind: 'prune',
    live,
    changed: unchangedResult === undefined,
    unchangedResult,
    awaitsConfirmation: unchangedResult === undefined && base.options.prune === 'confirm' && !confirmed,
    skipDryRun: true,
  };
}

interface PruneContext {
  readonly request: SyncPlanRequest;
  readonly prune: boolean | 'confirm';
}

/** Why an object is not deleted; `undefined`: it is. */
function pruneRefusal(
  resource: ManagedResource,
  live: KubernetesObject,
  { request, prune }: PruneContext,
): SyncTask['unchangedResult'] {
  const skipped = (message: string) => ({ code: 'PruneSkipped', message }) as const;
  if (resource.unreadable || !resource.requiresPruning || !request.prune) return skipped(SYNC_MESSAGES.requiresPruning);
  if (prune === false) return skipped(SYNC_MESSAGES.noPrune);
  if (otherOwner(live, request) !== undefined) return skipped(SYNC_MESSAGES.foreignPrune);
  if (live.metadata.deletionTimestamp !== undefined) return { code: 'Pruned', message: SYNC_MESSAGES.pruned };
  return undefined;
}

/** True when the tracking id says that another application owns the object. */
export function namesAnotherApplication(live: KubernetesObject, instanceName: string): boolean {
  return otherOwner(live, { instanceName }) !== undefined;
}

/** The tracking id counts whatever the tracking method is; besides it, the mark of the method. */
function otherOwner(
  live: KubernetesObject | undefined,
  { instanceName, tracking }: Pick<SyncPlanRequest, 'instanceName' | 'tracking'>,
): string | undefined {
  if (live === undefined) return undefined;
  const identified = live.metadata.annotations?.[ANNOTATIONS.trackingId]?.split(':', 1)[0];
  const marked = tracking === undefined ? undefined : instanceNameOf(live, tracking);
  return [identified, marked].find((owner) => owner !== undefined && owner !== instanceName);
}

interface HookRun {
  readonly target: KubernetesObject;
  readonly phase: SyncPhase;
}

function hookTask(resource: ManagedResource, { target, phase }: HookRun, request: SyncPlanRequest): SyncTask {
  const object = hookObject(target, phase, request);
  const key = { ...resource.key, name: object.metadata.name ?? '' };
  const live = key.name === resource.key.name ? resource.live : undefined;
  const hookType: HookType = phase;
  return {
    ...baseTask(key, object, request),
    kind: 'apply',
    phase,
    live,
    hookType,
    hookDeletePolicies: hookDeletePoliciesOf(target),
    changed: true,
    skipDryRun: live !== undefined,
  };
}

/** The hook as it is written: a name, our finalizer (D06), the mark of this attempt. */
function hookObject(target: KubernetesObject, phase: SyncPhase, request: SyncPlanRequest): KubernetesObject {
  const { metadata } = target;
  const finalizers = metadata.finalizers ?? [];
  const name = metadata.name || generatedName(metadata.generateName ?? '', phase, request);
  const annotations = { ...metadata.annotations, ...trackingOf(target, name), ...markOf(request) };
  return {
    ...target,
    metadata: {
      ...metadata,
      name,
      finalizers: finalizers.includes(FINALIZERS.hook) ? finalizers : [...finalizers, FINALIZERS.hook],
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  };
}

/** A tracking id made before the name was known ends with a slash; without its name the object would not be ours. */
function trackingOf({ metadata }: KubernetesObject, name: string): Readonly<Record<string, string>> {
  const trackingId = metadata.annotations?.[ANNOTATIONS.trackingId];
  return trackingId?.endsWith('/') === true ? { [ANNOTATIONS.trackingId]: `${trackingId}${name}` } : {};
}

function generatedName(prefix: string, phase: SyncPhase, request: SyncPlanRequest): string {
  const seconds = Math.floor(Date.parse(request.operationStartedAt) / 1000);
  return `${prefix}${`${(request.revision ?? '').slice(0, 7)}-${phase}-${seconds}`.toLowerCase()}`;
}

function markOf({ attempt, operationStartedAt }: SyncPlanRequest): Readonly<Record<string, string>> {
  return attempt === undefined ? {} : { [HOOK_OPERATION_ANNOTATION]: hookMark(operationStartedAt, attempt) };
}

/** Value of {@link HOOK_OPERATION_ANNOTATION}. */
export function hookMark(operationStartedAt: string, attempt: number | string): string {
  return `${operationStartedAt}/${attempt}`;
}

/** D30: the namespace is created or its metadata set first. A Namespace in Git wins. */
function namespaceTask(resources: readonly ManagedResource[], request: SyncPlanRequest): readonly SyncTask[] {
  const { namespace, namespaceLive } = request;
  if (namespace === undefined) return [];
  const key = resourceKeyOf(namespace);
  const inGit = resources.some(
    ({ key: other, target }) =>
      target !== undefined && other.kind === 'Namespace' && other.group === '' && other.name === key.name,
  );
  if (inGit || (namespaceLive !== undefined && hasMetadata(namespaceLive, namespace))) return [];
  const task: SyncTask = {
    ...baseTask(key, namespace, request),
    kind: 'apply',
    phase: 'PreSync',
    live: namespaceLive,
    changed: true,
    beforeDryRun: true,
  };
  return [task];
}

function hasMetadata(live: KubernetesObject, wanted: KubernetesObject): boolean {
  const has = (from: Readonly<Record<string, string>> = {}, part: Readonly<Record<string, string>> = {}) =>
    Object.entries(part).every(([name, value]) => from[name] === value);
  return (
    has(live.metadata.labels, wanted.metadata.labels) && has(live.metadata.annotations, wanted.metadata.annotations)
  );
}
