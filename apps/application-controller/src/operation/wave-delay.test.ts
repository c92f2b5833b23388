import type { Application, KubernetesObject, Operation } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, SHA_A, stored } from '../testing/builders.js';
import { world } from '../testing/world.js';

const SYNC: Operation = { sync: { revision: SHA_A }, initiatedBy: { username: 'jane' } };
const syncing = (operation: Operation = SYNC): Application => application({ operation });
const waved = (wave: string) => ({ 'argocd.argoproj.io/sync-wave': wave });

describe('the pause between waves (D11)', () => {
  const git = [
    configMap('a'),
    configMap('b', { annotations: waved('1') }),
    configMap('c', { annotations: waved('2') }),
  ];

  it('is as long as set, after each wave but the last', async () => {
    const { operate, cluster, clock, app } = world(syncing(), { git, settings: { waveDelayMs: 2_000 } });
    const applied = () => cluster.calls.filter((call) => call.startsWith('apply'));
    expect(await operate()).toEqual({
      ...{ kind: 'requeueAfter', ms: 2_000, reason: 'waiting a moment after wave 0 of Sync' },
    });
    clock.advance(500);
    expect(await operate()).toMatchObject({ ms: 1_500 });
    expect(applied()).toEqual(['apply ConfigMap/a']);
    clock.advance(1_500);
    expect(await operate()).toMatchObject({ ms: 2_000 });
    expect(applied()).toEqual(['apply ConfigMap/a', 'apply ConfigMap/b']);
    clock.advance(2_000);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.phase).toBe('Succeeded');
  });

  it('is kept by a worker that takes over (R6)', async () => {
    const { operate, deps, cluster, clock } = world(syncing(), { git, settings: { waveDelayMs: 2_000 } });
    await operate();
    deps.waveTimes.clear();
    clock.advance(1_000);
    expect(await operate()).toMatchObject({ kind: 'requeueAfter', ms: 2_000 });
    expect(cluster.calls).not.toContain('apply ConfigMap/b');
  });

  it('does not hold back a sync that has nothing to write in its first waves', async () => {
    const live = [stored(tracked('a')), stored(tracked('b'))];
    const { operate } = world(syncing(), { git, live, settings: { waveDelayMs: 2_000 } });
    expect(await operate()).toEqual({ kind: 'done' });
  });

  function tracked(name: string): KubernetesObject {
    const object = name === 'b' ? git[1] : git[0];
    const trackingId = `guestbook:/ConfigMap:web/${name}`;
    const annotations = { ...object?.metadata.annotations, 'argocd.argoproj.io/tracking-id': trackingId };
    return configMap(name, { annotations });
  }
});
