import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { createClusterInfoWriter, versionLabel } from './cluster-info.js';
import type { ClusterState } from './ports.js';
import { recordingLog } from './testing/recording-ports.js';

const { signal } = new AbortController();
const SERVER = 'https://prod';
const AUTO = { 'argocd.argoproj.io/auto-label-cluster-info': 'true' };
const VERSION = 'argocd.argoproj.io/kubernetes-version';

function world(labels: Readonly<Record<string, string>> = {}) {
  const clock = fakeClock(new Date('2026-01-01T00:00:00Z'));
  const state: { -readonly [K in keyof ClusterState]: ClusterState[K] } = {
    ...{ server: SERVER, name: 'prod', status: 'Successful', message: '', kubeVersion: 'v1.36.1+k3s1' },
    ...{ syncedAt: 0, attemptedAt: 0 },
    cache: { stats: { resources: 7, watches: 3, lastEventAt: undefined } } as unknown as ClusterState['cache'],
  };
  const stored: unknown[] = [];
  const patches: unknown[] = [];
  const writer = createClusterInfoWriter({
    states: () => [state],
    registered: () => [{ server: SERVER, secretName: 'cluster-prod', labels }],
    cache: { setJson: async (key, value) => void stored.push([key, value]) },
    client: {
      patch: async ({ name }, body) => {
        patches.push([name, body]);
        return { apiVersion: 'v1', kind: 'Secret', metadata: {} };
      },
    },
    ...{ namespace: 'argocd', clock, log: recordingLog() },
  });
  return { clock, state, stored, patches, look: () => writer.publish(signal) };
}

describe('what is known of a cluster (H06, G15)', () => {
  it('is told when it changes, and once a minute when it does not: a controller at rest writes next to nothing', async () => {
    const { clock, state, stored, look } = world();
    await look();
    const told = { status: 'Successful', message: '', kubeVersion: 'v1.36.1+k3s1', resourcesCount: 7, apisCount: 3 };
    expect(stored).toEqual([[`cluster:info:${SERVER}`, { ...told, attemptedAt: '2026-01-01T00:00:00.000Z' }]]);
    clock.advance(10_000);
    await look();
    expect(stored).toHaveLength(1);
    clock.advance(50_000);
    await look();
    expect(stored.at(1)).toMatchObject({ 1: { attemptedAt: '2026-01-01T00:01:00.000Z' } });
    Object.assign(state, { status: 'Failed', message: 'refused', cache: undefined });
    await look();
    expect(stored.at(2)).toMatchObject({ 1: { status: 'Failed', message: 'refused', resourcesCount: 0 } });
  });

  const labelled = ['cluster-prod', { metadata: { labels: { [VERSION]: 'v1.36.1' } } }];
  it.each([
    ['sets the label where the Secret asks for it', AUTO, [labelled]],
    ['corrects it after an upgrade', { ...AUTO, [VERSION]: 'v1.35.0' }, [labelled]],
    ['writes nothing where it is right', { ...AUTO, [VERSION]: 'v1.36.1' }, []],
    ['writes nothing where nobody asked', {}, []],
  ])('%s', async (_name, labels, expected) => {
    const { patches, look } = world(labels);
    await look();
    expect(patches).toEqual(expected);
  });

  it.each([
    ['v1.36.1', 'v1.36.1'],
    ['v1.29.3-gke.1286000', 'v1.29.3'],
    ['', undefined],
  ])('the version %s is the label %s', (version, expected) => expect(versionLabel(version)).toBe(expected));
});
