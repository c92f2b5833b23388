/** The resource tree and the managed resources as the API server shows them. */
import type { CachedResource } from '@tiphys/cluster';
import {
  type ApplicationTree,
  buildTree,
  type ManagedResource,
  maskSecrets,
  type NodeSummary,
} from '@tiphys/gitops-engine';
import { type HealthStatus, type KubernetesObject, type ResourceKey, resourceKeyString } from '@tiphys/model';
import type { AppComparison } from '../comparison/compare-app.js';
import type { NodeHealth } from '../comparison/configured-health.js';

type Compared = Pick<AppComparison, 'cluster' | 'result'>;

export interface TreeExtras {
  /** Health of descendants by uid, where a script decides it (E05). */
  readonly nodeHealth?: NodeHealth;
  /** C18; absent: not looked for. */
  readonly orphaned?: readonly CachedResource<NodeSummary>[] | undefined;
}

/** Live managed objects and all their descendants, each once; missing resources as Missing. */
export function treeOf(compared: Compared, { nodeHealth = new Map(), orphaned }: TreeExtras = {}): ApplicationTree {
  const { cluster, result } = compared;
  const managed = rootsOf(compared).flatMap((key) => cluster.cache.get(key) ?? []);
  const below = nodesBelow(compared).map((node) => {
    const health = nodeHealth.get(node.uid);
    return health === undefined ? node : { ...node, summary: { ...node.summary, health: orNone(health) } };
  });
  const objects = [...managed, ...below];
  return buildTree({ managed: result.resources, objects, ...(orphaned === undefined ? {} : { orphaned }) });
}

/** What the managed objects own, themselves left out. */
export function nodesBelow(compared: Compared): readonly CachedResource<NodeSummary>[] {
  const roots = rootsOf(compared);
  const known = new Set(roots.map(resourceKeyString));
  return compared.cluster.cache.descendants(roots).filter((node) => !known.has(resourceKeyString(node.key)));
}

function rootsOf({ result }: Compared): readonly ResourceKey[] {
  return result.resources.filter((resource) => resource.live !== undefined).map((resource) => resource.key);
}

function orNone(health: HealthStatus | 'none'): HealthStatus | undefined {
  return health === 'none' ? undefined : health;
}

/** One entry of `GET .../managed-resources` (Argo CD's ResourceDiff): states as JSON texts, secrets masked. */
export function managedResourceView(resource: ManagedResource, sensitiveAnnotations: readonly string[]): object {
  const { key, diff, target, live } = resource;
  const { normalizedLive, predictedLive } = diff;
  const masked = maskSecrets({ target, live, normalizedLive, predictedLive }, sensitiveAnnotations);
  return {
    ...(key.group === '' ? {} : { group: key.group }),
    kind: key.kind,
    ...(key.namespace === '' ? {} : { namespace: key.namespace }),
    name: key.name,
    targetState: stateText(masked.target),
    liveState: stateText(masked.live),
    normalizedLiveState: stateText(masked.normalizedLive),
    predictedLiveState: stateText(masked.predictedLive),
    ...(resource.live?.metadata.resourceVersion === undefined
      ? {}
      : { resourceVersion: resource.live.metadata.resourceVersion }),
    ...(resource.hooks.length === 0 ? {} : { hook: true }),
    modified: diff.verdict !== 'equal',
    ...(diff.drift.length === 0 ? {} : { drift: diff.drift }),
  };
}

/** `null` for an absent state, as in Argo CD. */
function stateText(object: KubernetesObject | undefined): string {
  if (object === undefined) return 'null';
  return JSON.stringify(object, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}
