/** Rollback from what was kept (design 9, D43, R8): no Git, no repo-server, no cache; it holds until the next commit. */
import { ANNOTATIONS, LABELS } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, applicationOf, deploy, handleOf } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { type Site, useSite } from './support/site.js';

const site = useSite('rollback');
const version = (value: string, name = 'settings') => ({ [`${name}.yaml`]: yaml(configMap(name, { value })) });

afterEach(async () => {
  site().git.setFaults({});
  const repoServer = site().installation.service('repo-server');
  if (!repoServer.isRunning()) await repoServer.start();
});

/** Neither Git nor a renderer nor anything that was cached. */
async function blackout(on: Site): Promise<void> {
  on.git.setFaults({ status: 503 });
  await on.installation.service('repo-server').kill();
  await on.redis.flushAll();
}

async function deployed(app: App, name: string, value: string): Promise<void> {
  const attempt = async () => expect((await app.object('ConfigMap', name))?.['data']).toEqual({ value });
  await eventually(attempt, { description: `${name} is ${value}`, timeoutMs: 45_000 });
}

async function succeeded(app: App, deployments: number): Promise<void> {
  await app.shows(`has ${deployments} deployments`, ({ operation, status }) => {
    expect(operation).toBeUndefined();
    expect(status?.history).toHaveLength(deployments);
  });
}

/** An application of two repositories, one ConfigMap each. */
async function deployTwoSources(
  on: Site,
): Promise<{ readonly app: App; readonly push: (value: string) => Promise<string> }> {
  const [name, namespace] = [uniqueName('two'), uniqueName('e2e')];
  const first = await on.git.createRepository(`${name}-a`, version('1', 'one'));
  const second = await on.git.createRepository(`${name}-b`, version('1', 'two'));
  const { spec, ...application } = applicationOf({ name, namespace, url: first.url, site: on }) as KubeObject & {
    readonly spec: { readonly source: object };
  };
  const { source, ...rest } = spec;
  const sources = [source, { ...source, repoURL: second.url }];
  await on.client.create({ ...application, spec: { ...rest, sources } });
  const app = handleOf(on, { name, namespace, url: first.url, repository: first });
  const push = async (value: string): Promise<string> => {
    await second.commit(version(value, 'two'));
    return app.push(version(value, 'one'));
  };
  return { app, push };
}

const secretsOf = async (app: App): Promise<readonly KubeObject[]> => {
  const { uid = '' } = (await app.get()).metadata;
  const path = `/api/v1/namespaces/${site().namespace}/secrets`;
  return site().client.list(path, { labelSelector: `${LABELS.deploymentOf}=${uid}` });
};

describe('a rollback without Git, without repo-server and with an empty Redis (R1, R8)', () => {
  it('brings the previous manifests back and holds until the next commit', async () => {
    const app = await deploy(site(), { files: version('1') });
    await succeeded(app, 1);
    const bad = await app.push(version('2'));
    await deployed(app, 'settings', '2');
    await succeeded(app, 2);
    await blackout(site());
    await app.rollback((await app.get()).status?.history?.[0]?.id ?? -1);
    await deployed(app, 'settings', '1');
    await succeeded(app, 3);
    await site().redis.flushAll();
    await site().installation.service('repo-server').start();
    site().git.setFaults({});
    await app.refresh('hard');
    const held = await app.is('OutOfSync');
    expect(held.metadata.annotations?.[ANNOTATIONS.rollbackHold]).toBe(bad);
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: '1' });
    await app.push(version('3'));
    await deployed(app, 'settings', '3');
    const next = await app.is('Synced', 'Healthy');
    expect(next.metadata.annotations?.[ANNOTATIONS.rollbackHold]).toBeUndefined();
  });

  it('brings back what several sources deployed together', async () => {
    const { app, push } = await deployTwoSources(site());
    await succeeded(app, 1);
    await push('2');
    for (const name of ['one', 'two']) await deployed(app, name, '2');
    const history = await app.shows('deployed both commits', ({ operation, status }) => {
      expect(operation).toBeUndefined();
      expect(status?.history?.at(-1)?.revisions).toEqual(status?.sync?.revisions);
      return status?.history ?? [];
    });
    await blackout(site());
    await app.rollback(history[0]?.id ?? -1);
    for (const name of ['one', 'two']) await deployed(app, name, '1');
    const held = await app.get();
    expect(held.metadata.annotations?.[ANNOTATIONS.rollbackHold]).toBe(history.at(-1)?.revisions?.join(','));
  });
});

describe('what is kept of a deployment', () => {
  it('is in Secrets that only hold compressed text, and goes with the Application', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token' },
      stringData: { token: 'v3ry-s3cret' },
    };
    const app = await deploy(site(), { files: { 'secret.yaml': yaml(secret) } });
    await succeeded(app, 1);
    const kept = await secretsOf(app);
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain('v3ry-s3cret');
    expect(JSON.stringify(kept)).not.toContain(Buffer.from('v3ry-s3cret').toString('base64'));
    expect(kept[0]?.metadata['ownerReferences']).toMatchObject([{ kind: 'Application', name: app.name }]);
  });

  it('is dropped with its entry of the history', async () => {
    const app = await deploy(site(), { files: version('1') });
    await succeeded(app, 1);
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${site().namespace}/applications/${app.name}`;
    await site().client.patch(path, { spec: { revisionHistoryLimit: 1 } });
    await app.push(version('2'));
    await deployed(app, 'settings', '2');
    await app.shows('keeps the second deployment', ({ status }) => expect(status?.history?.[0]?.id).toBe(1));
    await eventually(async () => {
      const ids = (await secretsOf(app)).map(({ metadata }) => metadata.annotations?.['tiphys.dev/history-id']);
      expect(ids).toEqual(['1']);
    });
  });
});
