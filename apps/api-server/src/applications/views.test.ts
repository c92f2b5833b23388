/** Views: pages, order, counts, and that a view which was brought up to date equals one made anew. */
import type { ApplicationListQuery } from '@tiphys/api-contract';
import type { KubernetesObject } from '@tiphys/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Subject } from '../http/context.js';
import type { ApplicationDeps } from './deps.js';
import { type ApplicationStore, applicationEntry, createApplicationStore } from './store.js';
import { createApplicationViews, identityOf } from './views.js';

const user = (username: string): Subject => ({
  ...{ username, issuer: 'argocd', groups: [], issuedAt: 0, expiresAt: undefined, tokenId: undefined },
});

interface Given {
  readonly name: string;
  readonly project?: string;
  readonly sync?: string;
  readonly health?: string;
  readonly server?: string;
  readonly automated?: boolean;
}

function application({
  name,
  project = 'default',
  sync,
  health,
  server = 'https://a',
  automated,
}: Given): KubernetesObject {
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: {
      name,
      namespace: 'argocd',
      resourceVersion: '1',
      creationTimestamp: `2026-01-0${name.length}T00:00:00Z`,
    },
    spec: {
      ...{ project, destination: { server, namespace: `ns-${name}` } },
      ...(automated === undefined ? {} : { syncPolicy: { automated: { enabled: automated } } }),
    },
    ...(sync === undefined ? {} : { status: { sync: { status: sync }, health: { status: health } } }),
  };
}

function setup(given: readonly Given[], policy = { version: 0 }) {
  const store = createApplicationStore();
  for (const entry of given) store.put(applicationEntry(application(entry)));
  return { store, views: viewsOf(store, policy) };
}

/** Everybody sees everything but `outsider`, who sees the project `open`. */
function viewsOf(store: ApplicationStore, policy: { version: number }) {
  const deps = {
    ...{ store, namespace: 'argocd', projects: { version: 0 }, settings: { version: () => String(policy.version) } },
    authorizer: ({ username }: Subject, { object }: { object: string }) =>
      username !== 'outsider' || object.startsWith('open/'),
  } as unknown as ApplicationDeps;
  return createApplicationViews(deps, ({ spec }) => (spec.destination.server ?? '').replace('https://', 'cluster-'));
}

const APPLICATIONS: readonly Given[] = [
  { name: 'a', sync: 'Synced', health: 'Healthy', project: 'open', automated: true },
  { name: 'bb', sync: 'OutOfSync', health: 'Degraded', automated: false },
  { name: 'ccc', sync: 'OutOfSync', health: 'Healthy', server: 'https://b' },
  { name: 'dddd' },
];

describe('a view', () => {
  const { views } = setup(APPLICATIONS);
  const namesOf = (query: ApplicationListQuery, who = 'admin') =>
    views.get(user(who), query).entries.map(({ application: { metadata } }) => metadata.name);

  it.each<[ApplicationListQuery, readonly string[]]>([
    [{}, ['a', 'bb', 'ccc', 'dddd']],
    [{ order: 'desc' }, ['dddd', 'ccc', 'bb', 'a']],
    [{ sortBy: 'health' }, ['bb', 'dddd', 'a', 'ccc']],
    [{ sortBy: 'sync' }, ['bb', 'ccc', 'dddd', 'a']],
    [{ sortBy: 'createdAt', order: 'desc' }, ['dddd', 'ccc', 'bb', 'a']],
    [{ sortBy: 'cluster', order: 'desc' }, ['ccc', 'dddd', 'bb', 'a']],
    [{ syncStatus: 'OutOfSync' }, ['bb', 'ccc']],
    [{ syncStatus: ['OutOfSync', 'Unknown'], healthStatus: 'Unknown' }, ['dddd']],
    [{ cluster: 'cluster-b' }, ['ccc']],
    [{ cluster: 'https://b/' }, ['ccc']],
    [{ namespace: ['ns-a', 'ns-dddd'] }, ['a', 'dddd']],
    [{ search: 'CD/B' }, ['bb']],
    [{ autoSync: true }, ['a']],
    [{ autoSync: false }, ['bb', 'ccc', 'dddd']],
    [{ project: 'open' }, ['a']],
  ])('of %j is %j', (query, expected) => {
    expect(namesOf(query)).toEqual(expected);
  });

  it('holds only what the caller may see, in counts too (S19)', () => {
    expect(namesOf({}, 'outsider')).toEqual(['a']);
    expect(views.get(user('outsider'), {}).counts()).toMatchObject({ total: 1, project: { open: 1 } });
  });

  it('counts what another choice of a facet would show', () => {
    expect(views.get(user('admin'), { syncStatus: 'OutOfSync' }).counts()).toEqual({
      total: 2,
      sync: { OutOfSync: 2, Synced: 1, Unknown: 1 },
      health: { Degraded: 1, Healthy: 1 },
      project: { default: 2 },
      cluster: { 'cluster-a': 1, 'cluster-b': 1 },
      autoSync: { disabled: 2 },
    });
  });

  it('is made anew when the access policy changes', () => {
    const policy = { version: 1 };
    const { store, views: own } = setup(APPLICATIONS, policy);
    const before = own.get(user('admin'), {});
    expect(own.get(user('admin'), {})).toBe(before);
    policy.version = 2;
    expect(own.get(user('admin'), {})).not.toBe(before);
    expect(store.size).toBe(4);
  });

  it('is shared by the sessions of a person, not by persons', () => {
    const session = { ...user('admin'), issuedAt: 5, expiresAt: 9, tokenId: 'x' };
    expect(identityOf(session)).toEqual(identityOf(user('admin')));
    expect(identityOf(user('other'))).not.toEqual(identityOf(user('admin')));
  });

  it('that was brought up to date equals one made anew, whatever happened', () => {
    const change = fc.record({
      name: fc.stringMatching(/^[a-f]{1,3}$/),
      project: fc.constantFrom('open', 'default'),
      sync: fc.constantFrom('Synced', 'OutOfSync'),
      health: fc.constantFrom('Healthy', 'Degraded', 'Progressing'),
      automated: fc.boolean(),
      removed: fc.boolean(),
    });
    const query = fc.record<ApplicationListQuery>(
      {
        sortBy: fc.constantFrom('name', 'health', 'sync', 'project', 'createdAt'),
        order: fc.constantFrom('asc', 'desc'),
        syncStatus: fc.constantFrom('Synced', 'OutOfSync'),
        healthStatus: fc.constantFrom('Healthy', 'Degraded'),
        autoSync: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 5 }), query, (rounds, asked) => {
        const policy = { version: 0 };
        const { store, views: kept } = setup(APPLICATIONS, policy);
        for (const round of rounds) {
          kept.get(user('admin'), asked);
          for (const { removed, ...given } of round) {
            if (removed) store.remove(`argocd/${given.name}`);
            else store.put(applicationEntry(application(given)));
          }
          const updated = kept.get(user('admin'), asked);
          const anew = viewsOf(store, policy).get(user('admin'), asked);
          expect(updated.entries).toEqual(anew.entries);
          expect(updated.counts()).toEqual(anew.counts());
        }
      }),
      { numRuns: 200 },
    );
  });
});
