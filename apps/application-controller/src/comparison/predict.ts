/** Dry-run applies for resources that the in-process diff cannot judge; answers are kept per (target, resourceVersion). */

import { createHash } from 'node:crypto';
import type { ManagedResource, PredictedLive } from '@tiphys/gitops-engine';
import {
  isGitOpsError,
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import type { DestinationCluster, ResourceWriter } from '../ports.js';

const MAX_REMEMBERED = 5_000;

/** Dry-run answers by cluster, resource, resourceVersion and target hash. One per process, bounded. */
export type PredictionMemory = Map<string, PredictedLive>;

export interface UnsureResources {
  readonly cluster: DestinationCluster;
  readonly resources: readonly ManagedResource[];
  readonly unsure: readonly ResourceKey[];
  /** Ask again although the answer is known: webhooks of the cluster may have changed (C24). */
  readonly anew?: boolean;
}

/** One entry per unsure resource. Refusals (403, 422) are answers too; an unreachable API server is thrown. */
export async function predictUnsure(
  deps: { readonly writer: ResourceWriter; readonly predictions: PredictionMemory },
  { cluster, resources, unsure, anew = false }: UnsureResources,
  signal: AbortSignal,
): Promise<ReadonlyMap<ResourceKeyString, PredictedLive>> {
  const wanted = new Set(unsure.map(resourceKeyString));
  const memory = deps.predictions;
  const entries = await Promise.all(
    resources
      .filter((resource) => wanted.has(resourceKeyString(resource.key)))
      .map(async (resource) => [resourceKeyString(resource.key), await predict(resource)] as const),
  );
  return new Map(entries);

  async function predict(resource: ManagedResource): Promise<PredictedLive> {
    const { target, live } = resource;
    if (target === undefined) return { object: live };
    const memoryKey = `${cluster.server}|${resourceKeyString(resource.key)}|${live?.metadata.resourceVersion ?? ''}|${hashOf(target)}`;
    const known = anew ? undefined : memory.get(memoryKey);
    if (known !== undefined) return known;
    const answer = await dryRun(target, live);
    if (memory.size >= MAX_REMEMBERED) memory.delete(memory.keys().next().value ?? '');
    memory.set(memoryKey, answer);
    return answer;
  }

  async function dryRun(target: KubernetesObject, live: KubernetesObject | undefined): Promise<PredictedLive> {
    try {
      const object = await deps.writer.apply(cluster, target, {
        dryRun: true,
        serverSide: true,
        replace: false,
        force: false,
        validate: true,
        migrateClientSideApply: false,
        live,
        signal,
      });
      return { object };
    } catch (error) {
      if (isGitOpsError(error) && error.code !== 'Upstream') return { object: undefined, error: error.message };
      throw error;
    }
  }
}

function hashOf(object: KubernetesObject): string {
  const json = JSON.stringify(object, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return createHash('sha256').update(json).digest('base64url');
}
