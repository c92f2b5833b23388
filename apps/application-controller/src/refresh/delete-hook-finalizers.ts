/** The finalizers that gate an Application's delete hooks, kept equal to the hooks that Git has (A23, D08). */
import { type ComparisonResult, type DeleteHookType, deleteHookTypesOf } from '@tiphys/gitops-engine';
import { type Application, FINALIZERS } from '@tiphys/model';

const FINALIZERS_OF: Readonly<Record<DeleteHookType, readonly string[]>> = {
  PreDelete: [FINALIZERS.preDelete, FINALIZERS.preDeleteCleanup],
  PostDelete: [FINALIZERS.postDelete, FINALIZERS.postDeleteCleanup],
};

/** The whole list as it must become; undefined when it is right, or when Git could not be read completely. */
export function finalizersFor(
  { metadata }: Application,
  { resources, conditions }: Pick<ComparisonResult, 'resources' | 'conditions'>,
): readonly string[] | undefined {
  if (conditions.some(({ type }) => type === 'ComparisonError')) return undefined;
  const types = deleteHookTypesOf(resources.flatMap(({ target }) => target ?? []));
  const gates = Object.values(FINALIZERS_OF).flat();
  const wanted = types.flatMap((type) => FINALIZERS_OF[type]);
  const before = metadata.finalizers ?? [];
  const kept = before.filter((finalizer) => !gates.includes(finalizer) || wanted.includes(finalizer));
  const missing = wanted.filter((finalizer) => !before.includes(finalizer));
  return missing.length === 0 && kept.length === before.length ? undefined : [...kept, ...missing];
}
