import type { AppProject, KubernetesObject } from '@tiphys/model';
import { expect, it } from 'vitest';
import { application, configMap, SERVER, syncTask } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { assertPermitted } from './permitted.js';

const role: KubernetesObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'r' },
};
const TASKS = [syncTask(configMap('a')), syncTask(role)];
const cluster = memoryCluster().destination;
const project = (spec: Partial<AppProject['spec']>): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'default' } },
  spec: { destinations: [{ server: SERVER, namespace: '*' }], ...spec },
});
const EVERYTHING = [{ group: '*', kind: '*' }];

it('what the project permits goes through', () => {
  const context = { app: application(), project: project({ clusterResourceWhitelist: EVERYTHING }), cluster };
  expect(() => assertPermitted(TASKS, context)).not.toThrow();
});

it.each<{ name: string; rules: AppProject | undefined; refused: string }>([
  {
    name: 'cluster-scoped kinds need to be listed',
    rules: project({}),
    refused: 'rbac.authorization.k8s.io/ClusterRole r',
  },
  {
    name: 'a blacklisted kind',
    rules: project({
      clusterResourceWhitelist: EVERYTHING,
      namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }],
    }),
    refused: '/ConfigMap web/a',
  },
  {
    name: 'a namespace that is no destination of the project',
    rules: project({ clusterResourceWhitelist: EVERYTHING, destinations: [{ server: SERVER, namespace: 'other' }] }),
    refused: '/ConfigMap web/a',
  },
  {
    name: 'a cluster that is no destination of the project',
    rules: project({
      clusterResourceWhitelist: EVERYTHING,
      destinations: [{ server: 'https://other', namespace: '*' }],
    }),
    refused: '/ConfigMap web/a',
  },
  {
    name: 'everything, when the project is gone',
    rules: undefined,
    refused: '/ConfigMap web/a, rbac.authorization.k8s.io/ClusterRole r',
  },
])('nothing is applied, and every refused resource is named: $name (F03, S19)', ({ rules, refused }) => {
  const check = () => assertPermitted(TASKS, { app: application(), project: rules, cluster });
  expect(check).toThrow(
    `project default does not permit ${refused}; allow them in the AppProject or remove them from Git`,
  );
});
