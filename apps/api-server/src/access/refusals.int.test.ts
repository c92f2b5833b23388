/** Access that changes while it is used: applications that move, streams that are open; and what the log says of refusals. */

import { createLogger } from '@tiphys/runtime';
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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const lines: Readonly<Record<string, unknown>>[] = [];
let server: TestApp;
let kube: KubeClient;
let namespace: string;

const SERVER = 'https://kubernetes.default.svc';
const POLICY = [
  'p, mover, applications, *, from/*, allow',
  'p, mover, applications, *, to/*, allow',
  'p, leaver, applications, *, from/*, allow',
  'p, taker, applications, *, to/*, allow',
  'p, taker, applications, get, from/*, allow',
  'p, watcher, applications, get, from/*, allow',
];
const USERS = ['mover', 'leaver', 'taker', 'watcher', 'nobody'];

const specIn = (project: string) => ({
  project,
  source: { repoURL: 'https://git.example/one', path: 'app', targetRevision: 'main' },
  destination: { server: SERVER, namespace: 'web' },
});
const application = (name: string): KubeObject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name, namespace }, spec: specIn('from') },
});

async function tokenOf(user: string): Promise<string> {
  const request = { subject: `${user}:login`, id: user, expiresInSeconds: 0 };
  return (await server.deps.accounts.tokens.issueToken(request)).token;
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('refusals');
  const accounts = Object.fromEntries(USERS.map((name) => [`accounts.${name}`, 'login']));
  const configMap = (name: string, data: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data,
  });
  const spec = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
  for (const object of [
    configMap('argocd-cm', accounts),
    configMap('argocd-rbac-cm', { 'policy.csv': POLICY.join('\n') }),
    ...['from', 'to'].map((name) => ({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, namespace }, spec },
    })),
    ...['one', 'two', 'three', 'watched'].map(application),
  ]) {
    await kube.create(object);
  }
  const write = (line: string) => void lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
  server = await startTestApp({
    ...{ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir },
    log: createLogger({ name: 'test', level: 'info', format: 'json', write }),
    overrides: (deps) => ({ ...deps, installation: { ...deps.installation, sessionRecheckMs: 100 } }),
  });
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('an application that moves to another project (S19)', () => {
  const METHODS = {
    PUT: (name: string) => ({ url: '', body: { metadata: { name }, spec: specIn('to') } }),
    'PUT spec': () => ({ url: '/spec', body: specIn('to') }),
    PATCH: () => ({ url: '', body: { patch: '{"spec":{"project":"to"}}', patchType: 'merge' } }),
  };
  const move = async (user: string, how: keyof typeof METHODS, name: string) => {
    const { url, body } = METHODS[how](name);
    const answer = await server.app.inject({
      ...{ method: how === 'PATCH' ? 'PATCH' : 'PUT', url: `/api/v1/applications/${name}${url}` },
      headers: { authorization: `Bearer ${await tokenOf(user)}`, 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    });
    return answer.statusCode;
  };
  const projectOf = async (name: string) => {
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
    return (await kube.get<KubeObject & { spec: { project: string } }>(path)).spec.project;
  };

  it.each([
    ['PUT', 'one'],
    ['PUT spec', 'two'],
    ['PATCH', 'three'],
  ] as const)('by %s needs the right to update in both', async (how, name) => {
    expect([await move('leaver', how, name), await move('taker', how, name)]).toEqual([403, 403]);
    expect(await projectOf(name)).toBe('from');
    expect(await move('mover', how, name)).toBe(200);
    expect(await projectOf(name)).toBe('to');
  });
});

it('a stream ends when the policy no longer permits it, and a list of streams shows nothing more (S17)', async () => {
  const headers = { authorization: `Bearer ${await tokenOf('watcher')}` };
  const open = (url: string) => server.app.inject({ method: 'GET', url, headers, payloadAsStream: true });
  const answer = await open('/api/v1/stream/applications/watched/resource-tree');
  expect(answer.statusCode).toBe(200);
  let ended = false;
  answer
    .stream()
    .on('end', () => void (ended = true))
    .resume();
  const path = `/api/v1/namespaces/${namespace}/configmaps/argocd-rbac-cm`;
  const rest = POLICY.filter((line) => !line.includes('watcher'));
  await kube.patch(path, { data: { 'policy.csv': rest.join('\n') } });
  await eventually(() => expect(ended).toBe(true));
  const again = await open('/api/v1/stream/applications/watched/resource-tree');
  expect(again.statusCode).toBe(403);
});

describe('the log (S27)', () => {
  const refused = (status: number) =>
    lines.filter((line) => line['message'] === 'request refused' && line['status'] === status).at(-1);

  it('says who was refused what, from where', async () => {
    const headers = { authorization: `Bearer ${await tokenOf('nobody')}` };
    await server.app.inject({ method: 'GET', url: '/api/v1/projects/from', headers, remoteAddress: '192.0.2.7' });
    expect(refused(403)).toMatchObject({
      ...{ user: 'nobody', sourceIp: '192.0.2.7', security: 3, route: '/api/v1/projects/:name', method: 'GET' },
      reason: 'permission denied: projects, get, from, sub: nobody',
    });
  });

  it('says from where a token came that is none, and never the token', async () => {
    const headers = { authorization: 'Bearer forged.token.here' };
    await server.app.inject({ method: 'GET', url: '/api/v1/projects', headers, remoteAddress: '192.0.2.8' });
    expect(refused(401)).toMatchObject({ sourceIp: '192.0.2.8', security: 3, route: '/api/v1/projects' });
    expect(JSON.stringify(lines)).not.toContain('forged.token');
  });

  it('says whose password was wrong, from where', async () => {
    const payload = { username: 'nobody', password: 'wrong-password' };
    await server.app.inject({ method: 'POST', url: '/api/v1/session', payload, remoteAddress: '192.0.2.9' });
    const line = lines.find(({ message }) => message === 'login failed');
    expect(line).toMatchObject({ username: 'nobody', sourceIp: '192.0.2.9', security: 3 });
    expect(JSON.stringify(lines)).not.toContain('wrong-password');
  });
});
