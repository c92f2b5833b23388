/** Rules of the diff end to end: jq expressions, server-side diff by setting, values of known types in custom resources. */
import { ANNOTATIONS } from '@tiphys/model';
import { auditWrites, eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, deployment, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const GROUP = `${uniqueName('g')}.example`;
const site = useSite('diff', {
  settings: {
    'resource.customizations.ignoreDifferences.apps_Deployment':
      'jqPathExpressions: [\'.spec.template.spec.containers[] | select(.image | test("^guestbook")) | .image\']',
    [`resource.customizations.knownTypeFields.${GROUP}_Disk`]: '[{field: spec.size, type: core/Quantity}]',
  },
});

function disks(size: string): readonly KubeObject[] {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { plural: 'disks', singular: 'disk', kind: 'Disk', listKind: 'DiskList' };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  return [
    {
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      ...{ metadata: { name: `disks.${GROUP}` }, spec: { group: GROUP, scope: 'Namespaced', names, versions } },
    },
    { apiVersion: `${GROUP}/v1`, kind: 'Disk', metadata: { name: 'data' }, spec: { size } },
  ];
}

async function started(files: Record<string, string>): Promise<App> {
  const app = await deploy(site(), { files, automated: { prune: true } });
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  return app;
}

/** Dry runs of Tiphys below a namespace since a position. */
async function dryRuns(app: App, since: number): Promise<readonly string[]> {
  const filter = { since, user: 'tiphys-controller', namespace: app.namespace, includeDryRuns: true };
  const writes = await auditWrites(site().cluster, filter);
  return writes.filter(({ dryRun }) => dryRun).map(({ resource, name }) => `${resource}/${name}`);
}

describe('what is left out of the diff', () => {
  it('can be named by a jq expression of the installation (C07, C09)', async () => {
    const app = await started({ 'web.yaml': yaml(deployment('web')) });
    const path = `/apis/apps/v1/namespaces/${app.namespace}/deployments/web`;
    const containers = [{ name: 'main', image: 'guestbook:v9' }];
    await site().client.patch(path, { spec: { template: { spec: { containers } } } }, { fieldManager: 'kubectl-edit' });
    await app.refresh('hard');
    await app.is('Synced');
    await site().client.patch(path, { spec: { replicas: 4 } }, { fieldManager: 'kubectl-edit' });
    await app.is('OutOfSync');
    await app.hasCondition('DriftWarning', /: spec\.replicas changed by kubectl-edit/);
  });

  it('is named with its mistake when it cannot be read', async () => {
    const app = await started({ 'settings.yaml': yaml(configMap('settings', { a: '1' })) });
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${site().namespace}/applications/${app.name}`;
    const ignoreDifferences = [{ kind: 'ConfigMap', jqPathExpressions: ['.data | kyes'] }];
    await site().client.patch(path, { spec: { ignoreDifferences } });
    expect(await app.hasCondition('ComparisonError', /kyes/)).toContain('is not known');
  });
});

it('values of a known type in a custom resource may be spelled differently (C12)', async () => {
  const app = await started({ 'disk.yaml': yaml(...disks('1Gi')) });
  const since = await site().now();
  const commit = await app.push({ 'disk.yaml': yaml(...disks('1024Mi')) });
  await app.shows('is Synced to the commit', ({ status }) =>
    expect(status?.sync).toMatchObject({ status: 'Synced', revision: commit }),
  );
  expect((await app.writes(since)).list).toEqual([]);
});

it('ServerSideDiff=true asks the API server, once for each state of an object (C03, C05)', async () => {
  const settings = { ...configMap('settings', { a: '1' }, { [ANNOTATIONS.compareOptions]: 'ServerSideDiff=true' }) };
  const app = await started({ 'settings.yaml': yaml(settings) });
  const asked = async (since: number) => (await dryRuns(app, since)).filter((write) => write === 'configmaps/settings');
  await app.refresh('normal');
  const since = await site().now();
  await app.refresh('normal');
  expect(await asked(since)).toEqual([]);
  await app.refresh('hard');
  await eventually(async () => expect(await asked(since)).toEqual(['configmaps/settings']));
  const path = `/api/v1/namespaces/${app.namespace}/configmaps/settings`;
  await site().client.patch(path, { data: { a: 'changed' } }, { fieldManager: 'kubectl-edit' });
  await app.is('OutOfSync');
});
