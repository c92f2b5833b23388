import type { AppProject, SyncWindow } from '@tiphys/model';
import { fakeClock } from '@tiphys/runtime';
import { expect, it } from 'vitest';
import { type WindowAsk, windowFor } from './sync-window.js';
import { application, SERVER, specOf } from './testing/builders.js';
import { memoryCluster } from './testing/memory-cluster.js';

/** Every day from midnight; the fake clock stands at midnight. */
const window = (kind: 'allow' | 'deny', more: Partial<SyncWindow>): SyncWindow => ({
  ...{ kind, schedule: '0 0 * * *', duration: '1h' },
  ...more,
});
const AUTOMATED: WindowAsk = { isManual: false };

it.each<{ name: string; window: SyncWindow; ask?: WindowAsk; allowed: boolean }>([
  {
    name: 'an active deny window of the application',
    window: window('deny', { applications: ['guest*'] }),
    allowed: false,
  },
  { name: 'a deny window of another application', window: window('deny', { applications: ['other'] }), allowed: true },
  {
    name: 'a deny window of the destination namespace',
    window: window('deny', { namespaces: ['web'] }),
    allowed: false,
  },
  {
    name: 'a deny window of the cluster by its server',
    window: window('deny', { clusters: [SERVER] }),
    allowed: false,
  },
  {
    name: 'a deny window of the cluster by the name that it is registered with',
    window: window('deny', { clusters: ['test'] }),
    allowed: false,
  },
  {
    name: 'an allow window at another time',
    window: window('allow', { applications: ['*'], schedule: '0 12 * * *' }),
    allowed: false,
  },
  {
    name: 'a person during a deny window',
    window: window('deny', { applications: ['*'] }),
    ask: { isManual: true },
    allowed: false,
  },
  {
    name: 'a person during a deny window with manualSync (D49)',
    window: window('deny', { applications: ['*'], manualSync: true }),
    ask: { isManual: true },
    allowed: true,
  },
  {
    name: 'an operation that began before the deny window, with syncOverrun (D50)',
    window: window('deny', { applications: ['*'], syncOverrun: true }),
    ask: { isManual: false, runningSince: new Date('2025-12-31T23:00:00Z') },
    allowed: true,
  },
])('$name: a sync is allowed: $allowed', ({ window: one, ask = AUTOMATED, allowed }) => {
  const project: AppProject = {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'default' } },
    spec: { syncWindows: [one] },
  };
  const { clusters } = memoryCluster();
  const deps = { projects: { get: () => project }, clusters, clock: fakeClock() };
  expect(windowFor(application(), deps, ask).allowed).toBe(allowed);
});

it('a project that is gone forbids nothing here', () => {
  const deps = { projects: { get: () => undefined }, clusters: memoryCluster().clusters, clock: fakeClock() };
  expect(windowFor(application({ spec: specOf({ project: 'gone' }) }), deps, AUTOMATED).allowed).toBe(true);
});
