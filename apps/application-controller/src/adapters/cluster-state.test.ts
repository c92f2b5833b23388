import type { ClusterCache } from '@tiphys/cluster';
import type { NodeSummary } from '@tiphys/gitops-engine';
import { outOfScope } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { recordingLog } from '../testing/recording-ports.js';
import { type Attempt, clusterState } from './cluster-state.js';
import { createClusters } from './clusters.js';

const IDENTITY = { server: 'https://prod', name: 'prod' };

function cacheOf(unreadable: Readonly<Record<string, string>> = {}): ClusterCache<NodeSummary> {
  const parts = {
    unreadable: () => new Map(Object.entries(unreadable)),
    discovery: { kubeVersion: 'v1.36.1' },
    stats: { resources: 9, watches: 4, lastEventAt: undefined },
  };
  return parts as unknown as ClusterCache<NodeSummary>;
}
const attempt = (cache?: ClusterCache<NodeSummary>): Attempt => ({
  startedAt: 1_000,
  ready: cache === undefined ? undefined : { ...IDENTITY, cache },
  syncedAt: cache === undefined ? undefined : 2_000,
});

describe('the state of a cluster (H06, G15)', () => {
  it.each([
    ['is unknown while no application needs it', undefined, undefined, { status: 'Unknown', message: '' }],
    ['is unknown while it is read for the first time', attempt(), undefined, { status: 'Unknown', attemptedAt: 1_000 }],
    [
      'is failed with the reason, without its credentials',
      undefined,
      { message: 'https://bob:pass@prod: connection refused', at: 500 },
      { status: 'Failed', message: 'https://***@prod: connection refused', attemptedAt: 500 },
    ],
    ['stays failed while it is tried again', attempt(), { message: 'down', at: 500 }, { status: 'Failed' }],
    [
      'is successful once it was read',
      attempt(cacheOf()),
      undefined,
      { status: 'Successful', message: '', kubeVersion: 'v1.36.1', syncedAt: 2_000, attemptedAt: 1_000 },
    ],
    [
      'is degraded when kinds of it cannot be read',
      attempt(cacheOf({ 'a/A': 'no webhook', 'b/B': 'x' })),
      undefined,
      { status: 'Degraded', message: 'a/A, b/B cannot be read: no webhook' },
    ],
    [
      'is failed when none of its kinds can be read',
      attempt(cacheOf({ a: 'gone', b: 'gone', c: 'gone', d: 'gone' })),
      undefined,
      { status: 'Failed', message: 'gone' },
    ],
  ] as const)('%s', (...[, started, failure, expected]) => {
    expect(clusterState(IDENTITY, started, failure)).toMatchObject({ ...IDENTITY, ...expected });
  });

  it('is told for every registered cluster, and remembers a failed start until one succeeds', async () => {
    const { signal } = new AbortController();
    let fails = true;
    const clusters = createClusters({
      known: () => [
        { ...IDENTITY, version: '1' },
        { server: 'https://idle', name: 'idle', version: '1' },
      ],
      createCache: async () => {
        if (fails) throw new Error('connection refused');
        return Object.assign(cacheOf(), { start: async () => undefined });
      },
      ...{ log: recordingLog(), signal },
    });
    const statuses = () => clusters.states().map(({ status }) => status);
    expect(statuses()).toEqual(['Unknown', 'Unknown']);
    await expect(clusters.for({ name: 'prod' }, signal)).rejects.toThrow('refused');
    expect(clusters.states()[0]).toMatchObject({ status: 'Failed', message: 'connection refused' });
    fails = false;
    await outOfScope(() => clusters.for({ name: 'prod' }, signal));
    expect(statuses()).toEqual(['Successful', 'Unknown']);
  });
});
