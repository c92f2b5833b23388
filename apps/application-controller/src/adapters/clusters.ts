/** Destination clusters by server or name, each with a cache that is started on first use and kept. */
import type { ClusterCache } from '@tiphys/cluster';
import type { NodeSummary } from '@tiphys/gitops-engine';
import { type ApplicationDestination, GitOpsError, IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from '@tiphys/model';
import { type Logger, outOfScope } from '@tiphys/runtime';
import type { ClusterState, Clusters, DestinationCluster } from '../ports.js';
import { clusterState, type Failure } from './cluster-state.js';

export interface KnownCluster {
  readonly server: string;
  readonly name: string;
  readonly skipReconcile?: boolean;
  /** Changes when the connection data changes: the cache is then built anew. */
  readonly version: string;
}

export interface ClustersDeps {
  /** Registered clusters, from their Secrets, the control-plane cluster included. */
  readonly known: () => readonly KnownCluster[];
  readonly createCache: (cluster: KnownCluster) => Promise<ClusterCache<NodeSummary>>;
  readonly log: Logger;
  /** Aborted at shutdown: ends every watch. */
  readonly signal: AbortSignal;
}

interface Started {
  readonly version: string;
  readonly startedAt: number;
  ready: DestinationCluster | undefined;
  /** Unix ms when it became ready. */
  syncedAt: number | undefined;
  readonly cluster: Promise<DestinationCluster>;
}

export interface RunningClusters extends Clusters {
  /** Those whose cache is filled. */
  started(): readonly DestinationCluster[];
  /** Of every registered cluster. */
  states(): readonly ClusterState[];
  stop(): Promise<void>;
}

export function createClusters(deps: ClustersDeps): RunningClusters {
  const running = new Map<string, Started>();
  const failures = new Map<string, Failure>();

  async function connect(known: KnownCluster): Promise<DestinationCluster> {
    const cache = await deps.createCache(known);
    await cache.start(deps.signal);
    return { server: known.server, name: known.name, cache };
  }

  function start(known: KnownCluster): Started {
    const { version, server } = known;
    const startedAt = Date.now();
    // Its watches outlive the application that asked first.
    const cluster = outOfScope(() => connect(known));
    const entry: Started = { version, startedAt, ready: undefined, syncedAt: undefined, cluster };
    running.set(known.server, entry);
    // A cluster that could not be reached is tried again by the next application that asks.
    cluster.then(
      (started) => {
        entry.ready = started;
        entry.syncedAt = Date.now();
        failures.delete(server);
      },
      (error: unknown) => {
        deps.log.warn('cluster cannot be read', { server, error });
        failures.set(server, { message: error instanceof Error ? error.message : String(error), at: Date.now() });
        if (running.get(server) === entry) running.delete(server);
      },
    );
    return entry;
  }

  return {
    forget: (instance) => {
      for (const { cluster } of running.values())
        cluster.then(({ cache }) => cache.forget(instance)).catch(() => undefined);
    },
    states: () =>
      deps.known().map((known) => clusterState(known, running.get(known.server), failures.get(known.server))),
    started: () => [...running.values()].flatMap(({ ready }) => ready ?? []),
    identify: (destination) => lookUp(deps.known(), destination),
    async for(destination) {
      const known = find(deps.known(), destination);
      const existing = running.get(known.server);
      if (existing !== undefined && existing.version === known.version) return existing.cluster;
      if (existing !== undefined)
        stop(existing).catch((error: unknown) => deps.log.warn('a replaced cluster cache did not stop', { error }));
      return start(known).cluster;
    },
    async stop() {
      await Promise.allSettled([...running.values()].map(stop));
      running.clear();
    },
  };
}

async function stop({ cluster }: Started): Promise<void> {
  const { cache } = await cluster;
  await cache.stop();
}

/** @throws GitOpsError InvalidSpec: nothing is deployed to a destination that nobody registered. */
function find(known: readonly KnownCluster[], destination: ApplicationDestination): KnownCluster {
  const found = lookUp(known, destination);
  if (found !== undefined) return found;
  const { server = '', name = '' } = destination;
  const asked = server === '' ? `named ${name}` : server;
  throw new GitOpsError(
    'InvalidSpec',
    `there is no cluster ${asked}; register it (a Secret labelled secret-type: cluster) or use ${IN_CLUSTER_SERVER} (${IN_CLUSTER_NAME})`,
  );
}

function lookUp(
  known: readonly KnownCluster[],
  { server = '', name = '' }: ApplicationDestination,
): KnownCluster | undefined {
  return known.find((cluster) => (server === '' ? cluster.name === name : trimmed(cluster.server) === trimmed(server)));
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
