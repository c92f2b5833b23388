import { describe, expect, it } from 'vitest';
import { isExcludedByDefault } from '../cache/exclusions.js';
import type { KubeClient } from '../ports.js';
import { createDiscovery } from './discovery.js';

const signal = AbortSignal.timeout(10_000);

/** Answers of servers that cannot be had here: before 1.26, and with an API service that is down. */
function clientOf(answers: Readonly<Record<string, unknown>>): KubeClient {
  const request = (_method: string, path: string): Promise<unknown> =>
    path in answers ? Promise.resolve(answers[path]) : Promise.reject(new Error(`${path} is down`));
  return { server: 'https://old', request } as unknown as KubeClient;
}

const version = { '/version': { gitVersion: 'v1.24.1' } };
const legacy = {
  ...version,
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': {
    resources: [
      { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['list'] },
      { name: 'pods/log', kind: 'Pod', namespaced: true },
    ],
  },
  '/apis': {
    kind: 'APIGroupList',
    groups: [
      { name: 'apps', versions: [{ version: 'v1beta1' }, { version: 'v1' }], preferredVersion: { version: 'v1' } },
      { name: 'broken.example.com', versions: [{ version: 'v1' }] },
    ],
  },
  '/apis/apps/v1': { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['list'] }] },
  '/apis/apps/v1beta1': {
    resources: [
      { name: 'deployments', kind: 'Deployment', namespaced: true },
      { name: 'old', kind: 'OldOnly', namespaced: false },
    ],
  },
};

describe('discovery of a server without aggregated discovery', () => {
  it('prefers the preferred version and finds kinds that only another version has', async () => {
    const discovery = createDiscovery(clientOf(legacy));
    await discovery.refresh(signal);
    expect(discovery.kubeVersion).toBe('v1.24.1');
    expect(discovery.resolve({ group: 'apps', kind: 'Deployment' })?.version).toBe('v1');
    expect(discovery.resolve({ group: 'apps', kind: 'Deployment' }, 'v1beta1')?.version).toBe('v1beta1');
    expect(discovery.resolve({ group: 'apps', kind: 'OldOnly' })?.version).toBe('v1beta1');
    expect(discovery.apiVersions()).toEqual([
      'apps/v1',
      'apps/v1/Deployment',
      'apps/v1beta1',
      'apps/v1beta1/Deployment',
      'apps/v1beta1/OldOnly',
      'broken.example.com/v1',
      'v1',
      'v1/Pod',
    ]);
  });

  it('keeps a failed group with its reason and never says that its kinds do not exist (R16)', async () => {
    const discovery = createDiscovery(clientOf(legacy));
    await discovery.refresh(signal);
    expect(discovery.failed.get('broken.example.com')).toContain('/apis/broken.example.com/v1 is down');
    await expect(discovery.ensure({ group: 'broken.example.com', kind: 'Thing' }, signal)).rejects.toMatchObject({
      code: 'Upstream',
      message: expect.stringContaining('cannot tell whether https://old serves Thing') as string,
    });
    expect(await discovery.ensure({ group: 'apps', kind: 'Nothing' }, signal)).toBeUndefined();
  });
});

describe('aggregated discovery', () => {
  it('keeps the known kinds of a group that has become stale (R16)', async () => {
    const widgets = { resource: 'widgets', responseKind: { kind: 'Widget' }, scope: 'Namespaced', verbs: ['list'] };
    const answers: Record<string, unknown> = {
      ...version,
      '/api': { kind: 'APIGroupDiscoveryList', items: [] },
      '/apis': {
        kind: 'APIGroupDiscoveryList',
        items: [
          { metadata: { name: 'x.io' }, versions: [{ version: 'v1', freshness: 'Current', resources: [widgets] }] },
        ],
      },
    };
    const discovery = createDiscovery(clientOf(answers));
    let changes = 0;
    discovery.onChange(() => changes++);
    await discovery.refresh(signal);
    await discovery.refresh(signal);
    expect(changes).toBe(1);
    answers['/apis'] = {
      kind: 'APIGroupDiscoveryList',
      items: [{ metadata: { name: 'x.io' }, versions: [{ version: 'v1', freshness: 'Stale' }] }],
    };
    await discovery.refresh(signal);
    expect(discovery.resolve({ group: 'x.io', kind: 'Widget' })?.resource).toBe('widgets');
    expect(discovery.failed.get('x.io')).toContain('does not answer');
    expect(changes).toBe(2);
  });
});

describe('default exclusions (C16)', () => {
  it.each([
    { group: '', kind: 'Endpoints', excluded: true },
    { group: 'discovery.k8s.io', kind: 'EndpointSlice', excluded: true },
    { group: 'coordination.k8s.io', kind: 'Lease', excluded: true },
    { group: 'authorization.k8s.io', kind: 'SubjectAccessReview', excluded: true },
    { group: 'cilium.io', kind: 'CiliumIdentity', excluded: true },
    { group: 'cilium.io', kind: 'CiliumNetworkPolicy', excluded: false },
    { group: '', kind: 'Service', excluded: false },
  ])('$group/$kind: $excluded', ({ group, kind, excluded }) => {
    expect(isExcludedByDefault({ group, kind })).toBe(excluded);
  });
});
