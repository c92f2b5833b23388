/**
 * Live objects in the API version that Git asks for. The watch reads each kind in its preferred version; the same object
 * in another version has other fields and another ownership record, and must not be compared with the target.
 */
import {
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
  versionOf,
} from '@tiphys/model';
import type { DestinationCluster } from '../ports.js';

const MAX_REMEMBERED = 2_000;

/** Objects read in another version, by cluster, key, version and resourceVersion. One per process, bounded. */
export type VersionMemory = Map<string, KubernetesObject>;

export interface WantedVersion {
  readonly key: ResourceKey;
  readonly apiVersion: string;
}

export interface AlignContext {
  readonly cluster: DestinationCluster;
  readonly memory: VersionMemory;
  readonly signal: AbortSignal;
}

/** One read per object and change, and only for objects whose manifest names another version than the preferred one. */
export async function alignVersions(
  live: ReadonlyMap<ResourceKeyString, KubernetesObject>,
  wanted: readonly WantedVersion[],
  context: AlignContext,
): Promise<ReadonlyMap<ResourceKeyString, KubernetesObject>> {
  const others = wanted.filter(({ key, apiVersion }) => {
    const found = live.get(resourceKeyString(key));
    return found !== undefined && found.apiVersion !== apiVersion;
  });
  if (others.length === 0) return live;
  const read = await Promise.all(others.map((entry) => readInVersion(live, entry, context)));
  return new Map([...live, ...read.flat()]);
}

type Entry = readonly [ResourceKeyString, KubernetesObject];

/** Empty when the cluster does not serve that version (any more): the comparison then says what it cannot know. */
async function readInVersion(
  live: ReadonlyMap<ResourceKeyString, KubernetesObject>,
  { key, apiVersion }: WantedVersion,
  { cluster, memory, signal }: AlignContext,
): Promise<readonly Entry[]> {
  const { client, discovery } = cluster.cache;
  const id = resourceKeyString(key);
  const resource = discovery.resolve(key, versionOf(apiVersion));
  if (resource === undefined) return [];
  const memoryKey = [cluster.server, id, apiVersion, live.get(id)?.metadata.resourceVersion].join('|');
  const known = memory.get(memoryKey);
  if (known !== undefined) return [[id, known]];
  const object = await client.get(resource, key, signal);
  if (object === undefined) return [];
  if (memory.size >= MAX_REMEMBERED) memory.delete(memory.keys().next().value ?? '');
  memory.set(memoryKey, object);
  return [[id, object]];
}
