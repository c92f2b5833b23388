/** The application routes on a real control plane and Redis: what users write is what the API server holds. */
import { ANNOTATIONS, FINALIZERS } from '@tiphys/model';
import { eventually, type KubeClient, type KubeObject, sharedControlPlane, sharedRedis } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

let server: TestApp;
let kube: KubeClient;
let namespace: string;

const path = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
const live = (name: string) => kube.get<KubeObject & Record<string, any>>(path(name));

function application(name: string, spec: object = {}) {
  return {
    metadata: { name, labels: { team: 'blue' } },
    spec: {
      source: { repoURL: 'https://git.example.com/org/repo.git', path: 'guestbook', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'guestbook' },
      ...spec,
    },
  };
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  kube = plane.client();
  namespace = await plane.createNamespace('api');
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace });
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(secret.data['password']!, 'base64').toString());
});

afterAll(async () => {
  await server?.stop();
});

describe('create, read, list', () => {
  it('creates an application that kubectl sees, and lists it without apiVersion, kind and managedFields', async () => {
    const created = await server.call('POST', '/api/v1/applications', application('first'));
    expect(created.statusCode).toBe(200);
    expect(created.json()).toMatchObject({ metadata: { name: 'first', namespace }, spec: { project: 'default' } });
    expect((await live('first'))['spec'].source.path).toBe('guestbook');
    const list = (await server.call('GET', '/api/v1/applications')).json();
    expect(Object.keys(list)).toEqual(['metadata', 'items']);
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
    const item = list.items.find((entry: any) => entry.metadata.name === 'first');
    expect(Object.keys(item)).toEqual(['metadata', 'spec']);
    expect(item.metadata).not.toHaveProperty('managedFields');
  });
});
