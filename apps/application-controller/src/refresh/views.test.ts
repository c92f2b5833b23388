import { describe, expect, it } from 'vitest';
import { configMap, managedResource, stored } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { managedResourceView, treeOf } from './views.js';

describe('one entry of managed-resources', () => {
  it('shows states as texts, null for what is not there', () => {
    expect(managedResourceView(managedResource(configMap('a')), [])).toEqual({
      ...{ kind: 'ConfigMap', namespace: 'web', name: 'a' },
      targetState: JSON.stringify(configMap('a')),
      ...{ liveState: 'null', normalizedLiveState: 'null', predictedLiveState: 'null' },
      modified: true,
    });
  });
  it('names group, resourceVersion and hook where they say something', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' } };
    const live = stored(job);
    const diff = { ...managedResource(job).diff, verdict: 'equal' as const };
    expect(managedResourceView(managedResource(job, { live, diff, hooks: ['PreSync'] }), [])).toMatchObject({
      ...{ group: 'batch', kind: 'Job', name: 'migrate', resourceVersion: '7', hook: true, modified: false },
    });
  });
  it('never shows a secret, and shows equal values as equal (S21)', () => {
    const secret = (password: string) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'web' } },
      data: { password, user: 'YWRtaW4=' },
    });
    const live = stored(secret('b2xkLXNlY3JldA=='));
    const diff = { ...managedResource(live).diff, normalizedLive: live, predictedLive: secret('bmV3LXNlY3JldA==') };
    const view = managedResourceView(managedResource(secret('bmV3LXNlY3JldA=='), { live, diff }), []);
    const text = JSON.stringify(view);
    for (const value of ['b2xkLXNlY3JldA==', 'bmV3LXNlY3JldA==', 'YWRtaW4=']) expect(text).not.toContain(value);
    const { targetState, liveState, predictedLiveState } = view as Record<string, string>;
    const [target, actual, predicted] = [targetState, liveState, predictedLiveState].map(
      (state) => JSON.parse(state ?? '').data,
    );
    expect(target.password).toBe(predicted.password);
    expect(target.password).not.toBe(actual.password);
    expect(target.user).toBe(actual.user);
  });
  it('masks the annotations of a Secret that the installation calls sensitive (C15)', () => {
    const metadata = { name: 's', namespace: 'web', annotations: { token: 'swordfish', note: 'shown' } };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata };
    const text = JSON.stringify(managedResourceView(managedResource(secret), ['token']));
    expect([text.includes('swordfish'), text.includes('shown')]).toEqual([false, true]);
  });
  it('integers beyond the safe range do not break it', () => {
    const big = { ...configMap('a'), spec: { size: 2n ** 60n } };
    expect(managedResourceView(managedResource(big), [])).toMatchObject({
      targetState: expect.stringContaining('1152921504606'),
    });
  });
});

it('the tree holds live objects with what they own, each once, and missing ones', () => {
  const owner = stored(configMap('owner'));
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: 'uid-owner' };
  const child = stored(configMap('child', { ownerReferences: [reference] }));
  const cluster = memoryCluster(owner, child, stored(configMap('stranger')));
  const resources = [
    managedResource(owner, { live: owner }),
    managedResource(child, { live: child }),
    managedResource(configMap('missing')),
  ];
  const tree = treeOf({ cluster: cluster.destination, result: { resources } as never });
  expect(tree.nodes.map(({ name, health, parentRefs }) => [name, health?.status, parentRefs?.[0]?.name])).toEqual([
    ['child', undefined, 'owner'],
    ['missing', 'Missing', undefined],
    ['owner', undefined, undefined],
  ]);
});
