/** Deletion of applications (A22, D51): what the finalizer says, in reverse order, without Git, and nothing of others. */
import { ANNOTATIONS, API_VERSION, FINALIZERS } from '@tiphys/model';
import { eventually, uniqueName } from '@tiphys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, deployment, service, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('deletion');

afterEach(() => site().git.setFaults({}));

const wave = (number: number) => ({ [ANNOTATIONS.syncWave]: String(number) });
const THREE_WAVES = {
  'first.yaml': yaml(configMap('first', { a: '1' }, wave(-1))),
  'second.yaml': yaml(configMap('second', { a: '1' })),
  'third.yaml': yaml(configMap('third', { a: '1' }, wave(3))),
};

async function resourceVersion(app: App, name: string): Promise<string | undefined> {
  return (await app.object('ConfigMap', name))?.metadata.resourceVersion;
}

describe('an application with the resources finalizer', () => {
  it('takes its resources with it, the last wave first', async () => {
    const app = await deploy(site(), { files: THREE_WAVES });
    await app.is('Synced', 'Healthy');
    const since = await site().now();
    await app.remove();
    await app.isGone();
    const deletions = (await app.writes(since)).list;
    expect(deletions).toEqual(['delete configmaps/third', 'delete configmaps/second', 'delete configmaps/first']);
  });

  it('leaves no Deployment or Pod behind, and is gone only after them', async () => {
    const app = await deploy(site(), {
      files: { 'web.yaml': yaml(deployment('web', { replicas: 2 }), service('web')) },
    });
    await app.is('Synced', 'Healthy');
    await app.remove();
    await app.isGone();
    expect(await app.object('Deployment', 'web')).toBeUndefined();
    expect(await app.object('Service', 'web')).toBeUndefined();
    const pods = `/api/v1/namespaces/${app.namespace}/pods`;
    await eventually(async () => expect(await site().client.list(pods)).toEqual([]));
  });

  it.each([
    { state: 'answers with errors', faults: { status: 503 } },
    { state: 'hangs', faults: { hang: true } },
  ])('is deleted with its resources while the Git server $state (R8, #21)', async ({ faults }) => {
    const app = await deploy(site(), { files: THREE_WAVES });
    await app.is('Synced', 'Healthy');
    site().git.setFaults(faults);
    await app.remove();
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBeUndefined();
  });

  it('is deleted although it could never be compared: its path does not exist', async () => {
    const app = await deploy(site(), { files: THREE_WAVES, path: 'nowhere' });
    await app.hasCondition('ComparisonError', /nowhere/);
    await app.remove();
    await app.isGone();
  });

  it('does not touch what another application has in the same namespace', async () => {
    const kept = await deploy(site(), { files: { 'kept.yaml': yaml(configMap('kept', { a: '1' })) } });
    const removed = await deploy(site(), { files: THREE_WAVES, namespace: kept.namespace });
    await kept.is('Synced', 'Healthy');
    await removed.is('Synced', 'Healthy');
    const before = await resourceVersion(kept, 'kept');
    await removed.remove();
    await removed.isGone();
    expect(await resourceVersion(removed, 'first')).toBeUndefined();
    expect(await resourceVersion(kept, 'kept')).toBe(before);
    expect((await kept.refresh('hard')).status?.sync?.status).toBe('Synced');
  });

  it('keeps a resource that asks for it (Delete=false)', async () => {
    const annotations = { [ANNOTATIONS.syncOptions]: 'Delete=false' };
    const files = { ...THREE_WAVES, 'kept.yaml': yaml(configMap('kept', { a: '1' }, annotations)) };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    await app.remove();
    await app.isGone();
    expect(await resourceVersion(app, 'kept')).toBeDefined();
    expect(await resourceVersion(app, 'first')).toBeUndefined();
  });
});

describe('the project of an application', () => {
  it('with the finalizer stays until nobody names it: the resources go with the application (F09)', async () => {
    const name = uniqueName('project');
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/appprojects/${name}`;
    await site().client.create({
      ...{ apiVersion: API_VERSION, kind: 'AppProject' },
      metadata: { name, namespace: site().namespace, finalizers: [FINALIZERS.resources] },
      spec: {
        ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    });
    const app = await deploy(site(), { files: THREE_WAVES, project: name });
    await app.is('Synced', 'Healthy');
    await site().client.remove(path);
    expect((await site().client.find(path))?.metadata.deletionTimestamp).toBeDefined();
    await app.remove();
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBeUndefined();
    await eventually(async () => expect(await site().client.find(path)).toBeUndefined());
  });

  it('that is gone takes nothing with it: the application says why it waits, and goes on with a new one', async () => {
    const [name, namespace] = [uniqueName('project'), site().namespace];
    const project = {
      ...{ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name, namespace } },
      spec: {
        ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
        clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      },
    };
    await site().client.create(project);
    const app = await deploy(site(), { files: THREE_WAVES, project: name });
    await app.is('Synced', 'Healthy');
    await site().client.remove(`/apis/${API_VERSION}/namespaces/${namespace}/appprojects/${name}`);
    await app.remove();
    await app.hasCondition('DeletionError', new RegExp(`project ${name} does not exist`));
    expect(await resourceVersion(app, 'first')).toBeDefined();
    await site().client.create(project);
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBeUndefined();
  });
});

describe('an application without the finalizer', () => {
  it('leaves its resources as they are', async () => {
    const app = await deploy(site(), { files: THREE_WAVES, finalizers: [] });
    await app.is('Synced', 'Healthy');
    const [before, since] = [await resourceVersion(app, 'first'), await site().now()];
    await app.remove();
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBe(before);
    expect((await app.writes(since)).list).toEqual([]);
  });
});

describe('DELETE over REST', () => {
  const remove = (app: App, query: string) => site().api.call('DELETE', `/api/v1/applications/${app.name}?${query}`);

  it('with cascade=true deletes the resources of an application without finalizer', async () => {
    const app = await deploy(site(), { files: THREE_WAVES, finalizers: [] });
    await app.is('Synced', 'Healthy');
    expect((await remove(app, 'cascade=true')).status).toBe(200);
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBeUndefined();
  });

  it('with cascade=false keeps the resources of an application with finalizer', async () => {
    const app = await deploy(site(), { files: THREE_WAVES });
    await app.is('Synced', 'Healthy');
    expect((await remove(app, 'cascade=false')).status).toBe(200);
    await app.isGone();
    expect(await resourceVersion(app, 'first')).toBeDefined();
  });
});
