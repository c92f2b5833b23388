/** The resource tree and the managed resources as the API server shows them. */
import { type ApplicationTree, buildTree, type ManagedResource, maskSecrets } from '@tiphys/gitops-engine';
import { type KubernetesObject, resourceKeyString } from '@tiphys/model';
import type { AppComparison } from '../comparison/compare-app.js';

/** Live managed objects and all their descendants, each once; missing resources as Missing. */
export function treeOf({ cluster, result }: Pick<AppComparison, 'cluster' | 'result'>): ApplicationTree {
  const roots = result.resources.filter((resource) => resource.live !== undefined).map((resource) => resource.key);
  const managed = roots.flatMap((key) => cluster.cache.get(key) ?? []);
  const known = new Set(managed.map((node) => resourceKeyString(node.key)));
  const below = cluster.cache.descendants(roots).filter((node) => !known.has(resourceKeyString(node.key)));
  return buildTree({ managed: result.resources, objects: [...managed, ...below] });
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
