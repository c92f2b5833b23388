/** PreDelete and PostDelete hooks (D08): what to create, await, release and delete while an application is deleted. */
import {
  ANNOTATIONS,
  FINALIZERS,
  type HealthStatusCode,
  type KubernetesObject,
  type ResourceKeyString,
  resourceKeyOf,
  resourceKeyString,
} from '@tiphys/model';
import { assessHealth, type HealthOverrides } from '../health/assess-health.js';
import { hookDeletePoliciesOf, hookTypesOf, syncWaveOf } from './hooks.js';
import { HOOK_OPERATION_ANNOTATION, hookMark } from './plan-sync.js';

export const DELETE_HOOK_TYPES = ['PreDelete', 'PostDelete'] as const;
export type DeleteHookType = (typeof DELETE_HOOK_TYPES)[number];

type Live = ReadonlyMap<ResourceKeyString, KubernetesObject>;

export interface DeleteHooksInput {
  readonly type: DeleteHookType;
  /** Manifests of the application as Git has them now: namespaced, with tracking marks. Others than hooks are ignored. */
  readonly targets: readonly KubernetesObject[];
  /** Everything the application tracks, and whatever has the key of a target. */
  readonly live: Live;
  /** deletionTimestamp of the Application: tells hooks of this deletion from older objects of the same name. */
  readonly deletionRequestedAt: string;
  readonly healthOverrides?: HealthOverrides;
}

export type DeleteHooksStep =
  | { readonly kind: 'create'; readonly objects: readonly KubernetesObject[] }
  /** Take our finalizer off and delete, in the background. */
  | { readonly kind: 'delete'; readonly objects: readonly KubernetesObject[] }
  /** Take our finalizer off; they stay. */
  | { readonly kind: 'release'; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'wait'; readonly reason: string }
  /** Delete the objects, so that the next try, with what Git has then, makes them anew. */
  | { readonly kind: 'failed'; readonly message: string; readonly objects: readonly KubernetesObject[] }
  | { readonly kind: 'complete' };

/** Which delete hooks Git has: what the finalizers of the Application must say (A23). */
export function deleteHookTypesOf(targets: readonly KubernetesObject[]): readonly DeleteHookType[] {
  return DELETE_HOOK_TYPES.filter((type) => targets.some((target) => hookTypesOf(target).includes(type)));
}

interface Hook {
  readonly object: KubernetesObject;
  /** What this deletion has made of it. */
  readonly live: KubernetesObject | undefined;
  /** An object of the same key from before this deletion. */
  readonly old: KubernetesObject | undefined;
}

/** Wave after wave, each created at once and awaited until it is healthy; none runs twice in one deletion. */
export function planDeleteHooks(input: DeleteHooksInput): DeleteHooksStep {
  const hooks = hooksOf(input);
  const old = hooks.flatMap((hook) => hook.old ?? []);
  if (old.length > 0) return removal(old);
  const waves = [...new Set(hooks.map(({ object }) => syncWaveOf(object)))].sort((a, b) => a - b);
  for (const wave of waves) {
    const step = waveStep(
      hooks.filter(({ object }) => syncWaveOf(object) === wave),
      input,
    );
    if (step !== undefined) return step;
  }
  const held = hooks.flatMap(({ live }) => (live !== undefined && isHeld(live) ? [live] : []));
  return held.length > 0 ? { kind: 'release', objects: held } : { kind: 'complete' };
}

function waveStep(hooks: readonly Hook[], input: DeleteHooksInput): DeleteHooksStep | undefined {
  const missing = hooks.filter(({ live }) => live === undefined).map(({ object }) => object);
  if (missing.length > 0) return { kind: 'create', objects: missing };
  const live = hooks.flatMap((hook) => hook.live ?? []);
  const leaving = live.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (leaving.length > 0) return removal(leaving);
  const failed = live.filter((object) => healthOf(object, input) === 'Degraded');
  if (failed.length > 0) {
    const reasons = failed.map((object) => {
      const message = assessHealth(object, input.healthOverrides)?.message ?? '';
      return `${nameOf(object)}${message === '' ? '' : ` (${message})`}`;
    });
    return { kind: 'failed', message: `${input.type} hook(s) failed: ${reasons.join(', ')}`, objects: failed };
  }
  const running = live.filter((object) => healthOf(object, input) !== 'Healthy');
  return running.length === 0
    ? undefined
    : { kind: 'wait', reason: `waiting for ${input.type} hook(s) ${names(running)}` };
}

/** What is still held or not asked to go is deleted; after that it is awaited. */
function removal(objects: readonly KubernetesObject[]): DeleteHooksStep {
  const deletable = objects.filter((object) => object.metadata.deletionTimestamp === undefined || isHeld(object));
  if (deletable.length > 0) return { kind: 'delete', objects: deletable };
  return { kind: 'wait', reason: `waiting for deletion of hook(s) ${names(objects)}` };
}

/** True when this deletion has made one of the live objects. */
export function hasBegun({ type, live, deletionRequestedAt }: Omit<DeleteHooksInput, 'targets'>): boolean {
  const mark = hookMark(deletionRequestedAt, type);
  return [...live.values()].some(({ metadata }) => metadata.annotations?.[HOOK_OPERATION_ANNOTATION] === mark);
}

function hooksOf(input: DeleteHooksInput): readonly Hook[] {
  const mark = hookMark(input.deletionRequestedAt, input.type);
  const targets = input.targets.filter((target) => hookTypesOf(target).includes(input.type));
  return targets.map((target) => {
    const object = hookObject(target, input, mark);
    const found = input.live.get(resourceKeyString(resourceKeyOf(object)));
    const isOurs = found?.metadata.annotations?.[HOOK_OPERATION_ANNOTATION] === mark;
    return { object, live: isOurs ? found : undefined, old: isOurs ? undefined : found };
  });
}

function hookObject(target: KubernetesObject, input: DeleteHooksInput, mark: string): KubernetesObject {
  const { metadata } = target;
  const { type, deletionRequestedAt } = input;
  const seconds = Math.floor(Date.parse(deletionRequestedAt) / 1_000);
  const name = metadata.name || `${metadata.generateName ?? ''}${type.toLowerCase()}-${seconds}`;
  const trackingId = metadata.annotations?.[ANNOTATIONS.trackingId];
  const annotations = {
    ...metadata.annotations,
    ...(trackingId?.endsWith('/') === true ? { [ANNOTATIONS.trackingId]: `${trackingId}${name}` } : {}),
    [HOOK_OPERATION_ANNOTATION]: mark,
  };
  const finalizers = [...new Set([...(metadata.finalizers ?? []), FINALIZERS.hook])];
  return { ...target, metadata: { ...metadata, name, annotations, finalizers } };
}

/** Hook objects that are there, whether or not Git still has them, go as their delete policies say. */
export function planDeleteHookCleanup(
  input: Omit<DeleteHooksInput, 'targets' | 'deletionRequestedAt'>,
): DeleteHooksStep {
  const hooks = [...input.live.values()].filter((object) => hookTypesOf(object).includes(input.type));
  const isDegraded = hooks.some((object) => healthOf(object, input) === 'Degraded');
  const isHealthy = hooks.every((object) => healthOf(object, input) === 'Healthy');
  const doomed = hooks.filter((object) => {
    const policies = hookDeletePoliciesOf(object);
    return (policies.includes('HookFailed') && isDegraded) || (policies.includes('HookSucceeded') && isHealthy);
  });
  return doomed.length === 0 ? { kind: 'complete' } : removal(doomed);
}

/** A kind without a health check is healthy by being there. */
function healthOf(
  object: KubernetesObject,
  { healthOverrides }: Pick<DeleteHooksInput, 'healthOverrides'>,
): HealthStatusCode {
  return assessHealth(object, healthOverrides)?.status ?? 'Healthy';
}

function isHeld({ metadata }: KubernetesObject): boolean {
  return metadata.finalizers?.includes(FINALIZERS.hook) === true;
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name ?? ''}`;
}

function names(objects: readonly KubernetesObject[]): string {
  return objects.map(nameOf).join(', ');
}
