/** What is kept of Applications of other namespaces goes with them, and with nothing else (A31). */
import { createKubeClient, type KubeClient, loadClusterConnection, RESOURCES } from '@tiphys/cluster';
import { API_VERSION, type Application, IN_CLUSTER_SERVER, LABELS } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import { sharedControlPlane, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, SHA_A, specOf } from '../testing/builders.js';
import { createDeploymentSweep } from './deployment-sweep.js';
import { createDeployments } from './deployments.js';

const { signal } = new AbortController();
let client: KubeClient;
let home: string;
let team: string;

beforeAll(async () => {
  const control = await sharedControlPlane();
  home = await control.createNamespace('sweep-home');
  team = await control.createNamespace('sweep-team');
  const connection = await loadClusterConnection({ kubeconfig: control.kubeconfigPath, userAgent: 'test' });
  client = createKubeClient(connection, { concurrency: 4 });
});
afterAll(() => client.close());

async function deployed(namespace: string): Promise<Application> {
  const source = { repoURL: 'https://git.invalid/app', path: '.' };
  const spec = { project: 'default', source, destination: { server: IN_CLUSTER_SERVER, namespace } };
  const metadata = { name: uniqueName('app'), namespace };
  const object = { apiVersion: API_VERSION, kind: 'Application', metadata, spec };
  const app = (await client.create(RESOURCES.applications, object, { signal })) as unknown as Application;
  const targets = [{ object: configMap('settings'), origin: 'a.yaml', sourceIndex: 0 }];
  const facts = { revisions: [SHA_A], sourceTypes: ['Directory'], manifestHash: 'hash' } as const;
  const manifests = { targets, ...facts, sources: [specOf().source ?? source] };
  await createDeployments({ client, namespace: home, maxBytes: 1_000_000 }).save(app, { id: 1, manifests }, signal);
  return app;
}

const sweep = (uid?: string) =>
  createDeploymentSweep({ client, namespace: home, log: silentLogger }).sweep(signal, uid);
const kept = async ({ metadata }: Application): Promise<number> => {
  const labelSelector = `${LABELS.deploymentOf}=${metadata.uid}`;
  return (await client.list(RESOURCES.secrets, { namespace: home, labelSelector, signal })).items.length;
};
const remove = ({ metadata: { name = '' } }: Application) =>
  client.delete(RESOURCES.applications, { namespace: team, name }, { signal });

describe('a sweep', () => {
  it('removes the deployments of an application that is gone, and leaves those of one that is there', async () => {
    const [gone, there, own] = [await deployed(team), await deployed(team), await deployed(home)];
    await remove(gone);
    await sweep();
    expect([await kept(gone), await kept(there), await kept(own)]).toEqual([0, 1, 1]);
  });

  it('of one application leaves others alone', async () => {
    const [first, second] = [await deployed(team), await deployed(team)];
    await Promise.all([remove(first), remove(second)]);
    await sweep(first.metadata.uid);
    expect([await kept(first), await kept(second)]).toEqual([0, 1]);
    await sweep();
    expect(await kept(second)).toBe(0);
  });

  it('removes nothing of an application that the event says is gone but the API server has', async () => {
    const app = await deployed(team);
    await sweep(app.metadata.uid);
    expect(await kept(app)).toBe(1);
  });

  it('does not take an application of the same name, made anew, for the old one', async () => {
    const old = await deployed(team);
    await remove(old);
    const { name, namespace } = old.metadata;
    const object = { apiVersion: API_VERSION, kind: 'Application', metadata: { name, namespace }, spec: old.spec };
    await client.create(RESOURCES.applications, object as never, { signal });
    await sweep();
    expect(await kept(old)).toBe(0);
  });
});
