/** Between a CRD's Established condition and the API server serving its kind lie some moments: wait for them, do not fail (D17). */
import { setTimeout as delay } from 'node:timers/promises';
import type { SyncTask } from '@tiphys/gitops-engine';
import { type GroupKindString, groupKindString, type KubernetesObject } from '@tiphys/model';
import type { StepContext } from './execute-step.js';

const ATTEMPTS = 40;
const PAUSE_MS = 250;

/**
 * Resolves when every kind of the step that a CRD of the same plan defines is served, or after ten seconds: what is still
 * unknown then fails as any unknown kind does. Kinds that no CRD of the plan defines are not waited for.
 */
export async function awaitKinds(
  step: readonly SyncTask[],
  plan: readonly SyncTask[],
  context: StepContext,
): Promise<void> {
  const { discovery } = context.cluster.cache;
  const defined = new Set(plan.flatMap(({ object }) => definedKind(object)));
  const isMissing = ({ key }: SyncTask): boolean =>
    defined.has(groupKindString(key)) && discovery.resolve(key) === undefined;
  for (let attempt = 0; attempt < ATTEMPTS && step.some(isMissing); attempt++) {
    if (attempt > 0) await delay(PAUSE_MS, undefined, { signal: context.signal });
    await discovery.refresh(context.signal);
  }
}

function definedKind(object: KubernetesObject): readonly GroupKindString[] {
  if (object.kind !== 'CustomResourceDefinition') return [];
  const spec = object['spec'] as { readonly group?: string; readonly names?: { readonly kind?: string } } | undefined;
  const { group = '', names } = spec ?? {};
  return names?.kind === undefined ? [] : [groupKindString({ group, kind: names.kind })];
}
