/** Actions that many kinds share: a field or an annotation is set. */
import { GitOpsError, type KubernetesObject, kubernetesTime } from '@tiphys/model';
import { valueAt } from '../../health/fields.js';
import { withAnnotation, withField } from '../change-object.js';
import type { BuiltInAction } from '../types.js';

export type Path = readonly string[];

/** Sets a field; disabled while the field has that value. */
export function setField(name: string, path: Path, value: unknown): BuiltInAction {
  return {
    name,
    isDisabled: (live) => valueAt(live, ...path) === value,
    run: (live) => withField(live, path, value),
  };
}

/** A pair of actions around a boolean field: on is offered while it is off, and the other way round. */
export function toggle(on: string, off: string, path: Path): readonly BuiltInAction[] {
  return [
    {
      ...{ name: on, iconClass: 'fa fa-fw fa-pause' },
      isDisabled: (live) => isTrue(live, path),
      run: (live) => withField(live, path, true),
    },
    {
      ...{ name: off, iconClass: 'fa fa-fw fa-play' },
      isDisabled: (live) => !isTrue(live, path),
      run: (live) => (isTrue(live, path) ? withField(live, path, false) : live),
    },
  ];
}

/** What is disabled is not shown at all, as some kinds' actions in Argo CD. */
export function hideDisabled(actions: readonly BuiltInAction[]): readonly BuiltInAction[] {
  return actions.map((action) => ({ ...action, isOffered: (live) => action.isDisabled?.(live) !== true }));
}

/** Writes the time into an annotation that the controller of the kind watches. */
export function touch(name: string, annotation: string, prefix = ''): BuiltInAction {
  return { name, run: (live, { now }) => withAnnotation(live, annotation, `${prefix}${kubernetesTime(now)}`) };
}

export function setAnnotation(name: string, annotation: string, value: string): BuiltInAction {
  return {
    name,
    isDisabled: (live) => live.metadata.annotations?.[annotation] === value,
    run: (live) => withAnnotation(live, annotation, value),
  };
}

/** E14: a count in the parameter `replicas`, put into `spec.replicas`. */
export const scale: BuiltInAction = {
  name: 'scale',
  iconClass: 'fa fa-fw fa-plus-circle',
  parameters: (live) => [{ name: 'replicas', default: String(valueAt(live, 'spec', 'replicas') ?? 1) }],
  run: (live, { parameters }) => withField(live, ['spec', 'replicas'], replicasOf(parameters)),
};

export function replicasOf(parameters: Readonly<Record<string, string>>): number {
  const text = parameters['replicas'];
  if (text === undefined || text === '') throw new GitOpsError('InvalidSpec', 'the parameter replicas is required');
  const replicas = Number(text);
  if (Number.isInteger(replicas) && replicas >= 0 && replicas <= 2_147_483_647) return replicas;
  throw new GitOpsError('InvalidSpec', `invalid number of replicas: ${text}; give a whole number that is not negative`);
}

export function isTrue(live: KubernetesObject, path: Path): boolean {
  return valueAt(live, ...path) === true;
}
