import { ANNOTATIONS, type ResourceKey, type SyncOperation, type SyncResourceSelector } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { AppComparison } from '../comparison/compare-app.js';
import { application, COMPARISON, NOW, operationState, SHA_A, specOf, stored } from '../testing/builders.js';
import { planRequest } from './plan-request.js';

const NAMESPACE_LIVE = stored({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } });
const comparison = { live: new Map([['/Namespace//web', NAMESPACE_LIVE]]) } as unknown as AppComparison;

function plan(sync: SyncOperation, app = application()) {
  const state = operationState({ operation: { sync }, syncResult: { revision: SHA_A }, retryCount: 2 });
  return planRequest(app, { state, comparison, namespace: 'argocd', settings: COMPARISON });
}

it('an operation without wishes prunes nothing, writes, runs hooks and selects everything', () => {
  expect(plan({})).toEqual({
    ...{ instanceName: 'guestbook', tracking: COMPARISON, revision: SHA_A, attempt: 2, operationStartedAt: NOW },
    ...{ prune: false, dryRun: false, applyOnly: false, force: false, syncOptions: [] },
    ...{ selects: undefined, destinationNamespace: 'web', deletionApprovedAt: undefined },
    ...{ namespace: undefined, namespaceLive: undefined, ignoreRules: { rules: [], problems: [] } },
  });
});

describe('what an operation asks of the plan', () => {
  it.each<{ name: string; sync: SyncOperation; expected: object }>([
    { name: 'prune', sync: { prune: true }, expected: { prune: true } },
    { name: 'a dry run (D33)', sync: { dryRun: true }, expected: { dryRun: true } },
    {
      name: 'the apply strategy runs no hooks',
      sync: { syncStrategy: { apply: {} } },
      expected: { applyOnly: true, force: false },
    },
    {
      name: 'force of the apply strategy',
      sync: { syncStrategy: { apply: { force: true } } },
      expected: { applyOnly: true, force: true },
    },
    {
      name: 'force of the hook strategy',
      sync: { syncStrategy: { hook: { force: true } } },
      expected: { applyOnly: false, force: true },
    },
    {
      name: 'its own sync options instead of those of the application',
      sync: { syncOptions: ['Replace=true'] },
      expected: { syncOptions: ['Replace=true'] },
    },
  ])('$name', ({ sync, expected }) => {
    const app = application({ spec: specOf({ syncPolicy: { syncOptions: ['PruneLast=true'] } }) });
    expect(plan(sync, app)).toMatchObject(expected);
  });

  it('the options of the application count when the operation names none', () => {
    const app = application({ spec: specOf({ syncPolicy: { syncOptions: ['PruneLast=true'] } }) });
    expect(plan({}, app).syncOptions).toEqual(['PruneLast=true']);
  });
  it('an approval of deletions is passed on (D19)', () => {
    const app = application({ metadata: { annotations: { [ANNOTATIONS.deletionApproved]: NOW } } });
    expect(plan({}, app).deletionApprovedAt).toBe(NOW);
  });
  it('an application outside the control-plane namespace goes by both names (A31)', () => {
    expect(plan({}, application({ metadata: { namespace: 'team', name: 'shop' } })).instanceName).toBe('team_shop');
  });
});

describe('CreateNamespace=true (D30)', () => {
  const managed = { labels: { team: 'a' }, annotations: { note: 'x' } };
  const creating = (namespace: string) =>
    application({
      spec: specOf({
        destination: { server: 'https://cluster.test', namespace },
        syncPolicy: { syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata: managed },
      }),
    });

  it('brings the destination namespace with its managed metadata and its live object', () => {
    const { namespace, namespaceLive } = plan({}, creating('web'));
    expect(namespace).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web', ...managed } });
    expect(namespaceLive).toBe(NAMESPACE_LIVE);
  });
  it('does nothing for a destination without a namespace', () => {
    expect(plan({}, creating('')).namespace).toBeUndefined();
  });
});

describe('selective sync (D32)', () => {
  const a: ResourceKey = { group: '', kind: 'ConfigMap', namespace: 'web', name: 'a' };
  const deployment: ResourceKey = { group: 'apps', kind: 'Deployment', namespace: 'web', name: 'a' };
  const selected = (...resources: SyncResourceSelector[]) => {
    const { selects } = plan({ resources });
    return [a, deployment].filter((key) => selects === undefined || selects(key)).map(({ kind }) => kind);
  };

  it.each<{ name: string; resources: SyncResourceSelector[]; kinds: string[] }>([
    { name: 'no selector is everything', resources: [], kinds: ['ConfigMap', 'Deployment'] },
    { name: 'a core resource has no group', resources: [{ kind: 'ConfigMap', name: 'a' }], kinds: ['ConfigMap'] },
    { name: 'the group counts', resources: [{ kind: 'Deployment', name: 'a' }], kinds: [] },
    {
      name: 'an empty namespace is any',
      resources: [{ group: 'apps', kind: 'Deployment', name: 'a', namespace: '' }],
      kinds: ['Deployment'],
    },
    {
      name: 'another namespace is another resource',
      resources: [{ kind: 'ConfigMap', name: 'a', namespace: 'other' }],
      kinds: [],
    },
    { name: 'another name is another resource', resources: [{ kind: 'ConfigMap', name: 'b' }], kinds: [] },
    {
      name: 'only excludes mean everything else',
      resources: [{ kind: 'ConfigMap', name: 'a', exclude: true }],
      kinds: ['Deployment'],
    },
    {
      name: 'excludes win over includes',
      resources: [
        { kind: 'ConfigMap', name: 'a' },
        { kind: 'ConfigMap', name: 'a', exclude: true },
      ],
      kinds: [],
    },
  ])('$name', ({ resources, kinds }) => {
    expect(selected(...resources)).toEqual(kinds);
  });
});
