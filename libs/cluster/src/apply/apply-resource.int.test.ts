import type { KubernetesObject } from '@tiphys/model';
import { eventually, type SharedControlPlane, sharedControlPlane } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import { loadClusterConnection } from '../connection/load-connection.js';
import { createDiscovery } from '../discovery/discovery.js';
import type { ApiResource, Discovery, KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { applyResource } from './apply-resource.js';
import { createNamespace } from './create-namespace.js';
import { deleteResource } from './delete-resource.js';
import type { ApplyOptions } from './types.js';

const signal = AbortSignal.timeout(300_000);
const LABELS = { app: 'web' };

let plane: SharedControlPlane;
let client: KubeClient;
let discovery: Discovery;
let deployments: ApiResource;

beforeAll(async () => {
  plane = await sharedControlPlane();
  client = createKubeClient(await loadClusterConnection({ kubeconfig: plane.kubeconfigPath }));
  discovery = createDiscovery(client);
  await discovery.refresh(signal);
  deployments = discovery.resolve({ group: 'apps', kind: 'Deployment' })!;
});
afterAll(() => client.close());

function apply(object: KubernetesObject, options: ApplyOptions = {}, live?: KubernetesObject) {
  return applyResource({ client, discovery, object, live, options, signal });
}

function read(resource: ApiResource, object: KubernetesObject) {
  const { namespace = '', name = '' } = object.metadata;
  return client.get(resource, { namespace, name }, signal) as Promise<KubernetesObject>;
}

interface Workload {
  readonly image?: string;
  readonly env?: readonly string[];
  readonly replicas?: number;
}

/** Paused, so that no controller writes to it beside its status. */
function deployment(namespace: string, { image = 'web:1', env = [], replicas }: Workload = {}): KubernetesObject {
  const container = { name: 'web', image, ...(env.length > 0 && { env: env.map((name) => ({ name, value: name })) }) };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'web' },
    spec: {
      paused: true,
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: { containers: [container] } },
    },
  };
}

function configMap(namespace: string, data: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'settings' }, data };
}

function specOf(object: KubernetesObject) {
  return object['spec'] as {
    readonly replicas: number;
    readonly template: {
      readonly spec: { readonly containers: readonly { image: string; env?: { name: string }[] }[] };
    };
  };
}

function managersOf({ metadata }: KubernetesObject) {
  return (metadata.managedFields ?? []).map(({ manager, operation }) => `${manager}/${operation}`);
}

describe('server-side apply', () => {
  it('touches only the given fields, removes a field that the manifest dropped, and leaves equal objects unwritten (D26)', async () => {
    const namespace = await plane.createNamespace('ssa');
    const first = await apply(deployment(namespace, { env: ['A', 'B'], replicas: 2 }));
    expect(first.action).toBe('created');
    const label = { resource: deployments, namespace, name: 'web', type: 'merge' as const };
    await client.patch(label, { metadata: { labels: { theirs: 'kept' } } }, { fieldManager: 'somebody', signal });

    const live = await read(deployments, first.object);
    const second = await apply(deployment(namespace, { env: ['A'], replicas: 2 }), {}, live);
    expect(second.action).toBe('configured');
    expect(second.object.metadata.labels).toEqual({ theirs: 'kept' });
    expect(specOf(second.object).template.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['A']);
    // The deployment controller may still be writing its status in between.
    await eventually(async () => {
      const current = await read(deployments, first.object);
      const third = await apply(deployment(namespace, { env: ['A'], replicas: 2 }), {}, current);
      expect(third.action).toBe('unchanged');
    });
  });

  it('takes fields back from other managers', async () => {
    const namespace = await plane.createNamespace('force');
    const { object } = await apply(deployment(namespace, { replicas: 2 }));
    const target = { resource: deployments, namespace, name: 'web', type: 'apply' as const };
    const theirs = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 5 } };
    await client.patch(target, theirs, { fieldManager: 'hpa', force: true, signal });
    const healed = await apply(deployment(namespace, { replicas: 2 }), {}, await read(deployments, object));
    expect(specOf(healed.object).replicas).toBe(2);
  });

  it.each([
    { manager: 'kubectl-client-side-apply', why: 'kubectl apply' },
    { manager: 'argocd-controller', why: 'a client-side sync of Argo CD' },
  ])('moves the fields of $why to our manager, so that a removed field goes (D27)', async ({ manager }) => {
    const namespace = await plane.createNamespace('migrate');
    const created = await client.create(deployments, deployment(namespace, { env: ['A', 'B'], replicas: 3 }), {
      fieldManager: manager,
      signal,
    });
    const result = await apply(deployment(namespace, { env: ['A'] }), {}, created);
    expect(specOf(result.object).template.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['A']);
    expect(specOf(result.object).replicas).toBe(1);
    expect(managersOf(result.object)).not.toContain(`${manager}/Update`);
    expect(managersOf(result.object)).toContain('argocd-controller/Apply');
  });

  it('moves nothing with ClientSideApplyMigration=false', async () => {
    const namespace = await plane.createNamespace('unmoved');
    const created = await client.create(deployments, deployment(namespace, { env: ['A', 'B'] }), {
      fieldManager: 'kubectl-client-side-apply',
      signal,
    });
    const result = await apply(deployment(namespace, { env: ['A'] }), { clientSideApplyMigration: false }, created);
    expect(specOf(result.object).template.spec.containers[0]?.env?.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  it('predicts in a dry run and writes nothing', async () => {
    const namespace = await plane.createNamespace('dry');
    const { object } = await apply(configMap(namespace, { a: '1' }));
    const predicted = await apply(configMap(namespace, { a: '2' }), { dryRun: true }, object);
    expect(predicted.object['data']).toEqual({ a: '2' });
    expect((await read(RESOURCES.configMaps, object)).metadata.resourceVersion).toBe(object.metadata.resourceVersion);
  });

  it('refuses unknown fields unless Validate=false (D21)', async () => {
    const namespace = await plane.createNamespace('validate');
    const wrong = { ...deployment(namespace), spec: { ...specOf(deployment(namespace)), replicsa: 2 } };
    await expect(apply(wrong, { serverSideApply: false })).rejects.toMatchObject({ code: 'InvalidSpec' });
    const result = await apply(wrong, { serverSideApply: false, validate: false });
    expect(result.action).toBe('created');
  });

  it('says what is missing when the kind is unknown', async () => {
    const object = {
      apiVersion: 'nobody.example.com/v1',
      kind: 'Nothing',
      metadata: { name: 'x', namespace: 'default' },
    };
    await expect(apply(object)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('serves no Nothing in nobody.example.com/v1; install its CRD') as string,
    });
  });
});

describe('client-side apply', () => {
  it('patches by merge keys, removes what the last manifest had, and skips an equal object', async () => {
    const namespace = await plane.createNamespace('csa');
    const options = { serverSideApply: false };
    const first = await apply(deployment(namespace, { env: ['A', 'B'], replicas: 2 }), options);
    expect(first.action).toBe('created');
    const sidecar = { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'mesh:1' }] } } } };
    const target = { resource: deployments, namespace, name: 'web', type: 'strategic' as const };
    await client.patch(target, sidecar, { fieldManager: 'injector', signal });

    const second = await apply(deployment(namespace, { image: 'web:2', env: ['B'], replicas: 2 }), options);
    const containers = specOf(second.object).template.spec.containers;
    expect(containers.map(({ image }) => image).sort()).toEqual(['mesh:1', 'web:2']);
    expect(containers.find(({ image }) => image === 'web:2')?.env?.map(({ name }) => name)).toEqual(['B']);
    const third = await apply(deployment(namespace, { image: 'web:2', env: ['B'], replicas: 2 }), options);
    expect(third.action).toBe('unchanged');
  });

  it('uses a JSON merge patch for custom resources', async () => {
    const namespace = await plane.createNamespace('csa-cr');
    const project = (description: string | undefined): KubernetesObject => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { namespace, name: 'team' },
      spec: { ...(description && { description }), sourceRepos: ['*'], destinations: [] },
    });
    await apply(project('old'), { serverSideApply: false });
    const result = await apply(project(undefined), { serverSideApply: false });
    expect(result.action).toBe('configured');
    expect(result.object['spec']).not.toHaveProperty('description');
  });
});

describe('replace and force', () => {
  it('replaces the whole object and keeps its uid (D24)', async () => {
    const namespace = await plane.createNamespace('replace');
    const { object } = await apply(configMap(namespace, { a: '1', b: '2' }));
    const target = { resource: RESOURCES.configMaps, namespace, name: 'settings', type: 'merge' as const };
    await client.patch(target, { data: { foreign: 'x' } }, { signal });
    const result = await apply(configMap(namespace, { a: '1' }), { replace: true });
    expect(result.action).toBe('replaced');
    expect(result.object['data']).toEqual({ a: '1' });
    expect(result.object.metadata.uid).toBe(object.metadata.uid);
  });

  it('deletes and recreates with Replace and Force (D25)', async () => {
    const namespace = await plane.createNamespace('recreate');
    const { object } = await apply(configMap(namespace, { a: '1' }));
    const result = await apply(configMap(namespace, { a: '2' }), { replace: true, force: true });
    expect(result.action).toBe('recreated');
    expect(result.object.metadata.uid).not.toBe(object.metadata.uid);
  });

  it('recreates an object with an immutable field only when forced', async () => {
    const namespace = await plane.createNamespace('immutable');
    const fixed = (value: string): KubernetesObject => ({ ...configMap(namespace, { a: value }), immutable: true });
    const { object } = await apply(fixed('1'));
    await expect(apply(fixed('2'))).rejects.toMatchObject({ code: 'InvalidSpec' });
    const forced = await apply(fixed('2'), { force: true });
    expect(forced.action).toBe('recreated');
    expect(forced.object.metadata.uid).not.toBe(object.metadata.uid);
  });
});

describe('prune', () => {
  it('deletes in the foreground: the owner stays until its dependents are gone (D23)', async () => {
    const namespace = await plane.createNamespace('prune');
    const { object } = await apply(configMap(namespace, { a: '1' }));
    const key = { namespace, name: 'settings' };
    const outcome = await deleteResource({
      ...{ client, resource: RESOURCES.configMaps, key, uid: object.metadata.uid, signal },
      propagation: 'foreground',
    });
    expect(outcome).toBe('deleted');
    await eventually(async () => expect(await client.get(RESOURCES.configMaps, key, signal)).toBeUndefined());
  });

  it('leaves a namesake alone that was created after the decision', async () => {
    const namespace = await plane.createNamespace('namesake');
    await apply(configMap(namespace, { a: '1' }));
    const target = { client, resource: RESOURCES.configMaps, key: { namespace, name: 'settings' }, signal };
    const uid = '00000000-0000-0000-0000-000000000000';
    expect(await deleteResource({ ...target, uid, propagation: 'background' })).toBe('replaced');
    const absent = { ...target, key: { namespace, name: 'absent' } };
    expect(await deleteResource({ ...absent, uid, propagation: 'background' })).toBe('absent');
  });
});

describe('createNamespace', () => {
  it('creates once, and keeps managed metadata without touching other labels (D30)', async () => {
    const name = await plane.createNamespace('managed');
    const live = await client.get(RESOURCES.namespaces, { namespace: '', name }, signal);
    expect(await createNamespace({ client, name, signal })).toEqual(live);
    const managed = await createNamespace({ client, name, labels: { team: 'a' }, signal });
    expect(managed.metadata.labels).toEqual({ ...live?.metadata.labels, team: 'a' });
    const created = await createNamespace({ client, name: `${name}-new`, signal });
    expect(created.metadata.uid).toBeDefined();
  });
});
