import type { ClusterCache } from '@tiphys/cluster';
import type { NodeSummary } from '@tiphys/gitops-engine';
import { IN_CLUSTER_SERVER } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { recordingLog } from '../testing/recording-ports.js';
import { createClusters, type KnownCluster } from './clusters.js';

const { signal } = new AbortController();
const HOME: KnownCluster = { server: IN_CLUSTER_SERVER, name: 'in-cluster', version: '1' };
const FAR: KnownCluster = { server: 'https://far.test', name: 'far', version: '1' };

/** `failStart`: how many starts fail before one works. */
function clustersOf(known: KnownCluster[], failStart = 0) {
  const calls: string[] = [];
  const log = recordingLog();
  const clusters = createClusters({
    ...{ known: () => known, log, signal },
    async createCache({ name, version }) {
      calls.push(`create ${name}@${version}`);
      const cache: Pick<ClusterCache<NodeSummary>, 'start' | 'stop' | 'forget'> = {
        async start() {
          if (failStart-- > 0) throw new Error('connection refused');
          calls.push(`start ${name}@${version}`);
        },
        stop: async () => void calls.push(`stop ${name}@${version}`),
        forget: (instance) => void calls.push(`forget ${instance} in ${name}`),
      };
      return cache as ClusterCache<NodeSummary>;
    },
  });
  return { clusters, calls, log, known };
}

describe('destination clusters', () => {
  it('are started once, however many applications ask at the same time', async () => {
    const { clusters, calls } = clustersOf([HOME, FAR]);
    const all = await Promise.all([
      clusters.for({ server: FAR.server }, signal),
      clusters.for({ name: 'far' }, signal),
      clusters.for({ server: `${FAR.server}/` }, signal),
    ]);
    expect(new Set(all.map(({ cache }) => cache)).size).toBe(1);
    expect(all[0]).toMatchObject({ server: FAR.server, name: 'far' });
    expect(calls).toEqual(['create far@1', 'start far@1']);
  });

  it('get a new cache when their Secret changed; the old one is stopped', async () => {
    const { clusters, calls, known } = clustersOf([FAR]);
    const before = await clusters.for({ name: 'far' }, signal);
    known[0] = { ...FAR, version: '2' };
    const after = await clusters.for({ name: 'far' }, signal);
    expect(after.cache).not.toBe(before.cache);
    expect(calls.toSorted()).toEqual(['create far@1', 'create far@2', 'start far@1', 'start far@2', 'stop far@1']);
  });

  it('that could not be started are tried again by the next application (R17)', async () => {
    const { clusters, calls, log } = clustersOf([FAR], 1);
    await expect(clusters.for({ name: 'far' }, signal)).rejects.toThrow('connection refused');
    await expect(clusters.for({ name: 'far' }, signal)).resolves.toMatchObject({ name: 'far' });
    expect(calls).toEqual(['create far@1', 'create far@1', 'start far@1']);
    expect(log.warnings).toEqual(['cluster cannot be read']);
  });

  it('do not wait for each other', async () => {
    const { clusters } = clustersOf([HOME, FAR], 1);
    const [far, home] = await Promise.allSettled([
      clusters.for({ name: 'far' }, signal),
      clusters.for({ server: HOME.server }, signal),
    ]);
    expect([far.status, home.status]).toEqual(['rejected', 'fulfilled']);
  });

  it.each([
    {
      name: 'server',
      destination: { server: 'https://unknown.test' },
      asked: 'there is no cluster https://unknown.test',
    },
    { name: 'name', destination: { name: 'unknown' }, asked: 'there is no cluster named unknown' },
    {
      name: 'server, whose name alone is known',
      destination: { server: 'https://x', name: 'far' },
      asked: 'there is no cluster https://x',
    },
  ])('an unknown $name is an InvalidSpec that says what to do', async ({ destination, asked }) => {
    const { clusters } = clustersOf([HOME, FAR]);
    await expect(clusters.for(destination, signal)).rejects.toMatchObject({
      code: 'InvalidSpec',
      message: expect.stringContaining(`${asked}; register it`),
    });
    expect(clusters.identify(destination)).toBeUndefined();
  });

  it('are identified by server or name without being started', () => {
    const { clusters, calls } = clustersOf([HOME, FAR]);
    expect([clusters.identify({ name: 'far' })?.server, clusters.identify({ server: `${FAR.server}/` })?.name]).toEqual(
      ['https://far.test', 'far'],
    );
    expect(calls).toEqual([]);
  });

  it('forget an application in every cluster that runs, and all stop at the end', async () => {
    const { clusters, calls } = clustersOf([HOME, FAR]);
    await clusters.for({ name: 'far' }, signal);
    clusters.forget('guestbook');
    await clusters.stop();
    expect(calls.slice(2)).toEqual(['forget guestbook in far', 'stop far@1']);
  });
});
