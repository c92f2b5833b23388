import { type KubernetesObject, resourceKeyOf, resourceKeyString } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { stored } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { alignVersions, type VersionMemory } from './align-versions.js';

const { signal } = new AbortController();
const scaler = (apiVersion: string, resourceVersion = '7'): KubernetesObject =>
  stored({ apiVersion, kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace: 'web' } }, resourceVersion);
const KEY = resourceKeyOf(scaler('autoscaling/v2'));
const ID = resourceKeyString(KEY);

function aligner() {
  const memory = memoryCluster(scaler('autoscaling/v2'));
  const versions: VersionMemory = new Map();
  const context = { cluster: memory.destination, memory: versions, signal };
  const align = async (live: KubernetesObject | undefined, apiVersion: string) => {
    const found = new Map(live === undefined ? [] : [[ID, live]]);
    return (await alignVersions(found, [{ key: KEY, apiVersion }], context)).get(ID)?.apiVersion;
  };
  return { ...memory, versions, align };
}

describe('live objects in the version that Git asks for', () => {
  it('are not read again when the watch has them in that version', async () => {
    const { align, calls } = aligner();
    expect(await align(scaler('autoscaling/v2'), 'autoscaling/v2')).toBe('autoscaling/v2');
    expect(calls).toEqual([]);
  });
  it('are read once in another version, until they change', async () => {
    const { align, calls } = aligner();
    const read = 'get autoscaling/v1 HorizontalPodAutoscaler/web';
    expect(await align(scaler('autoscaling/v2'), 'autoscaling/v1')).toBe('autoscaling/v1');
    expect(await align(scaler('autoscaling/v2'), 'autoscaling/v1')).toBe('autoscaling/v1');
    expect(calls).toEqual([read]);
    await align(scaler('autoscaling/v2', '8'), 'autoscaling/v1');
    expect(calls).toEqual([read, read]);
  });
  it('are not read when nothing is live', async () => {
    const { align, calls } = aligner();
    expect([await align(undefined, 'autoscaling/v1'), calls]).toEqual([undefined, []]);
  });
  it('stay as they are when the cluster does not serve that version (R15)', async () => {
    const { align, calls, unknownKinds } = aligner();
    unknownKinds.add('HorizontalPodAutoscaler');
    expect(await align(scaler('autoscaling/v2'), 'autoscaling/v2beta2')).toBe('autoscaling/v2');
    expect(calls).toEqual([]);
  });
  it('stay as they are when they went away meanwhile', async () => {
    const { align, objects, versions } = aligner();
    objects.clear();
    expect(await align(scaler('autoscaling/v2'), 'autoscaling/v1')).toBe('autoscaling/v2');
    expect(versions.size).toBe(0);
  });
});
