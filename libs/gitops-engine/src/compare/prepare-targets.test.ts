import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { prepareTargets } from './prepare-targets.js';
import type { ScopeOf, TargetManifest } from './types.js';

const SCOPES: Readonly<Record<string, 'namespaced' | 'cluster'>> = {
  ConfigMap: 'namespaced',
  Job: 'namespaced',
  Namespace: 'cluster',
  CustomResourceDefinition: 'cluster',
};
const scopeOf: ScopeOf = ({ kind }) => SCOPES[kind];
const settings = {
  trackingMethod: 'annotation',
  instanceLabelKey: 'app.kubernetes.io/instance',
  installationId: undefined,
} as const;

function manifest(object: unknown, more: Partial<TargetManifest> = {}): TargetManifest {
  return { object: object as KubernetesObject, origin: 'a.yaml', sourceIndex: 0, ...more };
}
function prepare(targets: readonly TargetManifest[]) {
  return prepareTargets({ instanceName: 'app', destinationNamespace: 'prod', targets, scopeOf, settings });
}
const configMap = (metadata: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata });

describe('namespaces by scope', () => {
  it.each([
    ['a namespaced object gets the destination namespace', configMap({ name: 'a' }), 'prod'],
    ['a namespaced object keeps its own namespace', configMap({ name: 'a', namespace: 'x' }), 'x'],
    ['an empty namespace counts as none', configMap({ name: 'a', namespace: '' }), 'prod'],
    [
      'a cluster-scoped object loses its namespace',
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'x' } },
      undefined,
    ],
    ['an unknown kind stays as it is', { apiVersion: 'x.io/v1', kind: 'Unknown', metadata: { name: 'a' } }, undefined],
  ])('%s', (_, object, namespace) => {
    const { targets, complete } = prepare([manifest(object)]);
    expect(targets[0]?.object.metadata.namespace).toBe(namespace);
    expect(targets[0]?.key.namespace).toBe(namespace ?? '');
    expect(complete).toBe(true);
  });

  it('takes the scope of a new kind from the definition that comes with it', () => {
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.x.io' },
      spec: { group: 'x.io', scope: 'Namespaced', names: { kind: 'Widget' } },
    };
    const { targets } = prepare([
      manifest({ apiVersion: 'x.io/v1', kind: 'Widget', metadata: { name: 'w' } }),
      manifest(definition),
    ]);
    expect(targets[0]?.key.namespace).toBe('prod');
  });
});

it('leaves out kinds that the installation excludes, and warns of each (C16)', () => {
  const { targets, conditions, complete } = prepareTargets({
    ...{ instanceName: 'app', destinationNamespace: 'prod', scopeOf, settings },
    targets: [
      manifest(configMap({ name: 'a' })),
      manifest({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'b' } }),
    ],
    isExcluded: ({ group, kind }) => group === 'batch' && kind === 'Job',
  });
  expect([targets.map(({ key }) => key.name), complete]).toEqual([['a'], true]);
  expect(conditions).toEqual([
    { type: 'ExcludedResourceWarning', message: 'Resource batch/Job b is excluded in the settings' },
  ]);
});

it('builds the tracking id before the namespace of a cluster-scoped object goes, as Argo CD does', () => {
  const { targets } = prepare([
    manifest({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'x' } }),
  ]);
  expect(targets[0]?.object.metadata.annotations).toEqual({ 'argocd.argoproj.io/tracking-id': 'app:/Namespace:x/a' });
});

it('names each object with generateName apart', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'migrate-' } };
  const { targets, conditions } = prepare([manifest(job), manifest(job)]);
  expect(targets.map(({ key }) => key.name)).toEqual(['migrate-0', 'migrate-1']);
  expect(conditions).toEqual([]);
});

it('uses the last source for a resource that appears twice, and warns (A04)', () => {
  const first = manifest({ ...configMap({ name: 'a' }), data: { from: '1' } }, { sourceIndex: 1, origin: 'over.yaml' });
  const second = manifest({ ...configMap({ name: 'a', namespace: 'prod' }), data: { from: '0' } }, { sourceIndex: 0 });
  const { targets, conditions, complete } = prepare([first, second]);
  expect(targets.map(({ object }) => object['data'])).toEqual([{ from: '1' }]);
  expect(conditions).toEqual([
    {
      type: 'RepeatedResourceWarning',
      message:
        'Resource /ConfigMap/prod/a appeared 2 times among application resources. The one of over.yaml is used (found in over.yaml, a.yaml).',
    },
  ]);
  expect(complete).toBe(true);
});

it('drops null labels and annotations, which YAML writes for empty values', () => {
  const { targets } = prepare([manifest(configMap({ name: 'a', labels: null, annotations: { a: null, b: 'c' } }))]);
  expect(targets[0]?.object.metadata).toEqual({
    name: 'a',
    namespace: 'prod',
    annotations: { b: 'c', 'argocd.argoproj.io/tracking-id': 'app:/ConfigMap:prod/a' },
  });
});

describe('unusable manifests', () => {
  it.each([
    ['text', 'just text', 'not a Kubernetes object'],
    ['a list', [], 'not a Kubernetes object'],
    ['no apiVersion', { kind: 'ConfigMap', metadata: { name: 'a' } }, 'no apiVersion'],
    ['no kind', { apiVersion: 'v1', metadata: { name: 'a' } }, 'no kind'],
    ['no metadata', { apiVersion: 'v1', kind: 'ConfigMap' }, 'no metadata'],
    ['no name', { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }, 'no metadata.name'],
    [
      'a number as annotation',
      configMap({ name: 'a', annotations: { wave: 1 } }),
      'metadata.annotations["wave"] is not text',
    ],
  ])('with %s become conditions that name the file, and forbid pruning', (_, object, message) => {
    const { targets, conditions, complete } = prepare([
      manifest(object, { origin: 'bad.yaml' }),
      manifest(configMap({ name: 'ok' })),
    ]);
    expect(targets).toHaveLength(1);
    expect(complete).toBe(false);
    expect(conditions).toEqual([
      { type: 'ComparisonError', message: expect.stringMatching(/^bad\.yaml: .*nothing is pruned/) },
    ]);
    expect(conditions[0]?.message).toContain(message);
  });
});
