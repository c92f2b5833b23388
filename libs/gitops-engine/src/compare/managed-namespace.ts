/** The destination namespace as a target, when `CreateNamespace=true` comes with labels or annotations for it (A12). */
import { ANNOTATIONS, type ApplicationCondition, type KubernetesObject } from '@tiphys/model';
import type { PreparedTarget } from './prepare-targets.js';
import type { ComparisonInput } from './types.js';

type Input = Pick<ComparisonInput, 'destinationNamespace' | 'managedNamespaceMetadata' | 'syncOptions'>;

/**
 * The targets with the managed metadata: added to a Namespace in Git, else as a Namespace of its own. It is not tracked,
 * so it is never pruned with the application.
 */
export function withManagedNamespace(
  targets: readonly PreparedTarget[],
  input: Input,
): { readonly targets: readonly PreparedTarget[]; readonly conditions: readonly ApplicationCondition[] } {
  const { destinationNamespace: name, managedNamespaceMetadata: managed } = input;
  const isAsked = input.syncOptions.includes('CreateNamespace=true') && name !== '' && managed !== undefined;
  if (!isAsked) return { targets, conditions: [] };
  const inGit = targets.some((target) => isNamespace(target, name));
  if (!inGit) return { targets: [...targets, namespaceTarget(name, managed)], conditions: [] };
  const merged = targets.map((target) =>
    isNamespace(target, name) ? { ...target, object: withMetadata(target.object, managed) } : target,
  );
  const message = `Namespace "${name}" is managed both by Git and by managedNamespaceMetadata, whose labels and annotations win; keep them in one place`;
  return { targets: merged, conditions: [{ type: 'RepeatedResourceWarning', message }] };
}

function isNamespace({ key }: PreparedTarget, name: string): boolean {
  return key.group === '' && key.kind === 'Namespace' && key.name === name;
}

function namespaceTarget(name: string, managed: NonNullable<Input['managedNamespaceMetadata']>): PreparedTarget {
  return {
    key: { group: '', kind: 'Namespace', namespace: '', name },
    // Argo CD writes this option on namespaces that it manages: without it an adopted one would be out of sync.
    object: withMetadata(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { ...managed, annotations: { ...managed.annotations, [ANNOTATIONS.syncOptions]: 'ServerSideApply=true' } },
    ),
    origin: 'spec.syncPolicy.managedNamespaceMetadata',
    sourceIndex: 0,
  };
}

function withMetadata(
  object: KubernetesObject,
  { labels, annotations }: NonNullable<Input['managedNamespaceMetadata']>,
): KubernetesObject {
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(labels && { labels: { ...object.metadata.labels, ...labels } }),
      ...(annotations && { annotations: { ...object.metadata.annotations, ...annotations } }),
    },
  };
}
