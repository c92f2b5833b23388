/** What a project inherits, and clusters that belong to projects, hold at every sync, whoever wrote the Application (F07, F08, S19). */
import { API_VERSION } from '@tiphys/model';
import { eventually } from '@tiphys/testing';
import { beforeAll, expect, it } from 'vitest';
import { deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const globalProjects = '- projectName: base\n  labelSelector:\n    matchLabels: {tier: prod}\n';
const site = useSite('project-rules', { settings: { globalProjects } });
const FILES = { 'a.yaml': yaml(configMap('a', { a: '1' })) };
const OPEN = {
  ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
};

const pathOf = (name: string) => `/apis/${API_VERSION}/namespaces/${site().namespace}/appprojects/${name}`;

beforeAll(async () => {
  const { client, namespace } = site();
  const denied = { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] };
  for (const [name, spec, labels] of [
    ['base', denied, {}],
    ['heir', OPEN, { tier: 'prod' }],
    ['scoped', { ...OPEN, permitOnlyProjectScopedClusters: true }, {}],
  ] as const) {
    await client.create({ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name, namespace, labels }, spec });
  }
});

it('a kind that a global project denies is not applied, until it permits it (F08)', async () => {
  const app = await deploy(site(), { files: FILES, project: 'heir' });
  await eventually(async () => {
    const state = (await app.get()).status?.operationState;
    expect(state?.message).toContain('project heir does not permit /ConfigMap');
  });
  expect(await app.object('ConfigMap', 'a')).toBeUndefined();
  await site().client.patch(pathOf('base'), { spec: { namespaceResourceBlacklist: [] } });
  await eventually(async () => {
    const status = (await app.get()).status?.sync?.status;
    if (status !== 'Synced') await app.sync();
    expect(status).toBe('Synced');
  });
});

it('a cluster that does not belong to the project is refused, until the project permits all (F07)', async () => {
  const app = await deploy(site(), { files: FILES, project: 'scoped' });
  await app.hasCondition('InvalidSpecError', /permitOnlyProjectScopedClusters/);
  expect(await app.object('ConfigMap', 'a')).toBeUndefined();
  await site().client.patch(pathOf('scoped'), { spec: { permitOnlyProjectScopedClusters: false } });
  await app.is('Synced', 'Healthy');
});
