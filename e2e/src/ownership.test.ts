/** What belongs to whom: tracking methods, warnings, Applications of Applications (A04, A26-A30, C16, C18, E09). */
import { ANNOTATIONS, API_VERSION } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, applicationOf, deploy, handleOf } from './support/application.js';
import { configMap, deployment, service, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

const EXCLUSIONS = `- apiGroups: ['batch']\n  kinds: ['CronJob']\n`;
const site = useSite('ownership', { settings: { 'resource.exclusions': EXCLUSIONS, installationID: 'e2e-one' } });

async function createProject(on: Site, spec: object): Promise<string> {
  const name = uniqueName('project');
  await on.client.create({
    ...{ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name, namespace: on.namespace } },
    spec: {
      ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      ...spec,
    },
  });
  return name;
}

interface Child {
  readonly app: App;
  readonly manifest: KubeObject;
}

async function child(files: Readonly<Record<string, string>>, wave: number): Promise<Child> {
  const [name, namespace] = [uniqueName('child'), uniqueName('e2e')];
  const repository = await site().git.createRepository(name, files);
  const { metadata, ...rest } = applicationOf({ name, namespace, url: repository.url, site: site() });
  const annotations = { [ANNOTATIONS.syncWave]: String(wave), [ANNOTATIONS.applicationHealth]: 'true' };
  return {
    app: handleOf(site(), { name, namespace, url: repository.url, repository }),
    manifest: { ...rest, metadata: { ...metadata, annotations } },
  };
}

describe('warnings', () => {
  it('orphaned resources are named in the tree and counted, whatever Kubernetes itself made (C18)', async () => {
    const namespace = await site().cluster.createNamespace('orphans');
    const project = await createProject(site(), {
      orphanedResources: { ignore: [{ kind: 'ConfigMap', name: 'known-*' }] },
    });
    for (const name of ['left', 'known-one']) {
      const object = configMap(name, {});
      await site().client.create({ ...object, metadata: { ...object.metadata, namespace } });
    }
    const app = await deploy(site(), { files: { 'a.yaml': yaml(configMap('settings', {})) }, namespace, project });
    await app.is('Synced');
    expect(await app.hasCondition('OrphanedResourceWarning', /./)).toBe('Application has 1 orphaned resources');
    const path = `/api/v1/applications/${app.name}/resource-tree`;
    await eventually(async () => {
      const { orphanedNodes = [] } = await site().api.get<{ readonly orphanedNodes?: readonly object[] }>(path);
      expect(orphanedNodes).toMatchObject([{ kind: 'ConfigMap', name: 'left' }]);
    });
    await site().client.remove(`/api/v1/namespaces/${namespace}/configmaps/left`);
    await app.refresh('hard');
    await app.shows('has no warning', ({ status }) => expect(status?.conditions ?? []).toEqual([]));
  });

  it('a kind that is excluded is left out of the application, and said so (C16)', async () => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'task:v1' }] } };
    const cron: KubeObject = {
      ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly' } },
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template } } },
    };
    const app = await deploy(site(), { files: { 'a.yaml': yaml(cron, configMap('settings', {})) } });
    await app.is('Synced', 'Healthy');
    expect(await app.hasCondition('ExcludedResourceWarning', /./)).toBe(
      'Resource batch/CronJob nightly is excluded in the settings',
    );
    expect(await site().client.list(`/apis/batch/v1/namespaces/${app.namespace}/cronjobs`)).toEqual([]);
  });

  it('of two sources with the same object the later one wins (A04)', async () => {
    const [name, namespace] = [uniqueName('two'), uniqueName('e2e')];
    const file = (value: string) => ({ 'a.yaml': yaml(configMap('settings', { value })) });
    const first = await site().git.createRepository(`${name}-a`, file('first'));
    const second = await site().git.createRepository(`${name}-b`, file('second'));
    const { spec, ...rest } = applicationOf({ name, namespace, url: first.url, site: site() }) as KubeObject & {
      readonly spec: { readonly source: object };
    };
    const { source, ...others } = spec;
    const sources = [source, { ...source, repoURL: second.url }];
    await site().client.create({ ...rest, spec: { ...others, sources } });
    const app = handleOf(site(), { name, namespace, url: first.url, repository: first });
    await app.is('Synced', 'Healthy');
    expect(await app.hasCondition('RepeatedResourceWarning', /settings appeared 2 times/)).toContain('a.yaml');
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: 'second' });
  });
});

describe('the installation id (A28)', () => {
  it('is written, and what another installation tracks under the same name is not pruned', async () => {
    const app = await deploy(site(), { files: { 'a.yaml': yaml(configMap('settings', {}), configMap('other', {})) } });
    await app.is('Synced', 'Healthy');
    await app.operationEnded('Succeeded');
    const own = (await app.object('ConfigMap', 'settings'))?.metadata.annotations;
    expect(own?.[ANNOTATIONS.installationId]).toBe('e2e-one');
    const foreign = configMap(
      'foreign',
      {},
      {
        [ANNOTATIONS.trackingId]: `${app.name}:/ConfigMap:${app.namespace}/foreign`,
        [ANNOTATIONS.installationId]: 'somebody-else',
      },
    );
    const { namespace } = app;
    await site().client.create({ ...foreign, metadata: { ...foreign.metadata, namespace } });
    await app.push({ 'a.yaml': yaml(configMap('settings', {})) });
    await eventually(async () => expect(await app.object('ConfigMap', 'other')).toBeUndefined());
    await app.is('Synced', 'Healthy');
    expect(await app.object('ConfigMap', 'foreign')).toBeDefined();
    await app.remove();
    await app.isGone();
    expect(await app.object('ConfigMap', 'foreign')).toBeDefined();
  });
});

describe('objects made by controllers', () => {
  it('that copy our mark are neither pruned nor out of sync (A27)', async () => {
    const app = await deploy(site(), { files: { 'web.yaml': yaml(deployment('web'), service('web')) } });
    await app.is('Synced', 'Healthy');
    await app.operationEnded('Succeeded');
    const mark = (await app.object('Service', 'web'))?.metadata.annotations?.[ANNOTATIONS.trackingId] ?? '';
    const copy = configMap('copy', {}, { [ANNOTATIONS.trackingId]: mark, [ANNOTATIONS.installationId]: 'e2e-one' });
    await site().client.create({ ...copy, metadata: { ...copy.metadata, namespace: app.namespace } });
    const commit = await app.push({ 'web.yaml': yaml(deployment('web'), service('web'), configMap('more', {})) });
    await app.shows('is synced at the commit', ({ status }) =>
      expect(status?.sync).toMatchObject({ status: 'Synced', revision: commit }),
    );
    expect(await app.object('ConfigMap', 'copy')).toBeDefined();
  });
});

describe('an application of applications (A30, E09)', () => {
  it('waves of Applications wait for the health of the ones before, and a deletion goes the other way', async () => {
    const database = await child({ 'db.yaml': yaml(deployment('db', { image: 'guestbook:broken' })) }, 0);
    const web = await child({ 'web.yaml': yaml(deployment('web')) }, 1);
    const files = {
      'database.yaml': yaml(database.manifest),
      'web.yaml': yaml(web.manifest),
      'last.yaml': yaml(configMap('last', {}, { [ANNOTATIONS.syncWave]: '2' })),
    };
    const parent = await deploy(site(), { files, namespace: site().namespace, syncOptions: [] });
    await parent.shows('waits for the first child', ({ status }) =>
      expect(status?.operationState?.message).toBe(
        `waiting for healthy state of argoproj.io/Application/${database.app.name}`,
      ),
    );
    await database.app.is('Synced', 'Progressing');
    const { apiVersion, kind } = web.manifest;
    const find = (name: string) => site().find({ apiVersion, kind, namespace: site().namespace, name });
    expect(await find(web.app.name)).toBeUndefined();

    await database.app.push({ 'db.yaml': yaml(deployment('db')) });
    await database.app.is('Synced', 'Healthy');
    await web.app.is('Synced', 'Healthy');
    await parent.is('Synced', 'Healthy');
    await parent.operationEnded('Succeeded');
    expect((await parent.get()).status?.summary).toMatchObject({ isAppOfApps: true });

    await parent.remove();
    await parent.isGone(90_000);
    expect([await find(web.app.name), await find(database.app.name)]).toEqual([undefined, undefined]);
    await eventually(async () => expect(await database.app.object('Deployment', 'db')).toBeUndefined());
  });
});

describe('the tracking method (A26)', () => {
  const LABEL = 'e2e.test/instance';
  const method = (name: string): Promise<unknown> =>
    site().client.patch(`/api/v1/namespaces/${site().namespace}/configmaps/argocd-cm`, {
      data: { 'application.resourceTrackingMethod': name, 'application.instanceLabelKey': LABEL },
    });

  it.each([
    { name: 'label', annotated: false },
    { name: 'annotation+label', annotated: true },
  ])('$name marks what is applied, and prunes and deletes by it', async ({ name, annotated }) => {
    await method(name);
    const app = await deploy(site(), {
      files: { 'a.yaml': yaml(configMap('settings', {})), 'b.yaml': yaml(configMap('old', {})) },
    });
    await app.is('Synced', 'Healthy');
    await app.operationEnded('Succeeded');
    // The first sync may begin before the controller has seen the setting; then the next one marks it anew.
    await eventually(async () => {
      const { labels, annotations = {} } = (await app.object('ConfigMap', 'settings'))?.metadata ?? {};
      expect([labels?.[LABEL], ANNOTATIONS.trackingId in annotations]).toEqual([app.name, annotated]);
    });
    await app.is('Synced', 'Healthy');
    await app.push({ 'b.yaml': null });
    await eventually(async () => expect(await app.object('ConfigMap', 'old')).toBeUndefined());
    await app.is('Synced', 'Healthy');
    await app.remove();
    await app.isGone();
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
  });
});
