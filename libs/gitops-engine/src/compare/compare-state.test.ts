import { type JsonObject, type KubernetesObject, resourceKeyOf, resourceKeyString } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { compareState } from './compare-state.js';
import type { ComparisonInput } from './types.js';

const ID = 'argocd.argoproj.io/tracking-id';
const SETTINGS: ComparisonInput['settings'] = {
  trackingMethod: 'annotation',
  instanceLabelKey: 'app.kubernetes.io/instance',
  installationId: undefined,
  fieldManager: 'argocd-controller',
  ignoreDifferences: [],
  ignoreResourceStatusField: 'all',
  ignoreAggregatedRoles: false,
};

function input(
  targets: readonly KubernetesObject[],
  live: readonly KubernetesObject[],
  more: Partial<ComparisonInput> = {},
): ComparisonInput {
  return {
    instanceName: 'app',
    self: { namespace: 'argocd', name: 'app' },
    destinationNamespace: 'ns',
    targets: targets.map((object) => ({ object, origin: 'a.yaml', sourceIndex: 0 })),
    live: new Map(live.map((object) => [resourceKeyString(resourceKeyOf(object)), object])),
    scopeOf: ({ kind }) => (kind === 'Namespace' ? 'cluster' : 'namespaced'),
    ignoreDifferences: [],
    syncOptions: [],
    managedNamespaceMetadata: undefined,
    settings: SETTINGS,
    unreadable: new Map(),
    predicted: new Map(),
    previousHealth: undefined,
    now: '2026-01-01T00:00:00Z',
    ...more,
  };
}
function configMap(name: string, body: JsonObject = {}, annotations: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations }, ...body };
}
function tracked(object: KubernetesObject, app = 'app'): KubernetesObject {
  const { name = '', annotations } = object.metadata;
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : '';
  const id = `${app}:${group}/${object.kind}:ns/${name}`;
  return { ...object, metadata: { ...object.metadata, namespace: 'ns', annotations: { ...annotations, [ID]: id } } };
}
const summary = (given: ComparisonInput) => {
  const { syncStatus, resources } = compareState(given);
  return {
    syncStatus,
    resources: resources.map(({ key, status, requiresPruning }) => [key.name, status, requiresPruning]),
  };
};

describe('sync status', () => {
  it('is Synced when every object is as in Git', () => {
    const a = configMap('a', { data: { k: 'v' } });
    expect(summary(input([a], [tracked(a)]))).toEqual({ syncStatus: 'Synced', resources: [['a', 'Synced', false]] });
  });
  it('is OutOfSync when an object differs, is missing or is extra, in key order', () => {
    const live = [tracked(configMap('b', { data: { k: 'old' } })), tracked(configMap('c'))];
    expect(summary(input([configMap('b', { data: { k: 'new' } }), configMap('a')], live))).toEqual({
      syncStatus: 'OutOfSync',
      resources: [
        ['a', 'OutOfSync', false],
        ['b', 'OutOfSync', false],
        ['c', 'OutOfSync', true],
      ],
    });
  });
  it('ignores an extra object with IgnoreExtraneous, which still shows as OutOfSync (C14)', () => {
    const extra = tracked(configMap('x', {}, { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }));
    expect(summary(input([], [extra]))).toEqual({ syncStatus: 'Synced', resources: [['x', 'OutOfSync', true]] });
  });
  it.each([
    [
      'whose mark was copied from another object (A27)',
      { ...tracked(configMap('x')), metadata: { ...tracked(configMap('x')).metadata, name: 'copy' } },
    ],
    ['that another application tracks', tracked(configMap('x'), 'other')],
    ['without a mark', { ...configMap('x'), metadata: { name: 'x', namespace: 'ns' } }],
    [
      'that another object owns',
      {
        ...tracked(configMap('x')),
        metadata: {
          ...tracked(configMap('x')).metadata,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
        },
      },
    ],
  ])('leaves out an extra object %s', (_, live) => {
    expect(summary(input([], [live]))).toEqual({ syncStatus: 'Synced', resources: [] });
  });
  it('does not count hooks, and never prunes them', () => {
    const hook = configMap('hook', {}, { 'argocd.argoproj.io/hook': 'PreSync' });
    const old = tracked(configMap('old', {}, { 'argocd.argoproj.io/hook': 'PostSync' }));
    const result = compareState(input([hook], [old]));
    expect(result.syncStatus).toBe('Synced');
    expect(result.resources.map(({ key, hooks, requiresPruning }) => [key.name, hooks, requiresPruning])).toEqual([
      ['hook', ['PreSync'], false],
      ['old', ['PostSync'], false],
    ]);
  });
  it('leaves Helm test hooks out', () => {
    expect(compareState(input([configMap('t', {}, { 'helm.sh/hook': 'test' })], [])).resources).toEqual([]);
  });
});

describe('what could not be read', () => {
  it('is Unknown and not pruned, and degrades nothing else (design 8)', () => {
    const widget: KubernetesObject = { apiVersion: 'x.io/v1', kind: 'Widget', metadata: { name: 'w' } };
    const a = configMap('a');
    const stale = tracked({ ...widget, metadata: { name: 'old' } });
    const result = compareState(
      input([a, widget], [tracked(a), stale], { unreadable: new Map([['x.io/Widget', 'forbidden']]) }),
    );
    expect(result.syncStatus).toBe('Unknown');
    expect(
      result.resources.map(({ key, status, requiresPruning, unreadable }) => [
        key.name,
        status,
        requiresPruning,
        unreadable,
      ]),
    ).toEqual([
      ['a', 'Synced', false, false],
      ['old', 'Unknown', false, true],
      ['w', 'Unknown', false, true],
    ]);
    expect(result.conditions).toEqual([
      {
        type: 'ComparisonError',
        message:
          'Resources of kind x.io/Widget cannot be read: forbidden. Their status is Unknown and none of them is pruned until they can be read again.',
      },
    ]);
  });
  it('in Git makes everything Unknown and nothing prunable (design 9)', () => {
    const broken = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } as KubernetesObject;
    const result = compareState(input([broken], [tracked(configMap('a'))]));
    expect(result).toMatchObject({ syncStatus: 'Unknown', resources: [{ status: 'Unknown', requiresPruning: false }] });
    expect(result.conditions).toMatchObject([{ type: 'ComparisonError', message: expect.stringContaining('a.yaml') }]);
  });
});

describe('in doubt', () => {
  const target = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { paused: true } };
  const live = tracked({ ...target, spec: { paused: true, replicas: 3 } } as KubernetesObject);
  const owned = {
    ...live,
    metadata: {
      ...live.metadata,
      managedFields: [
        {
          manager: 'argocd-controller',
          operation: 'Apply',
          fieldsV1: { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } },
        },
      ],
    },
  } as KubernetesObject;
  const key = 'apps/Deployment/ns/d';

  it('asks for a dry run first, and is Unknown until then', () => {
    const result = compareState(input([target], [owned]));
    expect(result).toMatchObject({ syncStatus: 'Unknown', unsure: [{ kind: 'Deployment', name: 'd' }] });
  });
  it('is decided by the answer', () => {
    const answered = (object: KubernetesObject) =>
      compareState(input([target], [owned], { predicted: new Map([[key, { object }]]) }));
    expect(answered(owned)).toMatchObject({ syncStatus: 'Synced', unsure: [] });
    const changed = { ...owned, spec: { paused: true, replicas: 1 } };
    expect(answered(changed)).toMatchObject({ syncStatus: 'OutOfSync', unsure: [] });
  });
  it('is OutOfSync when the API server refuses, and says why', () => {
    const result = compareState(
      input([target], [owned], { predicted: new Map([[key, { object: undefined, error: 'field is immutable' }]]) }),
    );
    expect(result.syncStatus).toBe('OutOfSync');
    expect(result.conditions).toEqual([
      { type: 'ComparisonError', message: 'The API server refused a dry run of Deployment ns/d: field is immutable' },
    ]);
  });
  it('always asks with ServerSideDiff=true on the application, unless a resource says otherwise (C03)', () => {
    const a = configMap('a');
    const quiet = configMap('b', {}, { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' });
    const result = compareState(
      input([a, quiet], [tracked(a), tracked(quiet)], { compareOptions: ['ServerSideDiff=true'] }),
    );
    expect(result.unsure.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('the managed namespace (A12)', () => {
  const managed = { syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata: { labels: { team: 'a' } } };
  const namespace = (labels: Record<string, string>): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ns', labels, annotations: { 'argocd.argoproj.io/sync-options': 'ServerSideApply=true' } },
  });

  it.each([
    ['OutOfSync when its labels differ', [namespace({ team: 'b' })], 'OutOfSync'],
    ['OutOfSync when it is missing', [], 'OutOfSync'],
    ['Synced when it has them, whatever else it has', [namespace({ team: 'a', other: 'x' })], 'Synced'],
  ])('is %s', (_, live, status) => {
    expect(compareState(input([], live, managed)).syncStatus).toBe(status);
  });
  it('is not compared without CreateNamespace=true or without metadata', () => {
    expect(compareState(input([], [], { syncOptions: ['CreateNamespace=true'] })).resources).toEqual([]);
    expect(compareState(input([], [], { ...managed, syncOptions: [] })).resources).toEqual([]);
  });
  it('is merged into a Namespace of Git, with a warning', () => {
    const result = compareState(input([namespace({ from: 'git' })], [], managed));
    expect(result.resources[0]?.target?.metadata.labels).toEqual({ from: 'git', team: 'a' });
    expect(result.conditions).toMatchObject([{ type: 'RepeatedResourceWarning' }]);
  });
});

describe('objects with hook: Skip (D03)', () => {
  const HOOK = 'argocd.argoproj.io/hook';
  const skipped = configMap('skipped', { data: { k: 'git' } }, { [HOOK]: 'Skip' });

  it.each([
    { name: 'missing', live: [] },
    { name: 'different', live: [tracked({ ...skipped, data: { k: 'other' } } as KubernetesObject)] },
  ])('are no reason to be out of sync or unhealthy when $name, and show what differs', ({ live }) => {
    const a = configMap('a');
    const { syncStatus, health, resources } = compareState(input([a, skipped], [tracked(a), ...live]));
    expect({ syncStatus, health: health.status }).toEqual({ syncStatus: 'Synced', health: 'Healthy' });
    expect(resources[1]).toMatchObject({ key: { name: 'skipped' }, hooks: [], diff: { verdict: 'different' } });
  });
  it('are never asked about by a dry run', () => {
    const { unsure } = compareState(input([skipped], [tracked(skipped)], { compareOptions: ['ServerSideDiff=true'] }));
    expect(unsure).toEqual([]);
  });
  it('are extraneous like any other object once they are not in Git any more', () => {
    expect(summary(input([], [tracked(skipped)]))).toEqual({
      syncStatus: 'OutOfSync',
      resources: [['skipped', 'OutOfSync', true]],
    });
  });
});

it.each([
  { name: 'itself does not judge itself (E03)', child: 'app', health: 'Healthy' },
  { name: 'another one that is being deleted waits for it', child: 'other', health: 'Progressing' },
])('an application that manages $name', ({ child, health }) => {
  const git: KubernetesObject = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: child } };
  const { metadata, ...rest } = tracked(git);
  const live = { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  const result = compareState(input([git], [live], { self: { namespace: 'ns', name: 'app' } }));
  expect(result.health.status).toBe(health);
});

describe('conditions and marks', () => {
  it('warns about an object that another application tracks', () => {
    const a = configMap('a');
    expect(compareState(input([a], [tracked(a, 'team_other')])).conditions).toEqual([
      {
        type: 'SharedResourceWarning',
        message: 'ConfigMap/a is part of applications app and team/other. Keep it in one of them.',
      },
    ]);
  });
  it('names an ignore expression that is not supported', () => {
    const rule = { kind: 'ConfigMap', jqPathExpressions: ['.data | kyes'] };
    const { conditions } = compareState(input([], [], { ignoreDifferences: [rule] }));
    expect(conditions).toMatchObject([
      { type: 'ComparisonError', message: expect.stringContaining('".data | kyes" cannot be used') },
    ]);
  });
  it('marks objects whose deletion must be confirmed (D19, D20)', () => {
    const live = tracked(configMap('a', {}, { 'argocd.argoproj.io/sync-options': 'Replace=true, Prune=confirm' }));
    expect(compareState(input([], [live])).resources[0]?.requiresDeletionConfirmation).toBe(true);
  });
  it('reads the wave, and judges a missing object as Missing', () => {
    const [resource] = compareState(
      input([configMap('a', {}, { 'argocd.argoproj.io/sync-wave': '-3' })], []),
    ).resources;
    expect(resource).toMatchObject({ syncWave: -3, health: { status: 'Missing' }, version: 'v1', origin: 'a.yaml' });
  });
});
