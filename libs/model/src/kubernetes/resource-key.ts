/** The identity of a resource inside one cluster: group, kind, namespace, name. Versions are not part of it. */
import { type GroupKind, groupOf, type KubernetesObject } from './object.js';

export interface ResourceKey extends GroupKind {
  /** Empty for cluster-scoped resources. */
  readonly namespace: string;
  readonly name: string;
}

/** `group/kind/namespace/name`; group is empty for core, namespace is empty for cluster-scoped resources. */
export type ResourceKeyString = string;

export function resourceKeyString(key: ResourceKey): ResourceKeyString {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}

/** Inverse of {@link resourceKeyString}. @throws RangeError when the text does not have four parts. */
export function parseResourceKey(text: ResourceKeyString): ResourceKey {
  const [group, kind, namespace, name, ...rest] = text.split('/');
  if (group === undefined || kind === undefined || namespace === undefined || name === undefined || rest.length > 0) {
    throw new RangeError(`"${text}" is not a resource key (group/kind/namespace/name)`);
  }
  return { group, kind, namespace, name };
}

export function resourceKeyOf(object: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>): ResourceKey {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
  };
}

/** `namespace/name` of an Application: the key of its reconcile jobs. */
export type AppKey = string;

export function appKey(namespace: string, name: string): AppKey {
  return `${namespace}/${name}`;
}

export function parseAppKey(key: AppKey): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  if (slash <= 0 || slash === key.length - 1)
    throw new RangeError(`"${key}" is not an application key (namespace/name)`);
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
