import type { CachedResource } from '@tiphys/cluster';
import { compileIgnoreDifferences, type NodeSummary } from '@tiphys/gitops-engine';
import { describe, expect, it } from 'vitest';
import { isIgnoredChange, keyOfInstance, refreshesFor } from './cluster-changes.js';

it.each([
  ['guestbook', 'argocd/guestbook', 'lies in the control-plane namespace'],
  ['team_guestbook', 'team/guestbook', 'names its namespace (A31)'],
  ['team_guest_book', 'team/guest_book', 'is split at the first underscore only'],
])('the instance %s is the application %s: it %s', (instance, key) => {
  expect(keyOfInstance(instance, 'argocd')).toBe(key);
});

it('a managed object asks for a comparison, one below it only for a new tree, each of its own application', () => {
  const instances = [
    { instance: 'guestbook', managed: true },
    { instance: 'team_other', managed: false },
  ];
  const change = { type: 'upsert', current: undefined, previous: undefined, instances } as const;
  expect(refreshesFor(change, 'argocd')).toEqual([
    { key: 'argocd/guestbook', priority: 'selfHeal', request: { level: 1, hardness: 0, since: 0 } },
    { key: 'team/other', priority: 'dependency', request: { level: 0, hardness: 0, since: 0 } },
  ]);
});

describe('an update that is ignored (C19)', () => {
  const rules = compileIgnoreDifferences([{ group: '*', kind: '*', jsonPointers: ['/status'] }]);
  const resource = (version: string, status: object, more: Partial<CachedResource<NodeSummary>> = {}) => {
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', resourceVersion: version },
      status,
    };
    const summary: NodeSummary = { health: { status: 'Healthy' }, images: [], info: [], networkingInfo: undefined };
    return { uid: 'u', trackedBy: 'web', summary, object, ...more } as unknown as CachedResource<NodeSummary>;
  };
  const before = resource('1', { replicas: 1 });
  const degraded = { summary: { ...before.summary, health: { status: 'Degraded' as const } } };
  it.each<[string, CachedResource<NodeSummary> | undefined, CachedResource<NodeSummary> | undefined, boolean]>([
    ['starts no comparison', before, resource('2', { replicas: 2 }), true],
    ['counts when the health changes with it', before, resource('2', { replicas: 2 }, degraded), false],
    ['counts when the object is another one', before, resource('2', { replicas: 2 }, { uid: 'v' }), false],
    [
      'counts when the object belongs to another application now',
      before,
      resource('2', {}, { trackedBy: 'other' }),
      false,
    ],
    ['counts when the object is new', undefined, before, false],
    ['counts when the object is gone', before, undefined, false],
  ])('%s', (...[, previous, current, ignored]) => {
    const change = { type: 'upsert', previous, current, instances: [] } as const;
    expect(isIgnoredChange(change, rules)).toBe(ignored);
  });
});
