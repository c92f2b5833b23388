import { expect, it } from 'vitest';
import { keyOfInstance, refreshesFor } from './cluster-changes.js';

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
