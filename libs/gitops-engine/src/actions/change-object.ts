/** Changed copies of live objects. */
import type { KubernetesObject } from '@tiphys/model';
import { isFields } from '../health/fields.js';

/** A copy with `value` at the path; objects on the way are made where they are missing. `undefined` removes the field. */
export function withField(live: KubernetesObject, path: readonly string[], value: unknown): KubernetesObject {
  return changed(live, path, value) as KubernetesObject;
}

export function withAnnotation(live: KubernetesObject, name: string, value: string | undefined): KubernetesObject {
  return withField(live, ['metadata', 'annotations', name], value);
}

function changed(from: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const before = isFields(from) ? from : {};
  if (value === undefined && !(name in before)) return before;
  const { [name]: old, ...others } = before;
  const after = changed(old, rest, value);
  return after === undefined ? others : { ...others, [name]: after };
}

/** `<name>-<minute>`, as `create-job` names what it creates. */
export function nameWithMinute(name: string, now: Date): string {
  return `${name}-${now.toISOString().replace(/\D/g, '').slice(0, 12)}`;
}
