/** Container images that an object names: its pod template's, or its own when it is a pod. */
import type { KubernetesObject } from '@tiphys/model';
import { listAt, textAt, valueAt } from '../health/fields.js';

const POD_SPECS: readonly (readonly string[])[] = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
];

/** Sorted, each once. */
export function imagesOf(object: KubernetesObject): readonly string[] {
  const paths = object.kind === 'Pod' ? [['spec']] : POD_SPECS;
  const specs = paths.map((path) => valueAt(object, ...path));
  const containers = specs.flatMap((spec) => [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')]);
  return [...new Set(containers.flatMap((container) => textAt(container, 'image') ?? []))].sort();
}
