/** From a changed object to the patches that the API server gets. */
import type { KubernetesObject } from '@tiphys/model';
import { mergePatch } from '../status/status-patch.js';

export interface ActionPatch {
  /** Merge patch of everything but the status; undefined: nothing to write. */
  readonly main: Readonly<Record<string, unknown>> | undefined;
  /** Merge patch `{ status }` for the subresource, or for the object where the kind has none. */
  readonly status: Readonly<Record<string, unknown>> | undefined;
}

/** What a script could not see (managedFields, nulls) or not keep exactly (long integers) is no change. */
export function actionPatch(live: KubernetesObject, changed: KubernetesObject): ActionPatch {
  const patch = mergePatch(visible(live) as object, visible(changed) as object) ?? {};
  const { status, ...main } = patch;
  return {
    main: Object.keys(main).length === 0 ? undefined : main,
    status: status === undefined ? undefined : { status },
  };
}

function visible(value: unknown, name?: string): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item: unknown) => visible(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, item]) => item != null && !(name === 'metadata' && key === 'managedFields'),
  );
  return Object.fromEntries(entries.map(([key, item]) => [key, visible(item, key)]));
}
