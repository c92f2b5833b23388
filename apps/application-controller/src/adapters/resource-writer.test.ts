import { RESOURCES } from '@tiphys/cluster';
import { describe, expect, it } from 'vitest';
import type { DestinationCluster } from '../ports.js';
import { createResourceWriter } from './resource-writer.js';

const { signal } = new AbortController();
const KEY = { group: '', kind: 'ConfigMap', namespace: 'web', name: 'a' };

/** Only what a deletion needs of a cluster. */
function cluster() {
  const deleted: string[] = [];
  const client = {
    delete: async (_: unknown, { name }: { name: string }) => void deleted.push(name),
  };
  const cache = { client, discovery: { ensure: async () => RESOURCES.configMaps } };
  return { deleted, destination: { server: 'https://c', name: 'c', cache } as unknown as DestinationCluster };
}

describe('a deletion', () => {
  it('that was accepted is not asked for again while the watch is on its way', async () => {
    const { deleted, destination } = cluster();
    const writer = createResourceWriter();
    const options = { propagation: 'foreground', uid: 'u', signal } as const;
    await writer.prune(destination, KEY, options);
    await writer.prune(destination, KEY, options);
    await writer.prune(destination, KEY, { ...options, uid: 'another object of this name' });
    expect(deleted).toEqual(['a', 'a']);
  });

  it('of an object without a known uid is always asked for', async () => {
    const { deleted, destination } = cluster();
    const writer = createResourceWriter();
    for (let count = 0; count < 2; count++)
      await writer.prune(destination, KEY, { propagation: 'foreground', uid: undefined, signal });
    expect(deleted).toEqual(['a', 'a']);
  });
});
