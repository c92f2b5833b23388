/** The resource tree of an application in Argo CD's shape: managed roots, what they own, and optionally orphans. */
import {
  type ApplicationSummary,
  groupOf,
  type OwnerReference,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import type { ManagedResource } from '../compare/types.js';
import type { ApplicationTree, NodeSummary, ResourceNode, ResourceRef } from './types.js';

/** A live object as the cluster cache keeps it. */
export interface TreeObject {
  readonly key: ResourceKey;
  readonly version: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: string | undefined;
  readonly ownerReferences: readonly OwnerReference[];
  readonly summary: NodeSummary;
}

export interface BuildTreeInput {
  /** Managed resources of the comparison; those without a live object appear as Missing. */
  readonly managed: readonly Pick<ManagedResource, 'key' | 'version' | 'live' | 'health' | 'hooks'>[];
  /** The live managed objects and all their descendants, each once. */
  readonly objects: readonly TreeObject[];
  readonly orphaned?: readonly TreeObject[];
}

/** Nodes are sorted by key, so that an unchanged tree is equal to the last one. */
export function buildTree({ managed, objects, orphaned }: BuildTreeInput): ApplicationTree {
  const known = new Set(objects.map(({ key }) => resourceKeyString(key)));
  const byUid = new Map(objects.map((object) => [object.uid, object]));
  const missing = managed.filter(({ key, live, hooks }) => {
    return live === undefined && hooks.length === 0 && !known.has(resourceKeyString(key));
  });
  const healthOf = new Map(managed.map(({ key, health }) => [resourceKeyString(key), health]));
  const nodes: readonly Keyed[] = [
    ...objects.map((object): Keyed => [object.key, nodeOf(object, byUid, healthOf)]),
    ...missing.map(({ key, version }): Keyed => [key, { ...refOf(key), version, health: { status: 'Missing' } }]),
  ];
  const orphans = orphaned?.map((object): Keyed => [object.key, nodeOf(object, new Map(), new Map())]);
  return { nodes: sortNodes(nodes), ...(orphans === undefined ? {} : { orphanedNodes: sortNodes(orphans) }) };
}

type Keyed = readonly [ResourceKey, ResourceNode];

function sortNodes(nodes: readonly Keyed[]): readonly ResourceNode[] {
  const keyed = nodes.map(([key, node]) => [resourceKeyString(key), node] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
}

function nodeOf(
  object: TreeObject,
  byUid: ReadonlyMap<string, TreeObject>,
  healthOf: ReadonlyMap<ResourceKeyString, ManagedResource['health']>,
): ResourceNode {
  const { summary } = object;
  const parentRefs = object.ownerReferences.flatMap((owner) => parentRef(owner, byUid));
  // The comparison knows configured checks; the summary is what the cache saw.
  const id = resourceKeyString(object.key);
  const health = healthOf.has(id) ? healthOf.get(id) : summary.health;
  return {
    ...refOf(object.key),
    version: object.version,
    uid: object.uid,
    ...(parentRefs.length === 0 ? {} : { parentRefs }),
    ...(summary.info.length === 0 ? {} : { info: summary.info }),
    ...(summary.networkingInfo === undefined ? {} : { networkingInfo: summary.networkingInfo }),
    resourceVersion: object.resourceVersion,
    ...(summary.images.length === 0 ? {} : { images: summary.images }),
    ...(health === undefined ? {} : { health }),
    ...(object.createdAt === undefined ? {} : { createdAt: object.createdAt }),
  };
}

function parentRef(owner: OwnerReference, byUid: ReadonlyMap<string, TreeObject>): readonly ResourceRef[] {
  const parent = byUid.get(owner.uid);
  if (parent === undefined || groupOf(owner.apiVersion) !== parent.key.group) return [];
  return [{ ...refOf(parent.key), uid: parent.uid }];
}

/** Empty group and namespace are left out, as in Argo CD's JSON. */
function refOf({ group, kind, namespace, name }: ResourceKey): ResourceRef {
  return { ...(group === '' ? {} : { group }), kind, ...(namespace === '' ? {} : { namespace }), name };
}

/**
 * `status.summary` of a tree (A19): the images of its Pods and the URLs that lead in, sorted. What only a template names,
 * above all an old ReplicaSet, does not run: an image updater would take it for deployed (Q11).
 */
export function summarizeTree(tree: ApplicationTree): Pick<ApplicationSummary, 'images' | 'externalURLs'> {
  const unique = (items: readonly string[]) => [...new Set(items)].sort();
  return {
    images: unique(tree.nodes.filter(isPod).flatMap((node) => node.images ?? [])),
    externalURLs: unique(tree.nodes.flatMap((node) => node.networkingInfo?.externalURLs ?? [])),
  };
}

function isPod({ group = '', kind }: ResourceRef): boolean {
  return group === '' && kind === 'Pod';
}
