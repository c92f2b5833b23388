/** Charts, overlays and Jsonnet from Git to the cluster: the examples of the repository, and what a push to one re-renders. */
import { fileURLToPath } from 'node:url';
import { type Files, filesOf, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, applicationOf, handleOf } from './support/application.js';
import { deployment, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

const site = useSite('rendering', { settings: { 'timeout.reconciliation': '1s' } });

const example = (name: string): Files => filesOf(fileURLToPath(new URL(`../../examples/${name}`, import.meta.url)));

/** `deploy` with tool options in the source. */
async function deploySource(on: Site, files: Files, source: object): Promise<App> {
  const name = uniqueName('app');
  const namespace = uniqueName('e2e');
  const repository = await on.git.createRepository(name, files);
  const application = applicationOf({ name, namespace, url: repository.url, site: on });
  const spec = application['spec'] as { readonly source: object };
  await on.client.create({ ...application, spec: { ...spec, source: { ...spec.source, ...source } } });
  return handleOf(on, { name, namespace, url: repository.url, repository });
}

const containersOf = (object: KubeObject | undefined) =>
  (object?.['spec'] as { template: { spec: { containers: { image: string }[] } } }).template.spec.containers;

describe('Helm (B04-B10)', () => {
  it('the example chart becomes Synced and Healthy, with parameters over values', async () => {
    const parameters = [{ name: 'image.tag', value: 'v7' }];
    const app = await deploySource(site(), example('helm-guestbook'), {
      helm: { releaseName: 'web', parameters, valuesObject: { replicaCount: 2, image: { tag: 'v6' } } },
    });
    const { status } = await app.is('Synced', 'Healthy');
    expect(status?.sourceType).toBe('Helm');
    const web = status?.resources?.find(({ kind }) => kind === 'Deployment')?.name ?? '';
    const live = await app.object('Deployment', web);
    expect(containersOf(live)).toMatchObject([{ image: 'gcr.io/google-samples/gb-frontend:v7' }]);
    expect(live).toMatchObject({ spec: { replicas: 2 } });
  });

  it('a chart that fails says where, and the last good state stays', async () => {
    const app = await deploySource(site(), example('helm-guestbook'), {});
    await app.is('Synced', 'Healthy');
    const before = await app.get();
    await app.push({ 'templates/broken.yaml': 'kind: {{ required "a name is needed" .Values.missing }}\n' });
    expect(await app.hasCondition('ComparisonError', /a name is needed/)).toMatch(/templates\/broken\.yaml/);
    await app.push({ 'templates/broken.yaml': null });
    await app.is('Synced', 'Healthy');
    expect((await app.get()).status?.resources).toEqual(before.status?.resources);
  });
});

describe('Kustomize (B15-B20)', () => {
  const files: Files = {
    'base/kustomization.yaml':
      'resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [colour=blue]\n',
    'base/web.yaml': yaml(deployment('web', { image: 'guestbook:v1' })),
    'overlay/kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\nreplicas:\n- name: web\n  count: 2\n',
  };

  it('an overlay is applied with the options of the source, and a push to its base goes out', async () => {
    const app = await deploySource(site(), files, {
      path: 'overlay',
      kustomize: { images: ['guestbook=guestbook:v2'] },
    });
    const { status } = await app.is('Synced', 'Healthy');
    expect(status?.sourceType).toBe('Kustomize');
    const live = await app.object('Deployment', 'prod-web');
    expect(containersOf(live)).toMatchObject([{ image: 'guestbook:v2' }]);
    expect(live).toMatchObject({ spec: { replicas: 2 } });
    const generated = status?.resources?.find(({ kind }) => kind === 'ConfigMap')?.name;
    await app.push({
      'base/kustomization.yaml':
        'resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [colour=red]\n',
    });
    await app.shows('has another generated ConfigMap, the old one pruned', ({ status: now }) => {
      const names = now?.resources?.filter(({ kind }) => kind === 'ConfigMap').map(({ name }) => name);
      expect(names).toHaveLength(1);
      expect(names).not.toContain(generated);
      expect(now?.sync?.status).toBe('Synced');
    });
  });
});

describe('Jsonnet (B24)', () => {
  it('files with external variables are rendered', async () => {
    const source =
      "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'from-jsonnet' }, data: { team: std.extVar('team') } }";
    const app = await deploySource(
      site(),
      { 'app.jsonnet': source },
      { directory: { jsonnet: { extVars: [{ name: 'team', value: 'blue' }] } } },
    );
    await app.is('Synced', 'Healthy');
    expect(await app.object('ConfigMap', 'from-jsonnet')).toMatchObject({ data: { team: 'blue' } });
  });
});
