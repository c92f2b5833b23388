/** Health checks of the administrator, live, and waves of Applications that wait for each other (E05-E09, S7). */
import { ANNOTATIONS, API_VERSION, IN_CLUSTER_SERVER } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy, handleOf } from './support/application.js';
import { configMap, deployment, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const KEY = 'resource.customizations.health.ConfigMap';
const BY_STATE = `
  local hs = { status = "Progressing", message = "no state yet" }
  if obj.data ~= nil and obj.data.state ~= nil then
    hs.status = obj.data.state
    hs.message = obj.metadata.name .. " says so"
  end
  return hs
`;
const site = useSite('health', { settings: { [KEY]: BY_STATE } });

async function configure(script: string): Promise<void> {
  const path = `/api/v1/namespaces/${site().namespace}/configmaps/argocd-cm`;
  await site().client.patch(path, { data: { [KEY]: script } });
}

interface Tree {
  readonly nodes: readonly {
    readonly name: string;
    readonly health?: { readonly status: string; readonly message?: string };
  }[];
}

/** Waits until the tree shows this health of the object. */
async function nodeIs(app: App, name: string, status: string): Promise<string> {
  return eventually(
    async () => {
      const { nodes } = await site().api.get<Tree>(`/api/v1/applications/${app.name}/resource-tree`);
      const { health } = nodes.find((node) => node.name === name) ?? {};
      expect(health?.status).toBe(status);
      return health?.message ?? '';
    },
    { description: `${name} is ${status}`, timeoutMs: 45_000 },
  );
}

describe('a health script of argocd-cm', () => {
  it('decides when the next wave begins, and follows the ConfigMap', async () => {
    const wave = (number: string) => ({ [ANNOTATIONS.syncWave]: number });
    const files = {
      'all.yaml': yaml(configMap('first', {}, wave('0')), configMap('second', { state: 'Healthy' }, wave('1'))),
    };
    const app = await deploy(site(), { files, automated: null });
    await app.is('OutOfSync');
    await app.sync();
    await app.shows('waits for the script', ({ status }) =>
      expect(status?.operationState?.message).toBe('waiting for healthy state of /ConfigMap/first'),
    );
    expect(await app.object('ConfigMap', 'second')).toBeUndefined();
    const first = `/api/v1/namespaces/${app.namespace}/configmaps/first`;
    await site().client.patch(first, { data: { state: 'Healthy' } });
    await app.operationEnded('Succeeded');
    expect(await nodeIs(app, 'first', 'Healthy')).toBe('first says so');

    await configure('return { status = "Degraded", message = "by the new script" }');
    await app.is('Synced', 'Degraded');
    expect(await nodeIs(app, 'second', 'Degraded')).toBe('by the new script');
  });

  it('that is broken or endless makes its kind Unknown with the reason, and nothing else (S7)', async () => {
    const files = { 'all.yaml': yaml(configMap('settings', {}), deployment('web')) };
    await configure('return obj.spec.replicas > 1');
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Unknown');
    expect(await nodeIs(app, 'settings', 'Unknown')).toContain("attempt to index field 'spec'");
    await nodeIs(app, 'web', 'Healthy');

    await configure('while true do end');
    await eventually(
      async () => expect(await nodeIs(app, 'settings', 'Unknown')).toMatch(/did not end within|switched off/),
      { description: 'the endless script is ended', timeoutMs: 45_000 },
    );
    const other = await deploy(site(), { files: { 'web.yaml': yaml(deployment('other')) } });
    await other.is('Synced', 'Healthy');

    await configure(BY_STATE);
    await app.is('Synced', 'Progressing');
  });
});

interface Child {
  readonly name: string;
  readonly wave: string;
  readonly url: string;
}

function childApplication({ name, wave, url }: Child): KubeObject {
  return {
    ...{ apiVersion: API_VERSION, kind: 'Application' },
    metadata: {
      ...{ name, namespace: site().namespace },
      annotations: { [ANNOTATIONS.syncWave]: wave, [ANNOTATIONS.applicationHealth]: 'true' },
    },
    spec: {
      project: 'default',
      source: { repoURL: url, path: '.', targetRevision: 'main' },
      destination: { server: IN_CLUSTER_SERVER, namespace: name },
      syncPolicy: { automated: {}, syncOptions: ['CreateNamespace=true'] },
    },
  };
}

describe('waves of Applications (E09)', () => {
  it('begin when the Applications of the wave before are synced and healthy', async () => {
    const names = [uniqueName('child-a'), uniqueName('child-b')] as const;
    const [a, b] = await Promise.all(
      names.map((name, index) => {
        const image = index === 0 ? 'guestbook:broken' : 'guestbook:v1';
        return site().git.createRepository(name, { 'web.yaml': yaml(deployment('web', { image })) });
      }),
    );
    if (a === undefined || b === undefined) throw new Error('two repositories are needed');
    const first = childApplication({ name: names[0], wave: '0', url: a.url });
    const second = childApplication({ name: names[1], wave: '1', url: b.url });
    const parent = await deploy(site(), {
      files: { 'all.yaml': yaml(first, second) },
      namespace: site().namespace,
      syncOptions: [],
    });
    const child = handleOf(site(), { name: names[0], namespace: names[0], url: a.url, repository: a });
    await child.is('Synced', 'Progressing');
    await parent.shows('waits for the first child', ({ status }) =>
      expect(status?.operationState?.message).toBe(`waiting for healthy state of argoproj.io/Application/${names[0]}`),
    );
    expect(
      await site().find({ apiVersion: API_VERSION, kind: 'Application', namespace: site().namespace, name: names[1] }),
    ).toBeUndefined();

    await child.push({ 'web.yaml': yaml(deployment('web')) });
    await parent.operationEnded('Succeeded');
    await parent.is('Synced', 'Healthy');
    const later = handleOf(site(), { name: names[1], namespace: names[1], url: b.url, repository: b });
    await later.is('Synced', 'Healthy');
  });
});
