/** The registered clusters, and the watch cache of one of them wired to the engine's pure functions. */

import { createHash } from 'node:crypto';
import {
  type ClusterCache,
  type ClusterConnection,
  connectionFromClusterSecret,
  createClusterCache,
  createKubeClient,
  type KubeClient,
} from '@tiphys/cluster';
import { instanceNameOf, isSelfReferencing, type NodeSummary, summarizeNode } from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  DEPLOYMENT_SECRET_TYPE,
  GitOpsError,
  IN_CLUSTER_SERVER,
  type KubernetesObject,
} from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import type { Logger } from '@tiphys/runtime';
import type { Cluster } from '@tiphys/settings';
import type { KnownCluster } from './adapters/clusters.js';
import type { SettingsSnapshot } from './adapters/settings-source.js';
import type { ControllerMetrics } from './metrics.js';
import type { ObserveClients } from './observe-clients.js';
import { isIgnoredChange, refreshesFor } from './triggers/cluster-changes.js';

export interface CacheFactoryDeps {
  readonly settings: () => SettingsSnapshot;
  /** Connection of the control-plane cluster, which is the in-cluster destination. */
  readonly home: ClusterConnection;
  readonly homeClient: KubeClient;
  readonly namespace: string;
  readonly connections: number;
  readonly metrics: Pick<ControllerMetrics, 'clusterEvent'>;
  /** How every client of this process is observed. */
  readonly observe: ObserveClients;
  readonly enqueue: (entries: readonly Enqueue[]) => void;
  readonly log: Logger;
}

export function knownClusters(settings: SettingsSnapshot): readonly KnownCluster[] {
  return settings.clusters.map((cluster) => ({
    server: cluster.server,
    name: cluster.name,
    skipReconcile: cluster.skipReconcile,
    version: versionOf(cluster, settings),
  }));
}

/** A changed time of the refresh annotation counts as another connection: its cache is dropped and filled anew (H10). */
function versionOf(cluster: Cluster, settings: SettingsSnapshot): string {
  const secret = cluster.secretName === undefined ? undefined : settings.secrets.get(cluster.secretName);
  const refresh = cluster.annotations[ANNOTATIONS.refresh] ?? '';
  return createHash('sha256')
    .update(JSON.stringify([secret?.data ?? 'in-cluster', refresh]))
    .digest('base64url');
}

/** A cache that turns live changes into refreshes. Not started. */
export function clusterCacheFactory(
  deps: CacheFactoryDeps,
): (known: KnownCluster) => Promise<ClusterCache<NodeSummary>> {
  return async function createCache(known) {
    const cluster = deps.settings().clusters.find(({ server }) => server === known.server);
    if (cluster === undefined) throw new GitOpsError('InvalidSpec', `cluster ${known.server} is no longer registered`);
    const { client, connection } = await connect(deps, cluster);
    return createClusterCache<NodeSummary>({
      client,
      connection,
      log: deps.log.child({ cluster: known.name }),
      hooks: {
        summarize: (object) => summarizeNode(object),
        trackedBy: (object) => trackedBy(object, deps.settings()),
        onChange: (change) => {
          const { group = '', kind = '' } = (change.current ?? change.previous)?.key ?? {};
          deps.metrics.clusterEvent({ server: known.server, group, kind }, () => {
            if (!isIgnoredChange(change, deps.settings().ignoredUpdates))
              deps.enqueue(refreshesFor(change, deps.namespace));
          });
        },
        excluded: (resource) => deps.settings().isExcluded(resource, known.server),
        // What Tiphys keeps of deployments is no resource of anybody's application.
        fieldSelectorOf: ({ group, kind }) =>
          group === '' && kind === 'Secret' ? `type!=${DEPLOYMENT_SECRET_TYPE}` : undefined,
      },
    });
  };
}

interface Connected {
  readonly client: KubeClient;
  readonly connection: ClusterConnection;
}

async function connect(deps: CacheFactoryDeps, cluster: Cluster): Promise<Connected> {
  if (cluster.secretName === undefined && cluster.server === IN_CLUSTER_SERVER)
    return { client: deps.homeClient, connection: deps.home };
  if (cluster.auth.kind === 'refused')
    throw new GitOpsError('InvalidSpec', `cluster ${cluster.name}: ${cluster.auth.reason}`);
  const config: unknown = JSON.parse(deps.settings().secrets.get(cluster.secretName ?? '')?.data['config'] ?? '{}');
  const { name, server, namespaces, clusterResources } = cluster;
  const secret = { name, server, namespaces, clusterResources, config: config as object };
  const connection = await connectionFromClusterSecret(secret, deps.observe.credentials);
  return {
    connection,
    client: createKubeClient(connection, {
      concurrency: deps.connections,
      ...deps.observe.client(server),
    }),
  };
}

/** Copies of a tracked object carry its tracking id too: only an id that names the object itself counts (A27). */
function trackedBy(object: KubernetesObject, settings: SettingsSnapshot): string | undefined {
  const { comparison } = settings.controller;
  return isSelfReferencing(object, undefined, comparison) ? instanceNameOf(object, comparison) : undefined;
}
