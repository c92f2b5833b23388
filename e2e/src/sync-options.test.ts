/** Sync options of the application and of single resources on the real control plane (D15, D18-D31). */
import { ANNOTATIONS, API_VERSION } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, deployment, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('options');

const options = (...names: readonly string[]) => ({ [ANNOTATIONS.syncOptions]: names.join(',') });
const appOptions = (...names: readonly string[]) => ({ syncOptions: ['CreateNamespace=true', ...names] });
const settings = (value: string, annotations: Readonly<Record<string, string>> = {}) =>
  configMap('settings', { value }, annotations);
const withLabel = (object: KubeObject, value: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { value } },
});

async function synced(app: App, commit?: string): Promise<void> {
  await app.shows('is synced', ({ operation, status }) => {
    expect([operation, status?.operationState?.phase, status?.sync?.status]).toEqual([
      ...[undefined, 'Succeeded', 'Synced'],
    ]);
    if (commit !== undefined) expect(status?.operationState?.syncResult?.revision).toBe(commit);
  });
}

interface Managed extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

/** `manager operation` of who has written the object. */
function writersOf(object: KubeObject | undefined): readonly string[] {
  const { managedFields = [] } = (object as Managed | undefined)?.metadata ?? {};
  return managedFields.map(({ manager, operation }) => `${manager} ${operation}`);
}

describe('how objects are written', () => {
  it('server-side by default, client-side where a resource says so, whatever the application says (D26, D31)', async () => {
    const files = {
      'all.yaml': yaml(settings('1'), configMap('client', { a: '1' }, options('ServerSideApply=false'))),
    };
    const app = await deploy(site(), { files, ...appOptions('ServerSideApply=true') });
    await synced(app);
    expect(writersOf(await app.object('ConfigMap', 'settings'))).toEqual(['argocd-controller Apply']);
    const client = await app.object('ConfigMap', 'client');
    expect(writersOf(client)).toEqual(['argocd-controller Update']);
    expect(client?.metadata.annotations).toHaveProperty([ANNOTATIONS.lastApplied]);
  });

  it('what kubectl applied before is taken over: a field that Git never had goes (D27)', async () => {
    const namespace = await site().cluster.createNamespace('migration');
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace } };
    const data = { value: '0', old: 'yes' };
    const query = { fieldManager: 'kubectl-client-side-apply' };
    await site().client.request('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
      ...{ body: { ...object, data }, query },
    });
    const app = await deploy(site(), { files: { 'a.yaml': yaml(settings('1')) }, namespace });
    await synced(app);
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: '1' });
  });

  it('Replace=true replaces in place, with Force=true it makes another object (D24, D25)', async () => {
    const files = {
      'all.yaml': yaml(
        settings('1', options('Replace=true')),
        withLabel(configMap('forced', { a: '1' }, options('Replace=true', 'Force=true')), '1'),
      ),
    };
    const app = await deploy(site(), { files });
    await synced(app);
    const uid = async (name: string) => (await app.object('ConfigMap', name))?.metadata.uid;
    const before = [await uid('settings'), await uid('forced')];
    const commit = await app.push({
      'all.yaml': yaml(
        settings('2', options('Replace=true')),
        withLabel(configMap('forced', { a: '2' }, options('Replace=true', 'Force=true')), '2'),
      ),
    });
    await synced(app, commit);
    const after = [await uid('settings'), await uid('forced')];
    expect([after[0] === before[0], after[1] === before[1], after.includes(undefined)]).toEqual([true, false, false]);
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: '2' });
  });

  it('an unknown field is refused, and taken with Validate=false (D21)', async () => {
    const web = deployment('web');
    const odd = { ...web, spec: { ...(web['spec'] as object), replica: 3 } };
    const files = { 'web.yaml': yaml(odd) };
    const clientSide = appOptions('ServerSideApply=false');
    const app = await deploy(site(), { files, ...clientSide, retry: { limit: 0 } });
    const state = await app.operationEnded('Failed');
    expect(state.message).toMatch(/unknown field.*replica/);
    const { metadata, ...rest } = odd;
    const lenient = { ...rest, metadata: { ...metadata, annotations: options('Validate=false') } };
    const commit = await app.push({ 'web.yaml': yaml(lenient) });
    await app.shows('was applied', ({ operation, status }) => {
      expect([operation, status?.operationState?.phase]).toEqual([undefined, 'Succeeded']);
      expect(status?.operationState?.syncResult?.revision).toBe(commit);
    });
    expect(await app.object('Deployment', 'web')).toBeDefined();
  });

  it('a kind that nobody knows fails the dry run, unless SkipDryRunOnMissingResource=true lets an operator bring it (D21)', async () => {
    const group = `${uniqueName('g')}.example`;
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one' }, spec: {} };
    const files = { 'all.yaml': yaml(widget, settings('1')) };
    const app = await deploy(site(), { files, retry: { limit: 0 } });
    const state = await app.operationEnded('Failed');
    expect(state.message).toMatch(/dry run.*Widget/);
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
    const later = { ...widget, metadata: { name: 'one', annotations: options('SkipDryRunOnMissingResource=true') } };
    const wave = { [ANNOTATIONS.syncWave]: '-1' };
    await app.push({ 'all.yaml': yaml(later, settings('1', wave)) });
    await eventually(async () => expect(await app.object('ConfigMap', 'settings')).toBeDefined());
  });
});

describe('the namespace', () => {
  it('is created with the labels and annotations that the application gives it, and kept so (D30, A12)', async () => {
    const managedNamespaceMetadata = { labels: { team: 'a' }, annotations: { note: 'b' } };
    const app = await deploy(site(), { files: { 'a.yaml': yaml(settings('1')) }, automated: null });
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    await site().client.patch(path, {
      spec: { syncPolicy: { managedNamespaceMetadata, automated: { prune: true, selfHeal: true } } },
    });
    await synced(app);
    const find = () => site().find({ apiVersion: 'v1', kind: 'Namespace', name: app.namespace });
    const { labels, annotations } = (await find())?.metadata ?? {};
    expect([labels?.['team'], annotations?.['note']]).toEqual(['a', 'b']);
    expect((await app.get()).status?.operationState?.syncResult?.managedNamespaceMetadata).toEqual(
      managedNamespaceMetadata,
    );
    await site().client.patch(`/api/v1/namespaces/${app.namespace}`, { metadata: { labels: { team: 'changed' } } });
    await eventually(async () => expect((await find())?.metadata.labels?.['team']).toBe('a'));
  });
});

describe('what is deleted, and when', () => {
  it('PruneLast=true waits for the last wave (D15)', async () => {
    const old = configMap('old', {}, options('PruneLast=true'));
    const app = await deploy(site(), {
      files: { 'old.yaml': yaml(old, configMap('older', {})), 'a.yaml': yaml(settings('1')) },
    });
    await synced(app);
    const since = await site().now();
    const last = configMap('last', {}, { [ANNOTATIONS.syncWave]: '3' });
    const commit = await app.push({ 'old.yaml': null, 'a.yaml': yaml(settings('2'), last) });
    await synced(app, commit);
    expect((await app.writes(since)).list).toEqual([
      ...['delete configmaps/older', 'patch configmaps/settings', 'patch configmaps/last', 'delete configmaps/old'],
    ]);
  });

  it('Prune=confirm holds the sync until somebody approves (D19)', async () => {
    const kept = configMap('precious', {}, options('Prune=confirm'));
    const app = await deploy(site(), { files: { 'kept.yaml': yaml(kept), 'a.yaml': yaml(settings('1')) } });
    await synced(app);
    const commit = await app.push({ 'kept.yaml': null });
    await app.shows('waits for a confirmation', ({ status }) =>
      expect(status?.operationState?.message).toBe('Waiting for pruning confirmation of v1/ConfigMap/precious'),
    );
    expect(await app.object('ConfigMap', 'precious')).toBeDefined();
    await approve(app);
    await synced(app, commit);
    expect(await app.object('ConfigMap', 'precious')).toBeUndefined();
  });

  it('Delete=confirm holds the deletion of the application until somebody approves (D20)', async () => {
    const kept = configMap('precious', {}, options('Delete=confirm'));
    const app = await deploy(site(), { files: { 'all.yaml': yaml(kept, settings('1')) } });
    await synced(app);
    const since = await site().now();
    await app.remove();
    await eventually(async () => expect((await app.get()).metadata).toHaveProperty('deletionTimestamp'));
    await approve(app);
    await app.isGone();
    expect([...(await app.writes(since)).list].sort()).toEqual([
      ...['delete configmaps/precious', 'delete configmaps/settings'],
    ]);
  });

  it('PrunePropagationPolicy=orphan leaves behind what a pruned object owns (D23)', async () => {
    const files = { 'web.yaml': yaml(deployment('web')), 'a.yaml': yaml(settings('1')) };
    const app = await deploy(site(), { files, ...appOptions('PrunePropagationPolicy=orphan') });
    await app.is('Synced', 'Healthy');
    await synced(app);
    const commit = await app.push({ 'web.yaml': null });
    await synced(app, commit);
    expect(await app.object('Deployment', 'web')).toBeUndefined();
    const sets = await site().client.list(`/apis/apps/v1/namespaces/${app.namespace}/replicasets`);
    expect(sets).toHaveLength(1);
  });

  async function approve(app: App): Promise<void> {
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    const annotations = { [ANNOTATIONS.deletionApproved]: new Date(Date.now() + 1_000).toISOString() };
    await site().client.patch(path, { metadata: { annotations } });
  }
});

describe('objects of two applications', () => {
  it('are warned of, and FailOnSharedResource=true does not take them (D28)', async () => {
    const first = await deploy(site(), { files: { 'a.yaml': yaml(settings('first')) } });
    await synced(first);
    const second = await deploy(site(), {
      ...{ files: { 'a.yaml': yaml(settings('second')) }, namespace: first.namespace, retry: { limit: 0 } },
      ...appOptions('FailOnSharedResource=true'),
    });
    const state = await second.operationEnded('Failed');
    expect(state.message).toMatch(/^Shared resource found: .*ConfigMap\/settings/);
    await second.hasCondition('SharedResourceWarning', new RegExp(first.name));
    expect((await first.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: 'first' });
  });
});

describe('RespectIgnoreDifferences=true', () => {
  it('leaves the ignored field as it is live when the object is applied for another reason (D29)', async () => {
    const files = { 'web.yaml': yaml(deployment('web', { replicas: 1 })) };
    const app = await deploy(site(), { files, ...appOptions('RespectIgnoreDifferences=true') });
    await app.is('Synced', 'Healthy');
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    const rule = { group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] };
    await site().client.patch(path, { spec: { ignoreDifferences: [rule] } });
    const web = `/apis/apps/v1/namespaces/${app.namespace}/deployments/web`;
    await site().client.patch(web, { spec: { replicas: 3 } });
    const commit = await app.push({ 'web.yaml': yaml(deployment('web', { replicas: 1, image: 'guestbook:v2' })) });
    await synced(app, commit);
    expect(await app.object('Deployment', 'web')).toMatchObject({
      spec: { replicas: 3, template: { spec: { containers: [{ image: 'guestbook:v2' }] } } },
    });
  });
});
