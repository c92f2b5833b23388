/** Tells others what is known of the clusters (H06, G15): the API server through the cache, ApplicationSets through labels. */
import type { AuthenticatedCache } from '@tiphys/cache';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { type ClusterInfo, clusterInfoCacheKey, LABELS } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Cluster } from '@tiphys/settings';
import type { ClusterState } from './ports.js';

export interface ClusterInfoDeps {
  readonly states: () => readonly ClusterState[];
  readonly registered: () => readonly Pick<Cluster, 'server' | 'secretName' | 'labels'>[];
  readonly cache: Pick<AuthenticatedCache, 'setJson'>;
  readonly client: Pick<KubeClient, 'patch'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ClusterInfoWriter {
  /** One look at all clusters. Never rejects. */
  publish(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 10_000;
/** What did not change is written again after this time: a lost Redis must not stay without it. */
const REPEAT_MS = 60_000;
/** As Argo CD: a controller that is gone knows nothing any more. */
const TTL_MS = 600_000;

/** Looks every ten seconds, until the signal is aborted. */
export function watchClusterInfo(writer: ClusterInfoWriter, signal: AbortSignal): () => void {
  void writer.publish(signal);
  const timer = setInterval(() => void writer.publish(signal), EVERY_MS);
  return () => clearInterval(timer);
}

export function createClusterInfoWriter(deps: ClusterInfoDeps): ClusterInfoWriter {
  const written = new Map<string, { readonly text: string; readonly at: number }>();

  async function store(state: ClusterState): Promise<void> {
    const info = clusterInfoOf(state, deps.clock.now());
    const text = JSON.stringify({ ...info, attemptedAt: '' });
    const now = deps.clock.now().getTime();
    const last = written.get(state.server);
    if (last?.text === text && now - last.at < REPEAT_MS) return;
    await deps.cache.setJson(clusterInfoCacheKey(state.server), info, TTL_MS);
    written.set(state.server, { text, at: now });
  }

  return {
    async publish(signal) {
      for (const state of deps.states()) {
        try {
          await store(state);
          await label(deps, state, signal);
        } catch (error) {
          if (!signal.aborted) deps.log.warn('the state of a cluster is not told', { server: state.server, error });
        }
      }
    },
  };
}

export function clusterInfoOf(
  { status, message, kubeVersion, attemptedAt, cache }: ClusterState,
  now: Date,
): ClusterInfo {
  return {
    ...{ status, message, kubeVersion },
    resourcesCount: cache?.stats.resources ?? 0,
    apisCount: cache?.stats.watches ?? 0,
    // A cluster that is watched is tried all the time.
    attemptedAt: (attemptedAt === undefined || cache !== undefined ? now : new Date(attemptedAt)).toISOString(),
  };
}

/** `v1.36.1`: what comes after it (`-gke.100`, `+k3s1`) differs between clusters of one version, and is no value of a label. */
export function versionLabel(kubeVersion: string): string | undefined {
  return /^v\d+\.\d+\.\d+/.exec(kubeVersion)?.[0];
}

async function label(deps: ClusterInfoDeps, { server, kubeVersion }: ClusterState, signal: AbortSignal): Promise<void> {
  const cluster = deps.registered().find((registered) => registered.server === server);
  const version = versionLabel(kubeVersion);
  if (cluster?.secretName === undefined || version === undefined) return;
  if (cluster.labels[LABELS.autoLabelClusterInfo] !== 'true' || cluster.labels[LABELS.kubernetesVersion] === version)
    return;
  const { namespace } = deps;
  const target = { resource: RESOURCES.secrets, namespace, name: cluster.secretName, type: 'merge' } as const;
  const labels = { [LABELS.kubernetesVersion]: version };
  await deps.client.patch(target, { metadata: { labels } }, { fieldManager: 'tiphys-application-controller', signal });
}
