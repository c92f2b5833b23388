/** Turns live objects into the compact nodes of the cache. */
import type { KubernetesObject, OwnerReference, ResourceKey } from '@tiphys/model';
import type { ApiResource, CachedResource, ClusterCacheHooks } from '../ports.js';

const NO_OWNERS: readonly OwnerReference[] = Object.freeze([]);

/** Group, kind and version come from the watched resource, so that thousands of nodes share three strings. */
export function keyOf(resource: ApiResource, { metadata }: KubernetesObject): ResourceKey {
  const { group, kind } = resource;
  return { group, kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

/** `pinned`: keep the full object although nothing tracks it. */
export function toNode<S>(
  { resource, object }: { readonly resource: ApiResource; readonly object: KubernetesObject },
  hooks: ClusterCacheHooks<S>,
  pinned: boolean,
): CachedResource<S> {
  const { metadata } = object;
  const trackedBy = hooks.trackedBy(object);
  return {
    key: keyOf(resource, object),
    version: resource.version,
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: metadata.creationTimestamp ?? undefined,
    ownerReferences: ownersOf(metadata.ownerReferences),
    summary: hooks.summarize(object),
    trackedBy,
    object: trackedBy !== undefined || pinned ? object : undefined,
  };
}

function ownersOf(references: readonly OwnerReference[] | undefined): readonly OwnerReference[] {
  if (references === undefined || references.length === 0) return NO_OWNERS;
  return references.map(({ apiVersion, kind, name, uid, controller }) => ({
    apiVersion,
    kind,
    name,
    uid,
    ...(controller === undefined ? {} : { controller }),
  }));
}
