/** What a project inherits, and the clusters that belong to it, hold for applications written through the API (F07, F08, S19). */
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let admin: string;

const project = (name: string, spec: object, labels: Readonly<Record<string, string>> = {}): KubeObject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, namespace, labels }, spec },
});
const cluster = (name: string, owner: string): KubeObject => ({
  ...{
    apiVersion: 'v1',
    kind: 'Secret',
    stringData: { name, server: `https://${name}`, config: '{}', project: owner },
  },
  metadata: { name: `cluster-${name}`, namespace, labels: { 'argocd.argoproj.io/secret-type': 'cluster' } },
});

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('rules');
  const globalProjects = '- projectName: base\n  labelSelector:\n    matchLabels: {tier: prod}\n';
  const everywhere = { destinations: [{ server: '*', namespace: '*' }] };
  for (const object of [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data: { globalProjects } },
    project('base', {
      sourceRepos: ['https://git.example/shared'],
      destinations: [{ server: '*', namespace: '!kube-*' }],
    }),
    project('heir', everywhere, { tier: 'prod' }),
    project('free', everywhere),
    project('scoped', { ...everywhere, sourceRepos: ['*'], permitOnlyProjectScopedClusters: true }),
    ...[cluster('own', 'scoped'), cluster('shared', '')],
  ]) {
    await kube.create(object);
  }
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const request = { subject: 'admin:login', id: 'admin', expiresInSeconds: 0 };
  admin = (await server.deps.accounts.tokens.issueToken(request)).token;
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

async function create(name: string, spec: { project: string; cluster: string; namespace?: string }) {
  const source = { repoURL: 'https://git.example/shared', path: 'app', targetRevision: 'main' };
  const destination = { server: `https://${spec.cluster}`, namespace: spec.namespace ?? 'web' };
  const answer = await server.app.inject({
    ...{ method: 'POST', url: '/api/v1/applications' },
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    payload: JSON.stringify({ metadata: { name }, spec: { project: spec.project, source, destination } }),
  });
  return { status: answer.statusCode, message: answer.json<{ message?: string }>().message ?? '' };
}

it.each([
  ['a source that the project inherits is permitted (F08)', 'inherits', { project: 'heir', cluster: 'shared' }, ''],
  [
    'a source is not, without the label',
    'outsider',
    { project: 'free', cluster: 'shared' },
    'is not permitted in project',
  ],
  [
    'a destination that a global project denies is refused (F08)',
    'denied',
    { project: 'heir', cluster: 'shared', namespace: 'kube-system' },
    'do not match any of the allowed destinations',
  ],
  ['a cluster of the project is permitted (F07)', 'mine', { project: 'scoped', cluster: 'own' }, ''],
  [
    'another cluster is refused, with the reason (F07)',
    'foreign',
    { project: 'scoped', cluster: 'shared' },
    'permitOnlyProjectScopedClusters',
  ],
])('%s', async (...[, name, spec, message]) => {
  const answer = await create(name, spec);
  expect(answer).toEqual({ status: message === '' ? 200 : 400, message: expect.stringContaining(message) });
});

it('a cluster that changes hands is refused from then on', async () => {
  const path = `/api/v1/namespaces/${namespace}/secrets/cluster-own`;
  await kube.patch(path, { stringData: { project: 'heir' } });
  let attempt = 0;
  await eventually(async () => {
    attempt += 1;
    expect(await create(`late-${attempt}`, { project: 'scoped', cluster: 'own' })).toMatchObject({ status: 400 });
  });
});
