/** The nodes of one cluster and their indexes. No I/O: puts and deletes in, look-ups and ownership walks out. */
import {
  type GroupKind,
  type GroupKindString,
  groupKindString,
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import type { CachedResource } from '../ports.js';
import { createClaimOwners, isClaim, isStatefulSet } from './claim-owners.js';
import { createMultiMap } from './multi-map.js';

export interface Store<S> {
  /** `object`: the full live object, looked at once. Returns the node that was there before. */
  put(node: CachedResource<S>, object: KubernetesObject): CachedResource<S> | undefined;
  remove(id: ResourceKeyString): CachedResource<S> | undefined;
  get(id: ResourceKeyString): CachedResource<S> | undefined;
  /** Keeps the compact node of an object that nothing tracks. */
  dropObject(id: ResourceKeyString): void;
  idsOfKind(groupKind: GroupKind): readonly ResourceKeyString[];
  trackedBy(instance: string): readonly CachedResource<S>[];
  inNamespace(namespace: string): readonly CachedResource<S>[];
  /** Owners of owners, nearest first, without the node itself. */
  ancestors(node: CachedResource<S>): readonly CachedResource<S>[];
  descendants(roots: readonly ResourceKey[]): readonly CachedResource<S>[];
  readonly size: number;
}

export function createStore<S>(): Store<S> {
  const nodes = new Map<ResourceKeyString, CachedResource<S>>();
  const byUid = new Map<string, ResourceKeyString>();
  const indexes = createIndexes<S>();
  const claims = createClaimOwners();

  const resolve = (ids: Iterable<ResourceKeyString>): CachedResource<S>[] =>
    [...ids].flatMap((id) => withOwner(nodes.get(id)) ?? []);

  function withOwner(node: CachedResource<S> | undefined): CachedResource<S> | undefined {
    const owner = node !== undefined && isClaim(node) ? claims.ownerOf(node) : undefined;
    return node === undefined || owner === undefined ? node : { ...node, ownerReferences: [owner] };
  }
  function forget(id: ResourceKeyString, node: CachedResource<S>): void {
    indexes.remove(id, node);
    if (byUid.get(node.uid) === id) byUid.delete(node.uid);
    if (isClaim(node)) claims.removeClaim(node, id);
    if (isStatefulSet(node)) claims.removeStatefulSet(node);
    nodes.delete(id);
  }
  function childrenOf({ uid }: CachedResource<S>): CachedResource<S>[] {
    return resolve([...indexes.children.get(uid), ...claims.claimsOf(uid)]);
  }
  function parentsOf(node: CachedResource<S>): CachedResource<S>[] {
    const references = withOwner(node)?.ownerReferences ?? [];
    return resolve(references.flatMap(({ uid }) => byUid.get(uid) ?? []));
  }

  return {
    put: (node, object) => {
      const id = resourceKeyString(node.key);
      const previous = nodes.get(id);
      if (previous !== undefined) forget(id, previous);
      nodes.set(id, node);
      byUid.set(node.uid, id);
      indexes.add(id, node);
      if (isClaim(node)) claims.putClaim(node, id);
      if (isStatefulSet(node)) claims.putStatefulSet(object);
      return previous;
    },
    remove: (id) => {
      const node = nodes.get(id);
      if (node !== undefined) forget(id, node);
      return node;
    },
    get: (id) => withOwner(nodes.get(id)),
    dropObject: (id) => {
      const node = nodes.get(id);
      if (node?.object !== undefined && node.trackedBy === undefined) nodes.set(id, { ...node, object: undefined });
    },
    idsOfKind: (groupKind) => [...indexes.byKind.get(groupKindString(groupKind))],
    trackedBy: (instance) => resolve(indexes.byInstance.get(instance)),
    inNamespace: (namespace) => resolve(indexes.byNamespace.get(namespace)),
    ancestors: (node) => walk([node], parentsOf),
    descendants: (roots) => walk(resolve(roots.map(resourceKeyString)), childrenOf),
    get size() {
      return nodes.size;
    },
  };
}

function createIndexes<S>() {
  const children = createMultiMap<string, ResourceKeyString>();
  const byInstance = createMultiMap<string, ResourceKeyString>();
  const byNamespace = createMultiMap<string, ResourceKeyString>();
  const byKind = createMultiMap<GroupKindString, ResourceKeyString>();

  function update(change: 'add' | 'remove', id: ResourceKeyString, node: CachedResource<S>): void {
    for (const { uid } of node.ownerReferences) children[change](uid, id);
    if (node.trackedBy !== undefined) byInstance[change](node.trackedBy, id);
    byNamespace[change](node.key.namespace, id);
    byKind[change](groupKindString(node.key), id);
  }
  return {
    ...{ children, byInstance, byNamespace, byKind },
    add: (id: ResourceKeyString, node: CachedResource<S>) => update('add', id, node),
    remove: (id: ResourceKeyString, node: CachedResource<S>) => update('remove', id, node),
  };
}

/** Breadth first from the roots, which are left out; owner loops end. */
function walk<S>(
  roots: readonly CachedResource<S>[],
  next: (node: CachedResource<S>) => readonly CachedResource<S>[],
): readonly CachedResource<S>[] {
  const seen = new Set(roots.map(({ uid }) => uid));
  const found: CachedResource<S>[] = [];
  const queue = [...roots];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const other of next(node)) {
      if (seen.has(other.uid)) continue;
      seen.add(other.uid);
      found.push(other);
      queue.push(other);
    }
  }
  return found;
}
