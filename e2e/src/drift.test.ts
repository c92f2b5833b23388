/** What counts as drift, who may own what, and what healing leaves alone (D36-D38, R13). */
import { ANNOTATIONS, API_VERSION } from '@tiphys/model';
import { eventually } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, deployment, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('drift');
const FILES = {
  'web.yaml': yaml(deployment('web', { replicas: 1 })),
  'settings.yaml': yaml(configMap('settings', { a: '1' })),
};

async function started(options: Partial<Parameters<typeof deploy>[1]> = {}): Promise<{ app: App; since: number }> {
  const app = await deploy(site(), { files: FILES, ...options });
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  return { app, since: await site().now() };
}

const settingsPath = (app: App) => `/api/v1/namespaces/${app.namespace}/configmaps/settings`;
const webPath = (app: App) => `/apis/apps/v1/namespaces/${app.namespace}/deployments/web`;
const edit = (path: string, patch: object) => site().client.patch(path, patch, { fieldManager: 'kubectl-edit' });

function scale(app: App, replicas: number): Promise<unknown> {
  return site().client.patch(`${webPath(app)}/scale`, { spec: { replicas } }, { fieldManager: 'kubectl' });
}

/** Attribution in the answer of REST. */
async function driftOf(app: App, name: string): Promise<unknown> {
  const path = `/api/v1/applications/${app.name}/managed-resources`;
  const { items } = await site().api.get<{ items: { name: string; drift?: unknown }[] }>(path);
  return items.find((item) => item.name === name)?.drift;
}

async function replicas(app: App): Promise<number | undefined> {
  return ((await app.object('Deployment', 'web')) as { spec?: { replicas?: number } } | undefined)?.spec?.replicas;
}

describe('with self-heal', () => {
  it('an object that was deleted by hand is made again', async () => {
    const { app, since } = await started();
    await site().client.remove(settingsPath(app));
    await eventually(async () => expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ a: '1' }));
    await app.is('Synced', 'Healthy');
    expect((await app.writes(since)).list).toEqual(['patch configmaps/settings']);
  });

  it('a changed value is set back; what others added beside it stays theirs', async () => {
    const { app, since } = await started();
    await edit(settingsPath(app), { metadata: { labels: { team: 'blue' } } });
    await edit(settingsPath(app), { data: { a: 'changed' } });
    await eventually(async () => expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ a: '1' }));
    expect((await app.object('ConfigMap', 'settings'))?.metadata.labels).toEqual({ team: 'blue' });
    await app.is('Synced', 'Healthy');
    expect((await app.writes(since)).list).toEqual(['patch configmaps/settings']);
  });

  it('labels and annotations of others are no drift', async () => {
    const { app, since } = await started();
    await edit(settingsPath(app), { metadata: { labels: { team: 'blue' }, annotations: { note: 'mine' } } });
    await edit(webPath(app), { metadata: { annotations: { note: 'mine' } } });
    await app.refresh('hard');
    await app.is('Synced');
    expect((await app.writes(since)).list).toEqual([]);
  });

  it('a field under ignoreDifferences is left to whoever sets it', async () => {
    const { app } = await started();
    const spec = {
      ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
      syncPolicy: { syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true'] },
    };
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    await site().client.patch(path, { spec });
    await app.refresh('normal');
    const since = await site().now();
    await scale(app, 4);
    await app.refresh('hard');
    await app.is('Synced');
    expect(await replicas(app)).toBe(4);
    // A sync for another reason leaves it alone, too.
    await app.push({ 'settings.yaml': yaml(configMap('settings', { a: '2' })) });
    await eventually(async () => expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ a: '2' }));
    await app.is('Synced', 'Healthy');
    expect(await replicas(app)).toBe(4);
    expect((await app.writes(since)).list).toEqual(['patch configmaps/settings']);
  });
});

describe('without self-heal', () => {
  it('drift is shown and nothing is written until the next commit', async () => {
    const { app, since } = await started({ automated: { prune: true } });
    await edit(webPath(app), { spec: { replicas: 3 } });
    await app.is('OutOfSync');
    expect(await app.hasCondition('DriftWarning', /spec\.replicas/)).toMatch(
      /^Deployment .*\/web: spec\.replicas changed by kubectl-edit \(Update\) at \d{4}-/,
    );
    expect(await driftOf(app, 'web')).toMatchObject([
      { manager: 'kubectl-edit', operation: 'Update', fields: ['spec.replicas'], time: expect.any(String) },
    ]);
    await app.refresh('hard');
    expect(await replicas(app)).toBe(3);
    expect((await app.writes(since)).list).toEqual([]);
    await app.push({ 'settings.yaml': yaml(configMap('settings', { a: '2' })) });
    await eventually(async () => expect(await replicas(app)).toBe(1));
    await app.is('Synced', 'Healthy');
  });

  it('without automated prune a removed file leaves its object, OutOfSync', async () => {
    const { app, since } = await started({ automated: { selfHeal: true } });
    const commit = await app.push({ 'settings.yaml': null });
    await app.shows('is OutOfSync at the commit', ({ status }) =>
      expect(status?.sync).toMatchObject({ status: 'OutOfSync', revision: commit }),
    );
    await app.refresh('hard');
    expect((await app.writes(since)).list).toEqual([]);
    expect(await app.object('ConfigMap', 'settings')).toBeDefined();
  });
});

describe('automatic deletes', () => {
  it('a commit that removes everything is not followed without allowEmpty', async () => {
    const { app, since } = await started();
    await app.push({ 'settings.yaml': null, 'web.yaml': null, 'README.md': 'nothing left' });
    expect(await app.hasCondition('SyncError', /wipe out all resources/)).toMatch(/allowEmpty/);
    expect((await app.writes(since)).list).toEqual([]);
  });

  it('a commit that removes most of many objects waits for a confirmation, which lets it go on (design 9)', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const { app, since } = await started({
      files: { ...FILES, ...Object.fromEntries(names.map((name) => [`${name}.yaml`, yaml(configMap(name, {}))])) },
    });
    await app.push(Object.fromEntries(names.map((name) => [`${name}.yaml`, null])));
    expect(await app.hasCondition('SyncError', /30 of 32/)).toContain(ANNOTATIONS.deletionApproved);
    expect((await app.writes(since)).list).toEqual([]);
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    const approval = new Date(Date.now() + 1_000).toISOString();
    await site().client.patch(path, { metadata: { annotations: { [ANNOTATIONS.deletionApproved]: approval } } });
    await app.is('Synced', 'Healthy');
    expect((await app.writes(since)).list.every((write) => write.startsWith('delete configmaps/many-'))).toBe(true);
  });
});

describe('an object that two applications have in Git', () => {
  it('is reported, and the one that does not own it never deletes it (R13)', async () => {
    const { app: owner } = await started();
    const shared = { 'settings.yaml': yaml(configMap('settings', { a: '1' })), 'own.yaml': yaml(configMap('own', {})) };
    const other = await deploy(site(), { files: shared, namespace: owner.namespace, automated: null });
    await other.hasCondition('SharedResourceWarning', /settings/);
    const before = (await owner.object('ConfigMap', 'settings'))?.metadata.uid;
    await other.remove();
    await other.isGone();
    expect((await owner.object('ConfigMap', 'settings'))?.metadata.uid).toBe(before);
  });
});
