/** Deep links of applications, resources and projects on a real control plane and Redis (P18, S21). */
import { createAuthenticatedCache } from '@tiphys/cache';
import { resourceTreeCacheKey } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  type KubeObject,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const CANARY = 'canary-links';
const SERVER = 'https://kubernetes.default.svc';
const tlsDir = temporaryDirectory('tls');
const stops: (() => Promise<void>)[] = [];
let server: TestApp;
let namespace: string;
let nobody: string;

const LINKS = {
  'application.links': `
- { title: Logs, url: 'https://logs.example/{{.application.metadata.name}}?env={{.cluster.name}}&p={{.project.metadata.name}}', icon.class: fa-book, description: all of them }
- { title: Hidden, url: https://x, if: app.spec.project == "other" }
- { title: Broken, url: 'https://x/{{.resource.metadata.name}}' }
`,
  'resource.links': `
- { title: Shell, url: 'https://shell.example/{{.resource.metadata.namespace}}/{{.resource.metadata.name}}', if: resource.kind == "ConfigMap" }
- { title: Leak, url: 'https://x/{{.resource.data.key}}/{{index .resource.metadata.annotations "kubectl.kubernetes.io/last-applied-configuration"}}', if: resource.kind == "Secret" }
`,
  'project.links': `- { title: Audit, url: 'https://audit.example/{{.project.metadata.name}}' }`,
};

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  const kube = plane.client();
  namespace = await plane.createNamespace('links');
  const config = (name: string, data: Record<string, string>) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  await config('argocd-cm', { 'accounts.nobody': 'apiKey', ...LINKS });
  await config('settings', { a: 'b' });
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret', stringData: { key: CANARY } },
    metadata: {
      ...{ name: 'hidden', namespace },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': CANARY },
    },
  } as KubeObject);
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  stops.push(() => server.stop());
  const path = `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`;
  const initial = await kube.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(path);
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  const spec = {
    source: { repoURL: 'https://git.example/one', path: 'web' },
    destination: { server: SERVER, namespace },
  };
  expect((await server.call('POST', '/api/v1/applications', { metadata: { name: 'app' }, spec })).statusCode).toBe(200);
  nobody = (await server.call('POST', '/api/v1/account/nobody/token', {})).json().token;
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  const cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  stops.push(() => cache.close());
  const nodes = [
    ['ConfigMap', 'settings'],
    ['Secret', 'hidden'],
  ].map(([kind, name]) => ({ group: '', version: 'v1', kind, name, namespace, uid: 'u' }));
  await cache.setJson(resourceTreeCacheKey('app'), { nodes }, 600_000);
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  removeDirectory(tlsDir);
});

const resource = (kind: string, resourceName: string) =>
  `/api/v1/applications/app/resource/links?${new URLSearchParams({ kind, resourceName, namespace, version: 'v1', group: '' })}`;

describe('links', () => {
  it('of an application know it, its cluster and its project; one that fails is left out', async () => {
    expect((await server.call('GET', '/api/v1/applications/app/links')).json()).toEqual({
      items: [
        {
          ...{ title: 'Logs', url: 'https://logs.example/app?env=in-cluster&p=default' },
          ...{ description: 'all of them', iconClass: 'fa-book' },
        },
      ],
    });
  });

  it('of a resource know the live object', async () => {
    expect((await server.call('GET', resource('ConfigMap', 'settings'))).json()).toEqual({
      items: [{ title: 'Shell', url: `https://shell.example/${namespace}/settings` }],
    });
  });

  it('never show what is in a Secret (S21)', async () => {
    const answer = await server.call('GET', resource('Secret', 'hidden'));
    expect(answer.json().items).toMatchObject([{ title: 'Leak', url: expect.stringMatching(/^https:\/\/x\/\++\//) }]);
    for (const secret of [CANARY, Buffer.from(CANARY).toString('base64')]) expect(answer.body).not.toContain(secret);
  });

  it('of a project know it', async () => {
    expect((await server.call('GET', '/api/v1/projects/default/links')).json()).toEqual({
      items: [{ title: 'Audit', url: 'https://audit.example/default' }],
    });
    const missing = await server.call('GET', '/api/v1/projects/missing/links');
    expect([missing.statusCode, missing.json().code]).toEqual([404, 5]);
  });

  it('are for those who may read the object, and a missing one looks like a forbidden one (N21)', async () => {
    const get = (url: string, token: string) =>
      server.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
    for (const name of ['app', 'missing']) {
      const answer = await get(`/api/v1/applications/${name}/links`, nobody);
      expect([answer.statusCode, answer.json().message]).toEqual([403, 'permission denied']);
    }
    expect((await server.call('GET', '/api/v1/applications/missing/links')).statusCode).toBe(403);
    expect((await get(resource('ConfigMap', 'settings'), nobody)).statusCode).toBe(403);
    expect((await get('/api/v1/projects/default/links', nobody)).statusCode).toBe(403);
    const foreign = await server.call('GET', resource('ConfigMap', 'argocd-cm'));
    expect([foreign.statusCode, foreign.json().message]).toEqual([
      400,
      expect.stringMatching(/not found as part of application app/),
    ]);
  });

  it('follow the settings', async () => {
    const plane = await sharedControlPlane();
    const metadata = `/api/v1/namespaces/${namespace}/configmaps/argocd-cm`;
    await plane.client().patch(metadata, { data: { 'project.links': '- {title: New, url: https://new.example}' } });
    await eventually(async () => {
      const { items } = (await server.call('GET', '/api/v1/projects/default/links')).json();
      expect(items).toEqual([{ title: 'New', url: 'https://new.example' }]);
    });
  });
});
