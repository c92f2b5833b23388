import { describe } from 'vitest';
import { both, by, f, itJudges, leaf, OPTIONS, pod, type Row } from './testing/cases.js';

const VALUES: readonly Row[] = [
  ...(
    [
      ['1000m', '1', 'equal'],
      [1, '1', 'equal'],
      ['0.5', '500m', 'equal'],
      ['2', '1', 'different'],
    ] as const
  ).map(
    ([target, live, verdict]): Row => ({
      name: `cpu ${JSON.stringify(target)} and ${JSON.stringify(live)} of a built-in type are ${verdict}`,
      ...both('apps/v1 Deployment', {
        target: pod({ containers: [{ name: 'app', resources: { limits: { cpu: target } } }] }),
        live: pod({ containers: [{ name: 'app', resources: { limits: { cpu: live } } }] }),
      }),
      verdict,
    }),
  ),
  {
    name: 'memory in other units is the same amount',
    ...both('v1 PersistentVolumeClaim', {
      target: { spec: { resources: { requests: { storage: '1024Mi' } } } },
      live: { spec: { resources: { requests: { storage: '1Gi' } } } },
    }),
    verdict: 'equal',
  },
  {
    name: 'a quantity of a custom resource keeps its text, so another spelling is for the API server to judge',
    ...both('example.com/v1 Widget', { target: { spec: { memory: '1024Mi' } }, live: { spec: { memory: '1Gi' } } }),
    verdict: 'unsure',
  },
  {
    name: 'a duration in another spelling is for the API server to judge',
    ...both('example.com/v1 Widget', { target: { spec: { wait: '1h' } }, live: { spec: { wait: '60m0s' } } }),
    verdict: 'unsure',
  },
  {
    name: 'a port as text and as number is for the API server to judge',
    ...both('v1 Service', {
      target: { spec: { ports: [{ port: 80, targetPort: '80' }] } },
      live: { spec: { ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] } },
    }),
    verdict: 'unsure',
  },
  {
    name: 'large integers are compared exactly',
    ...both('example.com/v1 Widget', {
      target: { spec: { n: 9007199254740993n } },
      live: { spec: { n: 9007199254740993n } },
    }),
    verdict: 'equal',
  },
  {
    name: 'stringData is data (C13)',
    ...both('v1 Secret', { target: { stringData: { a: 'ü€😀' } }, live: { data: { a: 'w7zigqzwn5iA' } } }),
    verdict: 'equal',
  },
  {
    name: 'stringData wins over data (C13)',
    ...both('v1 Secret', { target: { data: { a: 'b2xk' }, stringData: { a: 'new' } }, live: { data: { a: 'b2xk' } } }),
    verdict: 'different',
    paths: ['data.a'],
  },
  {
    name: 'line breaks in base64 text are not stored',
    ...both('v1 Secret', { target: { data: { a: 'YWJj\nZGVm\n' } }, live: { data: { a: 'YWJjZGVm' } } }),
    verdict: 'equal',
  },
  {
    name: 'null and what is not there are the same for built-in types',
    ...both('apps/v1 Deployment', {
      target: { spec: { affinity: null, replicas: 1 } },
      live: { spec: { replicas: 1 } },
    }),
    verdict: 'equal',
  },
  {
    name: 'null against a live value may be defaulted',
    ...both('apps/v1 Deployment', { target: { spec: { replicas: null } }, live: { spec: { replicas: 1 } } }),
    verdict: 'unsure',
  },
  {
    name: 'an empty environment value is not stored',
    ...both('apps/v1 Deployment', {
      target: pod({ containers: [{ name: 'a', env: [{ name: 'E', value: '' }] }] }),
      live: pod({ containers: [{ name: 'a', env: [{ name: 'E' }] }] }),
    }),
    verdict: 'equal',
  },
  {
    name: 'metadata that the API server sets does not count, even when the manifest was exported with it',
    ...both('v1 ConfigMap', {
      target: {
        metadata: { uid: 'old', resourceVersion: '1', creationTimestamp: null, generation: 4 },
        data: { a: '1' },
      },
      live: {
        metadata: { uid: 'new', resourceVersion: '9', creationTimestamp: '2026-01-01T00:00:00Z' },
        data: { a: '1' },
      },
    }),
    verdict: 'equal',
  },
  {
    name: 'status in a manifest does not count (C11)',
    ...both('example.com/v1 Widget', { target: { status: { phase: 'x' } }, live: { status: { phase: 'y' } } }),
    verdict: 'equal',
  },
  {
    name: 'status counts when it is not ignored (C11)',
    ...both('example.com/v1 Widget', { target: { status: { phase: 'x' } }, live: { status: { phase: 'y' } } }),
    options: { settings: { ...OPTIONS.settings, ignoreResourceStatusField: 'none' } },
    verdict: 'different',
    paths: ['status.phase'],
  },
  {
    name: 'rules of an aggregated role belong to a controller when that is configured (C10)',
    ...both('rbac.authorization.k8s.io/v1 ClusterRole', {
      target: { aggregationRule: { clusterRoleSelectors: [] }, rules: [] },
      live: { aggregationRule: { clusterRoleSelectors: [] }, rules: [{ verbs: ['get'] }] },
    }),
    options: { settings: { ...OPTIONS.settings, ignoreAggregatedRoles: true } },
    verdict: 'equal',
  },
  {
    name: 'preserveUnknownFields: false of a definition is not stored',
    ...both('apiextensions.k8s.io/v1 CustomResourceDefinition', {
      target: { spec: { preserveUnknownFields: false, group: 'g' } },
      live: { spec: { group: 'g', conversion: { strategy: 'None' } } },
    }),
    verdict: 'equal',
  },
  {
    name: 'Endpoints are stored sorted',
    ...both('v1 Endpoints', {
      target: { subsets: [{ addresses: [{ ip: '10.0.0.9' }, { ip: '10.0.0.2' }] }] },
      live: { subsets: [{ addresses: [{ ip: '10.0.0.2' }, { ip: '10.0.0.9' }] }] },
    }),
    verdict: 'equal',
  },
];

const IGNORED: readonly Row[] = [
  {
    name: 'a JSON pointer is left out, also where it is missing (C06)',
    ...both('apps/v1 Deployment', { target: { spec: { replicas: 1 } }, live: { spec: { replicas: 4 } } }),
    options: {
      ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas', '/spec/nowhere/0'] }],
    },
    verdict: 'equal',
  },
  {
    name: 'rules for other names do not apply',
    ...both('apps/v1 Deployment', { target: { spec: { replicas: 1 } }, live: { spec: { replicas: 4 } } }),
    options: {
      ignoreDifferences: [{ group: 'apps', kind: 'Deployment', name: 'other', jsonPointers: ['/spec/replicas'] }],
    },
    verdict: 'different',
  },
  {
    name: 'a path expression is left out (C07)',
    ...both('apps/v1 Deployment', {
      target: pod({ containers: [{ name: 'a', image: 'x' }] }),
      live: pod({ containers: [{ name: 'a', image: 'y' }] }),
    }),
    options: {
      ignoreDifferences: [{ group: '*', kind: '*', jqPathExpressions: ['.spec.template.spec.containers[].image'] }],
    },
    verdict: 'equal',
  },
  {
    name: 'fields of a trusted manager are left out (C08)',
    ...both('apps/v1 Deployment', {
      target: { spec: { replicas: 1, paused: false } },
      live: { spec: { replicas: 4, paused: false } },
      fields: [by('scaler', f({ spec: f({ replicas: leaf }) }))],
    }),
    options: { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', managedFieldsManagers: ['scaler'] }] },
    verdict: 'equal',
  },
  {
    name: 'system-level rules apply as well (C09)',
    ...both('apps/v1 Deployment', { target: { spec: { replicas: 1 } }, live: { spec: { replicas: 4 } } }),
    options: {
      settings: {
        ...OPTIONS.settings,
        ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
      },
    },
    verdict: 'equal',
  },
];

describe('values in other forms', () => {
  itJudges(VALUES);
});

describe('ignored differences', () => {
  itJudges(IGNORED);
});
