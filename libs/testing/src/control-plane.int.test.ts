import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditPosition, auditWrites } from './audit.js';
import { type ControlPlane, startControlPlane } from './control-plane.js';
import { installCustomResources } from './custom-resources.js';
import { eventually } from './eventually.js';
import { createKubeClient, KubeError, type KubeObject } from './kube-client.js';
import { readKubeconfig } from './kubeconfig.js';
import { removeDirectory, temporaryDirectory } from './process.js';

let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster.stop());

function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

describe('startControlPlane', () => {
  it('answers every known user and nobody else', async () => {
    const whoAmI = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const review = await cluster.client('tiphys-controller').request('POST', path, { body: whoAmI });
    expect(review).toMatchObject({ status: { userInfo: { username: 'tiphys-controller' } } });
    const stranger = createKubeClient({ ...cluster, token: 'wrong' });
    await expect(stranger.get('/api/v1/namespaces')).rejects.toThrow('401');
    await stranger.close();
  });

  it('reports the Kubernetes version that go.mod pins', async () => {
    expect(await cluster.client().get('/version')).toMatchObject({ major: '1', minor: '36', gitVersion: 'v1.36.1' });
  });

  it('enforces RBAC for service accounts', async () => {
    const client = cluster.client();
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [] } };
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const answer = await client.request<{ status: { token: string } }>('POST', path, { body });
    const account = createKubeClient({ ...cluster, token: answer.status.token });
    await expect(account.get('/api/v1/secrets')).rejects.toThrow('403');
    await account.close();
  });

  it('writes a kubeconfig that leads back to it', async () => {
    const client = createKubeClient(readKubeconfig(cluster.kubeconfigPath));
    expect((await client.list('/api/v1/namespaces')).map((entry) => entry.metadata.name)).toContain('kube-system');
    await client.close();
  });

  it('keeps a second cluster apart', async () => {
    const second = await cluster.startSecondCluster({ controllerManager: false, customResources: false });
    await cluster.client().apply(configMap('only-here'));
    const path = '/api/v1/namespaces/default/configmaps/only-here';
    expect(await second.client().find(path)).toBeUndefined();
    expect(await cluster.client().find(path)).toBeDefined();
    await second.stop();
    await expect(cluster.client().get('/readyz')).resolves.toBe('ok');
  });

  it('is gone with its data after stop', async () => {
    const short = await startControlPlane({ controllerManager: false, customResources: false });
    const client = createKubeClient(short);
    await short.stop();
    await expect(client.get('/readyz')).rejects.toThrow();
    expect(existsSync(short.kubeconfigPath)).toBe(false);
    await client.close();
  });
});

describe('audit log', () => {
  it('shows each write once with its user and field manager, and no reads', async () => {
    const since = await auditPosition(cluster);
    const client = cluster.client('tiphys-controller');
    await client.apply(configMap('audited'), { fieldManager: 'tiphys' });
    const path = '/api/v1/namespaces/default/configmaps/audited';
    await client.get(path);
    await client.list('/api/v1/configmaps');
    await client.patch(path, { data: { a: '1' } }, { dryRun: 'All' });
    await client.remove(path);
    const writes = await auditWrites(cluster, { since, user: 'tiphys-controller' });
    const about = { user: 'tiphys-controller', resource: 'configmaps', namespace: 'default', name: 'audited' };
    expect(writes).toEqual([
      expect.objectContaining({
        ...about,
        verb: 'patch',
        fieldManager: 'tiphys',
        code: 201,
        stage: 'ResponseComplete',
      }),
      expect.objectContaining({ ...about, verb: 'delete', code: 200 }),
    ]);
    expect(await auditWrites(cluster, { since, user: 'tiphys-controller', includeDryRuns: true })).toHaveLength(3);
    expect(await auditWrites(cluster, { since, user: 'tiphys-api' })).toEqual([]);
  });

  it('loses none of many parallel writes', async () => {
    const since = await auditPosition(cluster);
    const client = cluster.client('tiphys-api');
    await Promise.all(Array.from({ length: 100 }, (_, index) => client.apply(configMap(`many-${index}`))));
    expect(await auditWrites(cluster, { since, user: 'tiphys-api' })).toHaveLength(100);
  });
});

describe('installCustomResources', () => {
  const group = 'testing.tiphys.invalid';
  const names = { plural: 'things', singular: 'thing', kind: 'Thing' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = {
    ...{
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${group}` },
    },
    spec: { group, scope: 'Namespaced', names, versions: [{ name: 'v1', served: true, storage: true, schema }] },
  };

  it('serves the kinds of every CRD in the folder', async () => {
    const directory = temporaryDirectory('crds');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'things.yaml'), JSON.stringify(definition));
    writeFileSync(join(directory, 'README.md'), 'not a manifest');
    const client = cluster.client();
    await installCustomResources(client, directory);
    const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'one', namespace: 'default' } };
    const created = await eventually(() => client.apply(thing));
    expect(created.metadata.uid).toBeDefined();
    removeDirectory(directory);
  });
});

describe('KubeClient', () => {
  it('tells errors apart by code and reason', async () => {
    const missing = cluster.client().get('/api/v1/namespaces/default/configmaps/none');
    await expect(missing).rejects.toBeInstanceOf(KubeError);
    await expect(missing).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
  });

  it('keeps fields that no client library knows', async () => {
    const file = readFileSync(cluster.kubeconfigPath, 'utf8');
    const applied = await cluster.client().apply(configMap('raw', { file }));
    expect(applied['data']).toEqual({ file });
  });
});
