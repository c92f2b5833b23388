import type { KubernetesObject } from '@tiphys/model';
import { resourceKeyOf, resourceKeyString } from '@tiphys/model';
import { expect, it } from 'vitest';
import { compareState } from './compare-state.js';
import type { ComparisonInput } from './types.js';

const scopeOf: ComparisonInput['scopeOf'] = ({ kind }) => (kind === 'Namespace' ? 'cluster' : 'namespaced');
it('smoke', () => {
  const object: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } };
  const live: KubernetesObject = {
    ...object,
    metadata: { name: 'a', namespace: 'ns', annotations: { 'argocd.argoproj.io/tracking-id': 'app:/ConfigMap:ns/a' } },
  };
  const result = compareState({
    instanceName: 'app',
    destinationNamespace: 'ns',
    targets: [{ object, origin: 'a.yaml', sourceIndex: 0 }],
    live: new Map([[resourceKeyString(resourceKeyOf(live)), live]]),
    scopeOf,
    ignoreDifferences: [],
    syncOptions: [],
    managedNamespaceMetadata: undefined,
    settings: {
      trackingMethod: 'annotation',
      instanceLabelKey: 'app.kubernetes.io/instance',
      installationId: undefined,
      fieldManager: 'argocd-controller',
      ignoreDifferences: [],
      ignoreResourceStatusField: 'all',
      ignoreAggregatedRoles: false,
    },
    unreadable: new Map(),
    predicted: new Map(),
    previousHealth: undefined,
    now: '2026-01-01T00:00:00Z',
  });
  expect(result.syncStatus).toBe('Synced');
});
