/** Deleting an application's resources with it (A22, D20, D51): last wave first, one batch at a time, then the finalizer. */
import {
  ANNOTATIONS,
  FINALIZERS,
  GROUP,
  groupVersionKindOf,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyOf,
} from '@tiphys/model';
import { isHook, syncWaveOf } from './hooks.js';
import { kindOrder } from './kind-order.js';
import { namesAnotherApplication } from './plan-sync.js';
import { parseSyncOptions } from './sync-options.js';

export type CascadeMode = 'foreground' | 'background';

export interface CascadeInput {
  /** Application name as in tracking ids. */
  readonly instanceName: string;
  /** The live objects that are tracked by the application. Others are never touched. */
  readonly live: readonly KubernetesObject[];
  readonly mode: CascadeMode;
  readonly syncOptions: readonly string[];
  /** `deletion-approved` of the Application and its deletionTimestamp, RFC 3339. */
  readonly deletionApprovedAt: string | undefined;
  readonly deletionRequestedAt: string;
  /** The Application itself, in case it manages itself. */
  readonly self: { readonly namespace: string; readonly name: string };
  /** What the project permits; anything else is kept. */
  readonly isPermitted?: (key: ResourceKey) => boolean;
}

export type CascadeStep =
  /** Delete these, in this order, with the propagation given; then read again. */
  | {
      readonly kind: 'delete';
      readonly objects: readonly KubernetesObject[];
      readonly propagationPolicy: 'Foreground' | 'Background';
    }
  | { readonly kind: 'wait'; readonly reason: string; readonly objects: readonly KubernetesObject[] }
  /** Nothing is left to delete: remove the finalizer. `kept`: live objects that stay, by option or rule. */
  | { readonly kind: 'complete'; readonly kept: readonly KubernetesObject[] };

/** How to cascade, from the Application's finalizers; `undefined`: resources stay. */
export function cascadeModeOf(finalizers: readonly string[] | undefined): CascadeMode | undefined {
  if (finalizers === undefined) return undefined;
  if (finalizers.includes(FINALIZERS.resourcesBackground)) return 'background';
  const foreground = finalizers.includes(FINALIZERS.resources) || finalizers.includes(FINALIZERS.resourcesForeground);
  return foreground ? 'foreground' : undefined;
}

/**
 * The next step of a cascading deletion. Never deletes CRDs, the application itself, objects with `Delete=false`, or an
 * object whose tracking id names another application. `Delete=confirm` holds everything until it is approved.
 */
export function planCascadeDeletion(input: CascadeInput): CascadeStep {
  const doomed = cascadeObjects(input);
  const kept = input.live.filter((object) => !doomed.includes(object));
  if (doomed.length === 0) return { kind: 'complete', kept };
  const unconfirmed = isApproved(input) ? [] : doomed.filter((object) => optionOf(object, input) === 'confirm');
  if (unconfirmed.length > 0) {
    const reason = `waiting for confirmation to delete ${names(unconfirmed)}: set ${ANNOTATIONS.deletionApproved} to the time now`;
    return { kind: 'wait', reason, objects: unconfirmed };
  }
  const batch = lastBatch(doomed);
  const objects = batch.filter((object) => object.metadata.deletionTimestamp === undefined);
  if (objects.length === 0) return { kind: 'wait', reason: `waiting for deletion of ${names(batch)}`, objects: batch };
  return { kind: 'delete', objects, propagationPolicy: input.mode === 'foreground' ? 'Foreground' : 'Background' };
}

/** Everything that the deletion takes with it. */
export function cascadeObjects(input: CascadeInput): readonly KubernetesObject[] {
  return input.live.filter((object) => isDeleted(object, input));
}

function isDeleted(object: KubernetesObject, input: CascadeInput): boolean {
  const { group, kind } = groupVersionKindOf(object);
  const { namespace = '', name = '' } = object.metadata;
  if (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') return false;
  const isSelf = name === input.self.name && namespace === input.self.namespace;
  if (group === GROUP && kind === 'Application' && isSelf) return false;
  if (namesAnotherApplication(object, input.instanceName)) return false;
  if (optionOf(object, input) === false) return false;
  return input.isPermitted?.(resourceKeyOf(object)) !== false;
}

function optionOf(object: KubernetesObject, { syncOptions }: CascadeInput): boolean | 'confirm' {
  return parseSyncOptions(syncOptions, object).delete;
}

function isApproved({ deletionApprovedAt, deletionRequestedAt }: CascadeInput): boolean {
  return deletionApprovedAt !== undefined && Date.parse(deletionApprovedAt) >= Date.parse(deletionRequestedAt);
}

/**
 * The highest wave, reverse kind order. A namespace waits for the rest of its wave, since it takes all it holds with it, and
 * a project for the Applications, which cannot be deleted without it.
 */
function lastBatch(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const waveOf = (object: KubernetesObject) => (isHook(object) ? Number.MAX_SAFE_INTEGER : syncWaveOf(object));
  const last = Math.max(...objects.map(waveOf));
  const wave = objects.filter((object) => waveOf(object) === last);
  const turn = Math.min(...wave.map(turnOf));
  const batch = wave.filter((object) => turnOf(object) === turn);
  return [...batch].sort((a, b) => kindOrder(b.kind) - kindOrder(a.kind) || compareNames(a, b));
}

function turnOf(object: KubernetesObject): number {
  if (object.apiVersion === 'v1' && object.kind === 'Namespace') return 2;
  return object.kind === 'AppProject' && groupVersionKindOf(object).group === GROUP ? 1 : 0;
}

function compareNames(a: KubernetesObject, b: KubernetesObject): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name ?? ''}`;
}

function names(objects: readonly KubernetesObject[]): string {
  const [first] = objects;
  const more = objects.length > 1 ? ` and ${objects.length - 1} more objects` : '';
  return first === undefined ? '' : `${nameOf(first)}${more}`;
}
