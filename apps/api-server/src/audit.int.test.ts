/** The audit log and the Events of user actions (F35) on a real control plane: every changing operation leaves its line. */
import * as contract from '@tiphys/api-contract';
import { type RouteContract, routePath } from '@tiphys/api-contract';
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
import { verifyChain } from './audit/chain.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

interface AuditLine {
  readonly request: string;
  readonly operation: string;
  readonly object: string;
  readonly permission?: { readonly resource: string; readonly action: string };
  readonly user: {
    readonly subject: string;
    readonly claimed?: string;
    readonly token?: string;
    readonly issuer?: string;
  };
  readonly sourceIp: string;
  readonly result: { readonly status: number; readonly reason?: string };
  readonly issued?: { readonly id: string; readonly subject: string };
  readonly security: number;
  readonly changes?: readonly {
    readonly verb: string;
    readonly kind: string;
    readonly name: string;
    readonly fields: readonly { readonly path: string }[];
  }[];
}

const tlsDir = temporaryDirectory('tls');
const CANARY = 'canary-7f3a9c';
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let password: string;

const configMap = (name: string, data: Record<string, string>) =>
  kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('audit');
  await configMap('argocd-cm', {
    'accounts.bob': 'login, apiKey',
    'resource.includeEventLabelKeys': 'team, env*',
    'resource.excludeEventLabelKeys': 'env-secret',
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const secret = await kube.get<KubeObject & { data: { password: string } }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  password = Buffer.from(secret.data.password, 'base64').toString();
  await server.logIn(password);
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

const lines = (): readonly AuditLine[] => server.auditLines().map((line) => JSON.parse(line) as AuditLine);

/** The line of a request, as soon as it is written. */
async function lineOf(requestId: unknown): Promise<AuditLine> {
  return eventually(() => {
    const line = lines().find(({ request }) => request === requestId);
    if (line === undefined) throw new Error(`no line of request ${String(requestId)}`);
    return line;
  });
}

async function audited(...call: Parameters<TestApp['call']>) {
  const answer = await server.call(...call);
  return { answer, line: await lineOf(answer.headers['x-request-id']) };
}

function isRoute(value: unknown): value is RouteContract {
  return typeof value === 'object' && value !== null && 'operationId' in value && 'method' in value;
}
const ROUTES = Object.values(contract as Readonly<Record<string, unknown>>)
  .flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []))
  .filter(isRoute);
const CHANGING = ROUTES.filter(({ method }) => method !== 'GET');

/** Values for the parameters of a path; nothing of that name exists. */
function urlOf(route: RouteContract): string {
  const names = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  return routePath(route, Object.fromEntries(names.map((name) => [name, 'nothing'])));
}

const application = (name: string, spec: object = {}) => ({
  metadata: { name, labels: { team: 'web', other: 'x', 'env-a': '1', 'env-secret': '2' } },
  spec: {
    project: 'default',
    source: {
      repoURL: `https://me:${CANARY}@git.example.com/a`,
      path: '.',
      targetRevision: 'v1',
      helm: { values: `password: ${CANARY}` },
    },
    destination: { server: 'https://kubernetes.default.svc', namespace: 'web' },
    ...spec,
  },
});

describe('every changing operation of the contract (F35)', () => {
  it('has more than 40 of them', () => expect(CHANGING.length).toBeGreaterThan(40));

  it.each(CHANGING.map((route) => [route.operationId, route] as const))(
    '%s leaves a line',
    async (operation, route) => {
      if (route === contract.sessionRoutes.delete) return;
      const { line } = await audited(route.method, urlOf(route), {});
      expect(line).toMatchObject({ operation, sourceIp: '127.0.0.1', user: { subject: 'admin', issuer: 'argocd' } });
      if (typeof route.access === 'object') expect(line.permission).toMatchObject({ resource: route.access.resource });
      if (route.path.includes('{')) expect(line.object).toContain('nothing');
    },
  );

  it('a read leaves none', async () => {
    const { headers } = await server.call('GET', '/api/v1/applications');
    const { line } = await audited('POST', '/api/v1/session', {});
    expect(line.operation).toBe(contract.sessionRoutes.create.operationId);
    expect(lines().some(({ request }) => request === headers['x-request-id'])).toBe(false);
  });
});

describe('what a line says', () => {
  it('of a login: whose, from where, and the id of the new session, never the password', async () => {
    const payload = { username: 'admin', password };
    const { headers } = await server.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      payload,
      remoteAddress: '192.0.2.7',
    });
    const line = await lineOf(headers['x-request-id']);
    expect(line).toMatchObject({
      user: { subject: '', claimed: 'admin' },
      sourceIp: '192.0.2.7',
      result: { status: 200 },
      issued: { subject: 'admin:login', id: expect.any(String) as string },
      security: 1,
    });
  });

  it('of a failed login, and of a refused session', async () => {
    const payload = { username: 'nobody', password: CANARY };
    const failed = await server.app.inject({ method: 'POST', url: '/api/v1/session', payload });
    expect(await lineOf(failed.headers['x-request-id'])).toMatchObject({
      ...{ user: { claimed: 'nobody' }, result: { status: 401, reason: 'Invalid username or password' }, security: 3 },
    });
    const authorization = 'Bearer invalid.token.text';
    const refused = await server.app.inject({ url: '/api/v1/applications', headers: { authorization } });
    expect(await lineOf(refused.headers['x-request-id'])).toMatchObject({ result: { status: 401 }, security: 3 });
  });

  it('of a token, of what it was refused, and of its logout', async () => {
    const { answer, line } = await audited('POST', '/api/v1/account/bob/token', { id: 'laptop' });
    expect(line).toMatchObject({
      issued: { subject: 'bob:apiKey', id: 'laptop' },
      changes: [{ verb: 'update', kind: 'Secret', name: 'argocd-secret' }],
    });
    expect(line.changes?.[0]?.fields).toEqual([{ path: 'data[accounts.bob.tokens]', after: '***' }]);
    const headers = {
      authorization: `Bearer ${answer.json<{ token: string }>().token}`,
      'content-type': 'application/json',
    };
    const denied = await server.app.inject({ method: 'DELETE', url: '/api/v1/projects/default', headers });
    expect(await lineOf(denied.headers['x-request-id'])).toMatchObject({
      user: { subject: 'bob', token: 'laptop' },
      permission: { resource: 'projects', action: 'delete' },
      object: 'default',
      result: { status: 403, reason: expect.stringContaining('permission denied') as string },
      security: 3,
    });
    const left = await server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers });
    expect(await lineOf(left.headers['x-request-id'])).toMatchObject({
      user: { token: 'laptop' },
      result: { status: 200 },
    });
  });

  it('of an application: the fields that changed, without what may be secret (S21)', async () => {
    const { line: created } = await audited('POST', '/api/v1/applications?validate=false', application('web'));
    expect(created).toMatchObject({
      object: 'web',
      changes: [{ verb: 'create', kind: 'Application', name: 'web' }],
      security: 2,
    });
    const source = { repoURL: 'https://git.example.com/a', path: '.', targetRevision: 'v2' };
    const { line } = await audited('PUT', '/api/v1/applications/web?validate=false', application('web', { source }));
    expect(line.changes?.[0]?.fields).toEqual(
      expect.arrayContaining([{ path: 'spec.source.targetRevision', before: 'v1', after: 'v2' }]),
    );
    const { line: same } = await audited(
      'PUT',
      '/api/v1/applications/web?validate=false',
      application('web', { source }),
    );
    expect(same.changes).toBeUndefined();
    const { line: deleted } = await audited('DELETE', '/api/v1/applications/web?cascade=false');
    expect(deleted.changes?.at(-1)).toMatchObject({ verb: 'delete', kind: 'Application', name: 'web' });
  });

  it('of credentials: that they changed (S21)', async () => {
    const body = { url: 'https://git.example.com/', username: 'me', password: CANARY };
    const { line } = await audited('POST', '/api/v1/repocreds', body);
    expect(line).toMatchObject({ object: body.url, changes: [{ verb: 'create', kind: 'Secret' }] });
    expect(line.changes?.[0]?.fields.map(({ path }) => path)).toContain('data.password');
  });

  it('no line holds a secret, and all of them are one chain (S21, S23)', async () => {
    const text = server.auditLines().join('\n');
    for (const secret of [CANARY, Buffer.from(CANARY).toString('base64'), password, server.token]) {
      expect(text).not.toContain(secret);
    }
    expect(await verifyChain(server.auditLines())).toMatchObject({ ok: true, chains: [{ first: 1 }] });
  });
});

describe('the id of a request', () => {
  const inject = (headers: Record<string, string>, url = '/api/version') => server.app.inject({ url, headers });

  it('is ours unless the proxy is trusted, and is in errors too', async () => {
    const answer = await inject({ 'x-request-id': 'from-client' });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    for (const url of ['/api/v1/applications', '/nowhere', '/swagger-ui/static/index.html']) {
      expect((await inject({}, url)).headers['x-request-id'], url).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('Events of user actions (F35)', () => {
  interface Event extends KubeObject {
    readonly message: string;
    readonly reason: string;
    readonly involvedObject: { readonly kind: string };
  }
  const events = async () => (await kube.list(`/api/v1/namespaces/${namespace}/events`)) as unknown as readonly Event[];

  it('have the reason, message, annotations and labels of Argo CD', async () => {
    await server.call('POST', '/api/v1/applications?validate=false', application('seen'));
    const created = await eventually(async () => {
      const found = (await events()).find(({ message }) => message === 'admin created application');
      if (found === undefined) throw new Error('no Event yet');
      return found;
    });
    expect(created).toMatchObject({
      ...{ type: 'Normal', reason: 'ResourceCreated', source: { component: 'argocd-server' }, count: 1 },
      involvedObject: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        namespace,
        uid: expect.any(String) as string,
      },
      metadata: {
        annotations: { 'dest-server': 'https://kubernetes.default.svc', 'dest-namespace': 'web', user: 'admin' },
        labels: { team: 'web', 'env-a': '1' },
      },
    });
  });

  it('are written for projects and ApplicationSets, not for accounts, repositories and clusters, as Argo CD does', async () => {
    const project = { metadata: { name: 'team' }, spec: {} };
    await server.call('POST', '/api/v1/projects', { project });
    await server.call('PUT', '/api/v1/projects/team', { project: { ...project, spec: { description: 'x' } } });
    await server.call('DELETE', '/api/v1/projects/team');
    const expected = ['admin created project', 'admin updated project', 'admin deleted project'];
    const found = await eventually(async () => {
      const messages = (await events()).map(({ message }) => message);
      expect(messages).toEqual(expect.arrayContaining(expected));
      return events();
    });
    expect(new Set(found.map(({ involvedObject }) => involvedObject.kind))).toEqual(
      new Set(['Application', 'AppProject']),
    );
  });
});
