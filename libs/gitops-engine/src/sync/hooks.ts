/** Hook annotations (D01-D06) and their Helm forms (B12, B13): types, delete policies, waves. */
import {
  ANNOTATIONS,
  HOOK_DELETE_POLICIES,
  HOOK_TYPES,
  type HookDeletePolicy,
  type HookType,
  type KubernetesObject,
  SYNC_PHASES,
  type SyncPhase,
} from '@tiphys/model';

type Annotated = Pick<KubernetesObject, 'metadata'>;

const HELM_HOOKS: Readonly<Record<string, HookType>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'pre-delete': 'PreDelete',
  'post-delete': 'PostDelete',
};
const HELM_POLICIES: Readonly<Record<string, HookDeletePolicy>> = {
  'before-hook-creation': 'BeforeHookCreation',
  'hook-succeeded': 'HookSucceeded',
  'hook-failed': 'HookFailed',
};

/** Types of a hook, without duplicates. Empty for ordinary resources (`hook: Skip` too) and for hooks with no known type. */
export function hookTypesOf(object: Annotated): readonly HookType[] {
  return namedTypes(object).filter((type) => type !== 'Skip');
}

/**
 * True for an object that is a hook and no ordinary resource, also one whose annotation names no known type: such an
 * object (for example a Helm test) is never applied. `hook: Skip` is no hook (D03), nor is Helm 2's `crd-install`.
 */
export function isHook(object: Annotated): boolean {
  if (object.metadata.annotations?.[ANNOTATIONS.hook] !== undefined) return !isSkipped(object);
  const helm = object.metadata.annotations?.[ANNOTATIONS.helmHook];
  return helm !== undefined && helm.trim() !== 'crd-install';
}

/**
 * `hook: Skip` and no other type: shown as an ordinary resource, never applied. As long as it is in Git it counts neither
 * in the sync status nor in the health of its application, as in Argo CD (D03).
 */
export function isSkipped(object: Annotated): boolean {
  const types = namedTypes(object);
  return types.length === 1 && types[0] === 'Skip';
}

/** Phases of a sync in which the object runs: an ordinary resource in `Sync`, a hook in those it names. */
export function syncPhasesOf(object: Annotated): readonly SyncPhase[] {
  if (isSkipped(object)) return [];
  if (!isHook(object)) return ['Sync'];
  return SYNC_PHASES.filter((phase) => hookTypesOf(object).includes(phase));
}

/** `BeforeHookCreation` when none is given or none is valid (D05). */
export function hookDeletePoliciesOf(object: Annotated): readonly HookDeletePolicy[] {
  const argo = (listOf(object, ANNOTATIONS.hookDeletePolicy) ?? []).filter(isDeletePolicy);
  const helm = (listOf(object, ANNOTATIONS.helmHookDeletePolicy) ?? []).flatMap((name) => HELM_POLICIES[name] ?? []);
  const policies = argo.length > 0 ? argo : helm;
  return policies.length === 0 ? ['BeforeHookCreation'] : unique(policies);
}

/** Wave of an object (D09): the annotation, else the weight of a Helm hook, else 0. */
export function syncWaveOf(object: Annotated): number {
  const annotations = object.metadata.annotations ?? {};
  return integer(annotations[ANNOTATIONS.syncWave]) ?? integer(annotations[ANNOTATIONS.helmHookWeight]) ?? 0;
}

/** Argo CD's annotation wins over Helm's. */
function namedTypes(object: Annotated): readonly HookType[] {
  const argo = listOf(object, ANNOTATIONS.hook);
  if (argo !== undefined) return unique(argo.filter(isHookType));
  return unique((listOf(object, ANNOTATIONS.helmHook) ?? []).flatMap((name) => HELM_HOOKS[name] ?? []));
}

function integer(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^[+-]?\d{1,9}$/.test(trimmed) ? Number.parseInt(trimmed, 10) : undefined;
}

function listOf(object: Annotated, annotation: string): readonly string[] | undefined {
  const text = object.metadata.annotations?.[annotation];
  return text?.split(',').map((part) => part.trim());
}

function isHookType(text: string): text is HookType {
  return HOOK_TYPES.some((type) => type === text);
}

function isDeletePolicy(text: string): text is HookDeletePolicy {
  return HOOK_DELETE_POLICIES.some((policy) => policy === text);
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
