/** Applications outside the control-plane namespace (A31, F04): what a team may do there, and what it may not. */
import { API_VERSION, type Application, IN_CLUSTER_SERVER } from '@tiphys/model';
import { eventually, uniqueName } from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

/** No other site of the control plane looks at these namespaces. */
const TEAM = uniqueName('team-ns');
const UNLISTED = uniqueName('unlisted-ns');
const PROJECT = 'team';
const site = useSite('any-namespace', { parameters: { 'application.namespaces': `${TEAM}, /^${TEAM}-[xy]$/` } });
const FILES = { 'a.yaml': yaml(configMap('a', { a: '1' })) };

beforeAll(async () => {
  const { client, namespace } = site();
  for (const name of [TEAM, UNLISTED, `${TEAM}-x`]) {
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const destinations = [{ server: '*', namespace: '*' }];
  const clusterResourceWhitelist = [{ group: '*', kind: '*' }];
  const spec = { sourceRepos: ['*'], destinations, clusterResourceWhitelist, sourceNamespaces: [TEAM] };
  await client.create({ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name: PROJECT, namespace }, spec });
});

function created(of: Site, home: string, project: string) {
  const metadata = { name: uniqueName('made'), namespace: home };
  const source = { repoURL: 'https://git.invalid/org/app', path: '.' };
  const destination = { server: IN_CLUSTER_SERVER, namespace: 'default' };
  return of.api.call('POST', '/api/v1/applications', {
    body: { metadata, spec: { project, source, destination } },
  });
}

describe('an application in a namespace of application.namespaces (A31)', () => {
  it('is deployed with its namespace in the tracking id, heals, and is deleted with its resources', async () => {
    const app = await deploy(site(), { files: FILES, home: TEAM, project: PROJECT });
    await app.is('Synced', 'Healthy');
    const object = await app.object('ConfigMap', 'a');
    const id = `${TEAM}_${app.name}:/ConfigMap:${app.namespace}/a`;
    expect(object?.metadata.annotations?.['argocd.argoproj.io/tracking-id']).toBe(id);
    await app.push({ 'a.yaml': yaml(configMap('a', { a: '2' })) });
    await eventually(async () => expect((await app.object('ConfigMap', 'a'))?.['data']).toEqual({ a: '2' }));
    await app.is('Synced', 'Healthy');
    await app.refresh('hard');
    const { uid } = (await app.get()).metadata;
    await app.remove();
    await app.isGone();
    expect(await app.object('ConfigMap', 'a')).toBeUndefined();
    const { client, namespace } = site();
    const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=tiphys.dev%2Fdeployment-of%3D${uid}`;
    await eventually(async () => expect(await client.get(path)).toMatchObject({ items: [] }));
  });

  it('is listed, found by appNamespace and by no other, and named project/namespace/name in access rules', async () => {
    const app = await deploy(site(), { files: FILES, home: TEAM, project: PROJECT });
    await app.is('Synced', 'Healthy');
    const { api } = site();
    const list = await api.get<{ readonly items: readonly Application[] }>('/api/v1/applications');
    const names = list.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(names).toContain(`${TEAM}/${app.name}`);
    const one = await api.get<Application>(`/api/v1/applications/${app.name}?appNamespace=${TEAM}`);
    expect(one.metadata.namespace).toBe(TEAM);
    expect((await api.call('GET', `/api/v1/applications/${app.name}`)).status).toBe(403);
    const can = (object: string) => api.get(`/api/v1/account/can-i/applications/get/${object}`);
    expect(await can(encodeURIComponent(`${PROJECT}/${TEAM}/${app.name}`))).toEqual({ value: 'yes' });
    const path = `/api/v1/applications/${app.name}/resource-tree?appNamespace=${TEAM}`;
    expect(await api.get(path)).toMatchObject({ nodes: [expect.objectContaining({ kind: 'ConfigMap', name: 'a' })] });
  });

  it('may not use a project that does not list the namespace (F04)', async () => {
    const app = await deploy(site(), { files: FILES, home: TEAM, project: 'default' });
    const text = await app.hasCondition('InvalidSpecError', /is not permitted to use project 'default'/);
    expect(text).toContain(`in namespace '${TEAM}'`);
    expect(await app.object('ConfigMap', 'a')).toBeUndefined();
    await app.remove();
    await app.isGone();
  });

  it('may not be created over the API in a project that does not list the namespace', async () => {
    const answer = await created(site(), `${TEAM}-x`, PROJECT);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("is not permitted to use project 'team'");
  });
});

describe('an application in any other namespace', () => {
  it('is not looked at', async () => {
    const unlisted = await deploy(site(), { files: FILES, home: UNLISTED, project: PROJECT });
    const listed = await deploy(site(), { files: FILES, home: TEAM, project: PROJECT });
    await listed.is('Synced', 'Healthy');
    expect((await unlisted.get()).status).toBeUndefined();
    const { items } = await site().api.get<{ readonly items: readonly Application[] }>('/api/v1/applications');
    expect(items.map(({ metadata }) => metadata.name)).not.toContain(unlisted.name);
    await site().client.remove(`/apis/${API_VERSION}/namespaces/${UNLISTED}/applications/${unlisted.name}`);
  });

  it('is refused by the API, which says where applications may live', async () => {
    const answer = await created(site(), UNLISTED, PROJECT);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`namespace '${UNLISTED}' is not permitted`);
    expect(answer.text).toContain('application.namespaces');
  });
});
