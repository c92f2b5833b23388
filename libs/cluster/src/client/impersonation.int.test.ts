import { type SharedControlPlane, sharedControlPlane } from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadClusterConnection } from '../connection/load-connection.js';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';
import { createKubeClient } from './kube-client.js';

const signal = AbortSignal.timeout(120_000);
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

let plane: SharedControlPlane;
let admin: KubeClient;

beforeAll(async () => {
  plane = await sharedControlPlane();
  admin = createKubeClient(await loadClusterConnection({ kubeconfig: plane.kubeconfigPath }));
});
afterAll(() => admin.close());

async function whoIs(client: KubeClient): Promise<string | undefined> {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const answer = await client.request('POST', path, { body: REVIEW, signal });
  return (answer as { status?: { userInfo?: { username?: string } } }).status?.userInfo?.username;
}

it('a client for another user is taken for that user, and the first one for itself still (D46)', async () => {
  const user = 'system:serviceaccount:tenants:deployer';
  const own = await whoIs(admin);
  const tenant = admin.as(user);
  expect(await whoIs(tenant)).toBe(user);
  expect(await whoIs(admin)).toBe(own);
});

it('what that user may not do is refused, and closing it does not close the first one (S19)', async () => {
  const namespace = await plane.createNamespace('impersonation');
  const tenant = admin.as(`system:serviceaccount:${namespace}:deployer`);
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'a' } };
  await expect(tenant.create(RESOURCES.configMaps, object, { signal })).rejects.toMatchObject({
    code: 'PermissionDenied',
  });
  await tenant.close();
  await admin.create(RESOURCES.configMaps, object, { signal });
  expect(await admin.get(RESOURCES.configMaps, { namespace, name: 'a' }, signal)).toBeDefined();
});
