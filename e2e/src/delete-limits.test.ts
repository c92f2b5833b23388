/** The blast-radius guard (design 9): limits of projects, deletions that take more with them than they may, confirmations. */
import { ANNOTATIONS, API_VERSION } from '@tiphys/model';
import { type Files, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

const site = useSite('limits');

const NAMES = ['a', 'b', 'c', 'd'];
const FILES: Files = Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, yaml(configMap(name, {}))]));

/** A project that permits everything, with a limit. */
async function project(on: Site, annotations: Readonly<Record<string, string>>): Promise<string> {
  const name = uniqueName('limited');
  await on.client.create({
    apiVersion: API_VERSION,
    kind: 'AppProject',
    metadata: { name, namespace: on.namespace, annotations },
    spec: {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    },
  });
  return name;
}

async function started(projectName: string): Promise<App> {
  const app = await deploy(site(), { files: FILES, project: projectName });
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  return app;
}

/** As the UI and the command line confirm: a patch of the Application through REST. */
async function approve(app: App): Promise<void> {
  const approval = new Date(Date.now() + 1_000).toISOString();
  const patch = JSON.stringify({ metadata: { annotations: { [ANNOTATIONS.deletionApproved]: approval } } });
  const { status, text } = await site().api.call('PATCH', `/api/v1/applications/${app.name}`, {
    body: { name: app.name, patch, patchType: 'merge' },
  });
  expect({ status, text }).toMatchObject({ status: 200 });
}

describe('a limit of the project', () => {
  it('holds a prune until it is confirmed through REST', async () => {
    const app = await started(await project(site(), { [ANNOTATIONS.pruneLimit]: '1' }));
    const since = await site().now();
    await app.push({ 'a.yaml': null, 'b.yaml': null });
    const message = await app.hasCondition('SyncError', /2 of 4 live objects, over the limit of 1 objects/);
    expect(message).toContain(ANNOTATIONS.deletionApproved);
    expect((await app.writes(since)).list).toEqual([]);
    await approve(app);
    await app.is('Synced', 'Healthy');
    expect([...(await app.writes(since)).list].sort()).toEqual(['delete configmaps/a', 'delete configmaps/b']);
  });

  it('that is raised lets a held prune go on by itself', async () => {
    const name = await project(site(), { [ANNOTATIONS.pruneLimit]: '0' });
    const app = await started(name);
    await app.push({ 'a.yaml': null });
    await app.hasCondition('SyncError', /over the limit of 0 objects/);
    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/appprojects/${name}`;
    await site().client.patch(path, { metadata: { annotations: { [ANNOTATIONS.pruneLimit]: '1' } } });
    await app.is('Synced', 'Healthy');
    expect(await app.object('ConfigMap', 'a')).toBeUndefined();
  });

  it('holds the deletion of an application with many resources until it is confirmed', async () => {
    const app = await started(await project(site(), { [ANNOTATIONS.cascadeLimit]: '3' }));
    const since = await site().now();
    await app.remove();
    const message = await app.hasCondition('DeletionError', /take 4 objects with it, over the limit of 3 objects/);
    expect(message).toContain(ANNOTATIONS.deletionApproved);
    expect((await app.writes(since)).list).toEqual([]);
    await approve(app);
    await app.isGone();
    expect((await app.writes(since)).list).toHaveLength(4);
  });
});

describe('without a limit for deletions', () => {
  it('an application goes with all its resources, as in Argo CD', async () => {
    const app = await started('default');
    await app.remove();
    await app.isGone();
    expect(await app.object('ConfigMap', 'a')).toBeUndefined();
  });
});
