/** Secret values never leave the controller: every value becomes the same run of `+` (C15). */
import type { KubernetesObject } from '@tiphys/model';

const MASK = '++++++++';

export function masked(object: KubernetesObject | undefined): KubernetesObject | undefined {
  if (object?.kind !== 'Secret' || object.apiVersion !== 'v1') return object;
  const hide = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.keys(value).map((key) => [key, MASK]))
      : value;
  return { ...object, data: hide(object['data']), stringData: hide(object['stringData']) };
}
