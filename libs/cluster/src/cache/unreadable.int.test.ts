import type { KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { eventually, type SharedControlPlane, sharedControlPlane, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient } from '../client/kube-client.js';
import { loadClusterConnection } from '../connection/load-connection.js';
import type { ApiResource, ClusterConnection, KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { createClusterCache } from './cluster-cache.js';
import { isExcludedByDefault } from './exclusions.js';

const silent = (): void => undefined;
const silentLog: Logger = { debug: silent, info: silent, warn: silent, error: silent, child: () => silentLog };
const signal = AbortSignal.timeout(300_000);
const RBAC = 'rbac.authorization.k8s.io';

let plane: SharedControlPlane;
let connection: ClusterConnection;
let admin: KubeClient;

beforeAll(async () => {
  plane = await sharedControlPlane();
  connection = await loadClusterConnection({ kubeconfig: plane.kubeconfigPath });
  admin = createKubeClient(connection);
});
afterAll(() => admin.close());

function clusterScoped(kind: string, resource: string): ApiResource {
  return { group: RBAC, version: 'v1', kind, resource, namespaced: false, verbs: [] };
}

/** A user who may read ConfigMaps and nothing else. */
async function createUser(): Promise<{ readonly user: string; readonly roleName: string }> {
  const user = uniqueName('reader');
  const role = { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: user } };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }];
  await admin.create(clusterScoped('ClusterRole', 'clusterroles'), { ...role, rules }, { signal });
  const binding: KubernetesObject = {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: user },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: user }],
  };
  await admin.create(clusterScoped('ClusterRoleBinding', 'clusterrolebindings'), binding, { signal });
  return { user, roleName: user };
}

describe('kinds that cannot be read', () => {
  it('degrade only themselves: they are named with the reason, the others are served (C17, R16)', async () => {
    const namespace = await plane.createNamespace('rbac');
    const metadata = { namespace, name: 'readable', annotations: { app: 'mine' } };
    await admin.create(RESOURCES.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata }, { signal });
    const { user } = await createUser();
    const client = createKubeClient({ ...connection, impersonateUser: user });
    const cache = createClusterCache<undefined>({
      client,
      connection: {},
      hooks: {
        summarize: () => undefined,
        trackedBy: (object) => object.metadata.annotations?.['app'],
        onChange: silent,
        excluded: isExcludedByDefault,
      },
      log: silentLog,
    });
    // RBAC caches of the API server need a moment to see the new role.
    await eventually(() => client.list(RESOURCES.configMaps, { namespace, signal }));
    await cache.start(signal);

    const unreadable = cache.unreadable();
    expect(unreadable.get('/Secret')).toContain('is forbidden');
    expect(unreadable.get('/ConfigMap')).toBeUndefined();
    const secret = { group: '', kind: 'Secret', namespace, name: 'hidden' };
    const state = await cache.managedLiveState('mine', [secret], signal);
    expect([...state.keys()]).toEqual([`/ConfigMap/${namespace}/readable`]);
    await cache.stop();
    await client.close();
  });
});

describe('large kinds', () => {
  it('are listed page by page, completely (L10)', async () => {
    const namespace = await plane.createNamespace('pages');
    const names = Array.from({ length: 7 }, (_, index) => `item-${index}`);
    for (const name of names) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } };
      await admin.create(RESOURCES.configMaps, object, { signal });
    }
    const paths: string[] = [];
    const client = createKubeClient(connection, { onRequest: ({ path }) => paths.push(path) });
    const cache = createClusterCache<undefined>({
      client,
      connection: { namespaces: [namespace] },
      hooks: { summarize: () => undefined, trackedBy: () => undefined, onChange: silent, excluded: () => false },
      log: silentLog,
      pageSize: 3,
    });
    await cache.start(signal);
    const found = cache.resourcesIn(namespace).filter(({ key }) => key.kind === 'ConfigMap');
    expect(found.map(({ key }) => key.name)).toEqual(expect.arrayContaining(names));
    expect(paths.filter((path) => path.includes('/configmaps') && path.includes('continue=')).length).toBeGreaterThan(
      1,
    );
    await cache.stop();
    await client.close();
  });
});
