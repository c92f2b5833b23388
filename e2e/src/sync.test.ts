/** What a sync does with kinds, scopes, waves, hooks, options and failures (D01-D44). */
import { ANNOTATIONS } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { deploy } from './support/application.js';
import { writesOf } from './support/audit.js';
import { configMap, deployment, job, service, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('sync', { settings: { 'timeout.reconciliation': '1s' } });

const wave = (number: number) => ({ [ANNOTATIONS.syncWave]: String(number) });
const hook = (type: string, policy?: string) => ({
  [ANNOTATIONS.hook]: type,
  ...(policy === undefined ? {} : { [ANNOTATIONS.hookDeletePolicy]: policy }),
});
const inNamespace = (object: KubeObject, namespace: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

function clusterRole(name: string): KubeObject {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules };
}

function widgets(group: string): { readonly definition: KubeObject; readonly widget: KubeObject } {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  return {
    definition: {
      ...{
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `widgets.${group}` },
      },
      spec: { group, scope: 'Namespaced', names, versions },
    },
    widget: { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one' }, spec: { size: 3 } },
  };
}

describe('scopes', () => {
  it('one application may have objects in several namespaces and cluster-scoped ones, and takes all of them with it', async () => {
    const [elsewhere, role] = [await site().cluster.createNamespace('elsewhere'), uniqueName('e2e-role')];
    const files = {
      'here.yaml': yaml(configMap('settings', { a: 'here' })),
      'there.yaml': yaml(inNamespace(configMap('settings', { a: 'there' }), elsewhere)),
      'role.yaml': yaml(clusterRole(role)),
    };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    const there = { apiVersion: 'v1', kind: 'ConfigMap', namespace: elsewhere, name: 'settings' };
    const global = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: role };
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ a: 'here' });
    expect((await site().find(there))?.['data']).toEqual({ a: 'there' });
    expect(await site().find(global)).toBeDefined();
    await app.remove();
    await app.isGone();
    expect(await site().find(there)).toBeUndefined();
    expect(await site().find(global)).toBeUndefined();
  });

  it('without CreateNamespace=true a missing namespace is a failure that names it', async () => {
    const files = { 'a.yaml': yaml(configMap('settings', {})) };
    const app = await deploy(site(), { files, syncOptions: [], retry: { limit: 0 } });
    expect(await app.hasCondition('SyncError', /namespace/i)).toContain(app.namespace);
  });

  it('a CRD and an object of its kind in one commit are both applied (D17)', async () => {
    const { definition, widget } = widgets(`${uniqueName('g')}.example`);
    const app = await deploy(site(), {
      files: { 'a-widget.yaml': yaml(widget), 'b-definition.yaml': yaml(definition) },
    });
    await app.is('Synced', 'Healthy');
    const { apiVersion, kind } = widget;
    expect(await site().find({ apiVersion, kind, namespace: app.namespace, name: 'one' })).toMatchObject({
      spec: { size: 3 },
    });
    expect((await app.get()).status?.operationState?.retryCount ?? 0).toBe(0);
  });
});

describe('order', () => {
  it('waves go one after the other, whatever the names (D08)', async () => {
    const files = {
      'all.yaml': yaml(
        configMap('a-last', {}, wave(5)),
        configMap('b-second', {}),
        configMap('c-first', {}, wave(-2)),
        configMap('d-third', {}, wave(1)),
      ),
    };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    const order = (await app.writes(0)).entries.filter(({ resource }) => resource === 'configmaps');
    expect(order.map(({ name }) => name)).toEqual(['c-first', 'b-second', 'd-third', 'a-last']);
  });

  it('a wave waits until the one before it is healthy', async () => {
    const stuck = deployment('web', { image: 'guestbook:broken' });
    const files = { 'web.yaml': yaml(stuck), 'after.yaml': yaml(configMap('after', {}, wave(1))) };
    const app = await deploy(site(), { files });
    await app.shows('waits for web', ({ status }) => {
      expect(status?.operationState?.message).toMatch(/waiting for .*(web|apps\/Deployment|healthy)/i);
    });
    expect(await app.object('ConfigMap', 'after')).toBeUndefined();
    const path = `/apis/apps/v1/namespaces/${app.namespace}/deployments/web`;
    const containers = [{ name: 'main', image: 'guestbook:v1' }];
    await site().client.patch(path, { spec: { template: { spec: { containers } } } });
    await eventually(async () => expect(await app.object('ConfigMap', 'after')).toBeDefined());
  });

  it('within a wave configuration comes before what uses it, and Services before workloads (D07)', async () => {
    const files = { 'all.yaml': yaml(deployment('web'), service('web'), configMap('settings', {})) };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    expect((await app.writes(0)).list).toEqual([
      `patch namespaces/${app.namespace}`,
      'patch configmaps/settings',
      'patch services/web',
      'patch deployments/web',
    ]);
  });
});

describe('hooks', () => {
  it('a PreSync Job runs to its end before the sync, a PostSync Job after it is healthy (D01-D06)', async () => {
    const files = {
      'pre.yaml': yaml(job('pre', { annotations: hook('PreSync') })),
      'post.yaml': yaml(job('post', { annotations: hook('PostSync', 'HookSucceeded') })),
      'web.yaml': yaml(deployment('web')),
    };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    const state = await app.operationEnded('Succeeded');
    const results = state.syncResult?.resources?.filter(
      ({ hookType }) => hookType !== undefined && hookType !== 'Sync',
    );
    expect(results?.map(({ name, hookPhase, syncPhase }) => ({ name, hookPhase, syncPhase }))).toEqual(
      expect.arrayContaining([
        { name: 'pre', hookPhase: 'Succeeded', syncPhase: 'PreSync' },
        { name: 'post', hookPhase: 'Succeeded', syncPhase: 'PostSync' },
      ]),
    );
    const { entries } = await app.writes(0);
    const applied = entries.filter(({ verb, resource }) => verb !== 'delete' && resource !== 'namespaces');
    const firstOf = [...new Set(applied.map(({ resource, name }) => `${resource}/${name}`))];
    expect(firstOf).toEqual(['jobs/pre', 'deployments/web', 'jobs/post']);
    await eventually(async () => expect(await app.object('Job', 'post')).toBeUndefined());
    expect(await app.object('Job', 'pre')).toBeDefined();
  });

  it('a PreSync Job that fails ends the sync before anything is applied', async () => {
    const files = {
      'pre.yaml': yaml(job('pre', { image: 'task:fail', annotations: hook('PreSync') })),
      'settings.yaml': yaml(configMap('settings', {})),
    };
    const app = await deploy(site(), { files, retry: { limit: 0 } });
    const state = await app.operationEnded('Failed');
    const results = state.syncResult?.resources?.filter(({ kind }) => kind !== 'Namespace');
    expect(results).toMatchObject([{ name: 'pre', hookPhase: 'Failed' }]);
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
  });
});

describe('options', () => {
  it('Prune=false keeps an object that Git no longer has; it stays OutOfSync', async () => {
    const kept = configMap('kept', {}, { [ANNOTATIONS.syncOptions]: 'Prune=false' });
    const files = { 'kept.yaml': yaml(kept), 'settings.yaml': yaml(configMap('settings', {})) };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    await app.operationEnded('Succeeded');
    const since = await site().now();
    const commit = await app.push({ 'kept.yaml': null });
    await app.shows('is OutOfSync at the commit', ({ status }) =>
      expect(status?.sync).toMatchObject({ status: 'OutOfSync', revision: commit }),
    );
    await app.refresh('hard');
    expect(await app.object('ConfigMap', 'kept')).toBeDefined();
    expect((await app.writes(since)).list).toEqual([]);
  });

  it('a selective sync applies only what was selected, and is no entry of the history (D32, D44)', async () => {
    const files = { 'a.yaml': yaml(configMap('wanted', {})), 'b.yaml': yaml(configMap('unwanted', {})) };
    const namespace = await site().cluster.createNamespace('selective');
    const app = await deploy(site(), { files, namespace, automated: null, syncOptions: [] });
    await app.is('OutOfSync', 'Missing');
    await app.sync({ resources: [{ group: '', kind: 'ConfigMap', name: 'wanted' }] });
    await app.operationEnded('Succeeded');
    expect(await app.object('ConfigMap', 'wanted')).toBeDefined();
    expect(await app.object('ConfigMap', 'unwanted')).toBeUndefined();
    expect((await app.is('OutOfSync')).status?.history ?? []).toEqual([]);
  });

  it('a dry run writes nothing and says what it would do (D30)', async () => {
    const files = { 'a.yaml': yaml(configMap('settings', {})) };
    const namespace = await site().cluster.createNamespace('dry-run');
    const app = await deploy(site(), { files, namespace, automated: null, syncOptions: [] });
    await app.is('OutOfSync', 'Missing');
    const since = await site().now();
    await app.sync({ dryRun: true });
    const state = await app.operationEnded('Succeeded');
    expect(state.syncResult?.resources).toMatchObject([{ kind: 'ConfigMap', name: 'settings' }]);
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
    expect((await app.writes(since)).list).toEqual([]);
    expect((await app.is('OutOfSync')).status?.history ?? []).toEqual([]);
  });
});

describe('failures', () => {
  const broken = { ...service('web'), spec: { ports: [{ port: 99_999 }] } };

  it('an object that the API server refuses is reported with its reason, and retried as often as the policy says (D39)', async () => {
    const files = { 'web.yaml': yaml(broken), 'settings.yaml': yaml(configMap('settings', {})) };
    const app = await deploy(site(), { files, retry: { limit: 2, backoff: { duration: '1s', factor: 1 } } });
    const state = await app.operationEnded('Failed');
    expect(state.retryCount).toBe(2);
    expect(state.message).toMatch(/retried 2 times/);
    const failed = state.syncResult?.resources?.filter(({ status }) => status === 'SyncFailed');
    expect(failed).toMatchObject([{ kind: 'Service', name: 'web', message: expect.stringMatching(/99999|port/) }]);
    await app.hasCondition('SyncError', /Failed last sync attempt/);
  });

  it('a later commit with the fix is deployed by the retry when the policy says so (D40)', async () => {
    const retry = { limit: 10, refresh: true, backoff: { duration: '2s', factor: 1 } };
    const app = await deploy(site(), { files: { 'web.yaml': yaml(broken) }, retry });
    await app.shows('is retried', ({ status }) => expect(status?.operationState?.retryCount).toBeGreaterThan(0));
    const commit = await app.push({ 'web.yaml': yaml(service('web')) });
    const { status } = await app.is('Synced', 'Healthy');
    expect(status?.sync?.revision).toBe(commit);
    expect((await app.operationEnded('Succeeded')).syncResult?.revision).toBe(commit);
  });
});

it('a commit that nobody announced is found by the poll (C20)', async () => {
  const app = await deploy(site(), { files: { 'a.yaml': yaml(configMap('settings', { a: '1' })) } });
  await app.is('Synced', 'Healthy');
  await app.commit({ 'a.yaml': yaml(configMap('settings', { a: '2' })) });
  await eventually(async () => expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ a: '2' }), {
    timeoutMs: 45_000,
  });
});

it('polling an unchanged repository writes nothing', async () => {
  const app = await deploy(site(), { files: { 'a.yaml': yaml(configMap('settings', { a: '1' })) } });
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  await app.refresh('normal');
  const since = await site().now();
  site().git.clearRequests();
  await eventually(() => expect(site().git.count('info-refs', app.name)).toBeGreaterThanOrEqual(2), {
    timeoutMs: 100_000,
  });
  const { entries } = await writesOf(site(), { since, namespace: site().namespace });
  expect(entries.filter(({ name }) => name === app.name)).toEqual([]);
  expect((await app.writes(since)).list).toEqual([]);
});
