import type { ClusterInfo } from '@tiphys/model';
import { expect, it } from 'vitest';
import { clusterState } from './cluster-state.js';
import type { ClusterCheck } from './connection.js';

const at = (minute: number) => `2026-01-01T00:0${minute}:00.000Z`;
const seen = (parts: Partial<ClusterInfo> = {}): ClusterInfo => ({
  ...{ status: 'Successful', message: '', kubeVersion: 'v1.36.1', resourcesCount: 7, apisCount: 3, attemptedAt: at(1) },
  ...parts,
});
const check = (parts: Partial<ClusterCheck> = {}): ClusterCheck => ({
  ...{ serverVersion: '1.35', status: 'Successful', message: '', attemptedAt: at(0) },
  ...parts,
});

it.each([
  ['what the controller sees', { seen: seen(), check: check() }, { status: 'Successful', attemptedAt: at(1) }, '1.36'],
  [
    'a failure that the controller sees, with the version that was known',
    { seen: seen({ status: 'Failed', message: 'refused', kubeVersion: '' }), check: check() },
    { status: 'Failed', message: 'refused' },
    '1.35',
  ],
  ['kinds that cannot be read', { seen: seen({ status: 'Degraded', message: 'x' }) }, { status: 'Degraded' }, '1.36'],
  [
    'a failed check that is newer',
    { seen: seen(), check: check({ status: 'Failed', message: 'no route', attemptedAt: at(2) }) },
    { status: 'Failed', message: 'no route' },
    '1.35',
  ],
  [
    'the last check when the controller does not watch',
    { seen: seen({ status: 'Unknown' }), check: check() },
    { status: 'Successful' },
    '1.35',
  ],
  [
    'that nobody watches it',
    {},
    { status: 'Unknown', message: expect.stringContaining('no applications') as string },
    undefined,
  ],
  [
    'that the controller is silent',
    { applicationsCount: 2 },
    { message: expect.stringContaining('check that it runs') as string },
    undefined,
  ],
] as const)('shows %s (H06, G15)', (...[, facts, state, version]) => {
  const shown = clusterState({ check: undefined, seen: undefined, applicationsCount: 0, ...facts });
  expect(shown.connectionState).toMatchObject(state);
  expect(shown.serverVersion).toBe(version);
});
