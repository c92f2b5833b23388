/** Login, sessions and what every request must fulfil, on a real control plane and Redis. */
import { allRoutes, openApiDocument } from '@tiphys/api-contract';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  type SharedRedis,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlPattern } from './http/bind.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let redis: SharedRedis;
let namespace: string;
let kubeconfigPath: string;
let password: string;

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString();
const secret = (name: string) => kube.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
const logIn = (body: object, headers: Record<string, string> = {}) =>
  server.app.inject({ method: 'POST', url: '/api/v1/session', payload: body, headers });
const whoAmI = (headers: Record<string, string>) => server.app.inject({ url: '/api/v1/session/userinfo', headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function signed(claims: Record<string, unknown>, key?: string): Promise<string> {
  const bytes = new TextEncoder().encode(key ?? decode((await secret('argocd-secret')).data['server.secretkey']));
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(bytes);
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kubeconfigPath = plane.kubeconfigPath;
  kube = plane.client();
  namespace = await plane.createNamespace('session');
  const data = {
    'accounts.ci': 'apiKey',
    'accounts.bob': 'login',
    'accounts.off': 'login',
    'accounts.off.enabled': 'false',
  };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data });
  server = await startTestApp({ kubeconfigPath, redis, namespace, tlsDir });
  password = decode((await secret('argocd-initial-admin-secret')).data['password']);
  await server.logIn(password);
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('first start (F20)', () => {
  it('generates the password and the signing key where Argo CD keeps them; a second start changes nothing', async () => {
    const before = await secret('argocd-secret');
    expect(decode(before.data['admin.password'])).toMatch(/^\$2[aby]\$10\$/);
    expect(decode(before.data['admin.passwordMtime'])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(decode(before.data['server.secretkey']).length).toBeGreaterThanOrEqual(32);
    expect(before.metadata.labels).toMatchObject({ 'app.kubernetes.io/part-of': 'argocd' });
    expect(password).toMatch(/^[\w-]{16}$/);
    const again = await startTestApp({ kubeconfigPath, redis, namespace, tlsDir });
    await again.logIn(password);
    await again.stop();
    expect((await secret('argocd-secret')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('creates the project default with the rules of Argo CD', async () => {
    const project = (await server.call('GET', '/api/v1/projects/default')).json();
    expect(project.spec).toEqual({
      ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    });
    expect((await server.call('GET', '/api/v1/projects/missing')).statusCode).toBe(404);
  });
});

describe('login and logout (N13, F21)', () => {
  it('answers a token in the form of Argo CD and sets the cookie', async () => {
    const answer = await logIn({ username: 'admin', password });
    expect(answer.statusCode).toBe(200);
    const claims = decodeJwt(answer.json<{ token: string }>().token);
    expect(claims).toMatchObject({ iss: 'argocd', sub: 'admin:login', jti: expect.any(String) });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(86_400);
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({ name: 'argocd.token', path: '/', httpOnly: true, sameSite: 'Lax' });
    const user = await whoAmI({ cookie: `argocd.token=${cookie?.value}` });
    expect(user.json()).toEqual({ loggedIn: true, username: 'admin', iss: 'argocd', groups: [] });
    expect((await whoAmI({})).json()).toEqual({ loggedIn: false });
  });

  it('logout ends the token everywhere, also at another replica', async () => {
    const { token } = (await logIn({ username: 'admin', password })).json<{ token: string }>();
    const headers = { ...bearer(token), 'content-type': 'application/json' };
    const list = () => server.app.inject({ url: '/api/v1/applications', headers: bearer(token) });
    expect((await list()).statusCode).toBe(200);
    expect((await server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers })).json()).toEqual({});
    expect((await list()).statusCode).toBe(401);
    expect(await server.deps.applicationState.cache.get(`session:revoked:${decodeJwt(token).jti}`)).toBeDefined();
  });

  it('a wrong password, an unknown and a disabled account get the same answer (S18)', async () => {
    const answers = await Promise.all([
      logIn({ username: 'admin', password: 'wrong' }),
      logIn({ username: 'nobody', password: 'wrong' }),
      logIn({ username: 'off', password: 'wrong' }),
    ]);
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401);
      const text = 'Invalid username or password';
      expect(answer.json()).toEqual({ error: text, code: 16, message: text });
      expect(answer.cookies).toEqual([]);
    }
    await logIn({ username: 'admin', password });
  });

  it('after five failures the name must wait, even with the right password, and other names need not (F22)', async () => {
    const attempts = await Promise.all(Array.from({ length: 8 }, () => logIn({ username: 'bob', password: 'wrong' })));
    const statuses = attempts.map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    const blocked = attempts.find(({ statusCode }) => statusCode === 429);
    expect(blocked?.json()).toMatchObject({ code: 8, message: expect.stringMatching(/try again in \d+ s/) });
    expect(Number(blocked?.headers['retry-after'])).toBeGreaterThan(290);
    expect((await logIn({ username: 'admin', password })).statusCode).toBe(200);
  });
});

describe('tokens that must not be accepted (S15)', () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const good = () => ({ iss: 'argocd', sub: 'admin:login', iat: seconds(), exp: seconds() + 600, jti: 'x' });
  it.each<[string, () => Promise<string>]>([
    ['signed with another key', () => signed(good(), 'another key that is long enough for HS256')],
    ['expired', () => signed({ ...good(), exp: seconds() - 1 })],
    ['of another issuer', () => signed({ ...good(), iss: 'somebody' })],
    ['issued before the password was changed', () => signed({ ...good(), iat: 1_000 })],
    ['of an unknown account', () => signed({ ...good(), sub: 'ghost:login' })],
    ['of a disabled account', () => signed({ ...good(), sub: 'off:login' })],
    ['of an account without the capability', () => signed({ ...good(), sub: 'ci:login' })],
    ['of an API key that was deleted', () => signed({ ...good(), sub: 'ci:apiKey' })],
    ['not yet valid', () => signed({ ...good(), nbf: seconds() + 500 })],
    [
      'without a signature',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(good())).toString('base64url')}.`,
    ],
    ['that are no token', async () => 'x'.repeat(20_000)],
  ])('%s', async (_, make) => {
    const answer = await server.app.inject({ url: '/api/v1/applications', headers: bearer(await make()) });
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe(16);
  });

  it('while the same claims, rightly signed, are accepted', async () => {
    const answer = await server.app.inject({ url: '/api/v1/applications', headers: bearer(await signed(good())) });
    expect(answer.statusCode).toBe(200);
  });

  it('an account without a role may do nothing, and learns nothing (S19)', async () => {
    const headers = bearer(await signed({ ...good(), sub: 'bob:login' }));
    expect((await server.app.inject({ url: '/api/v1/applications', headers })).json().items).toEqual([]);
    expect((await server.app.inject({ url: '/api/v1/applications/x', headers })).json().message).toBe(
      'permission denied',
    );
    expect((await server.app.inject({ url: '/api/v1/applications/x?project=default', headers })).statusCode).toBe(403);
  });
});

describe('access policy (F10-F18)', () => {
  it('an account may do what argocd-rbac-cm and the roles of a project give it, and nothing else', async () => {
    const policy = 'p, role:reader, applications, get, default/*, allow\ng, ci, role:reader';
    const configMap = {
      kind: 'ConfigMap',
      metadata: { name: 'argocd-rbac-cm', namespace },
      data: { 'policy.csv': policy },
    };
    const destination = { server: 'https://kubernetes.default.svc', namespace };
    const source = { repoURL: 'https://git.example.com/org/repo', path: '.' };
    const application = { metadata: { name: 'shown' }, spec: { source, destination } };
    expect((await server.call('POST', '/api/v1/applications', application)).statusCode).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    const token = await signed({ iss: 'argocd', sub: 'bob:login', iat: now, exp: now + 600 });
    const headers = { ...bearer(token), 'content-type': 'application/json' };
    const names = async () => {
      const list = (await server.app.inject({ url: '/api/v1/applications', headers })).json();
      return list.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    };
    expect(await names()).toEqual([]);
    await kube.create({ apiVersion: 'v1', ...configMap, data: { 'policy.csv': policy.replace('g, ci', 'g, bob') } });
    await eventually(async () => expect(await names()).toEqual(['shown']));
    const sync = { method: 'POST', url: '/api/v1/applications/shown/sync', headers, payload: {} } as const;
    expect((await server.app.inject(sync)).json()).toMatchObject({
      ...{ code: 7, message: 'permission denied: applications, sync, default/shown, sub: bob' },
    });
  });
});

describe('what every request must fulfil', () => {
  it('without a session every closed route answers 401', async () => {
    for (const url of [
      '/api/v1/applications',
      '/api/v1/applications/x',
      '/api/v1/projects',
      '/api/v1/stream/applications',
    ]) {
      const answer = await server.app.inject({ url });
      expect([url, answer.statusCode, answer.json().code]).toEqual([url, 401, 16]);
    }
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined])(
    'a changing request with content type %s is refused (N21, S25)',
    async (type) => {
      const headers = { ...bearer(server.token), ...(type === undefined ? {} : { 'content-type': type }) };
      const answer = await server.app.inject({ method: 'DELETE', url: '/api/v1/applications/x', headers });
      expect(answer.statusCode).toBe(415);
      expect(answer.json().message).toMatch(/content-type: application\/json/);
    },
  );

  it('a cookie is not accepted from a page of another site (S25)', async () => {
    const request = (origin: string) =>
      server.app.inject({
        ...{ method: 'POST', url: '/api/v1/applications/x/sync', payload: {} },
        headers: { cookie: `argocd.token=${server.token}`, host: 'tiphys.example.com', origin },
      });
    expect((await request('https://evil.example.com')).json().message).toMatch(/origin https:\/\/evil/);
    expect((await request('https://tiphys.example.com')).json().message).toBe('permission denied');
  });

  it.each([
    ['malformed JSON', '{"a":', 400],
    ['a prototype', '{"__proto__":{"admin":true},"metadata":{"name":"x"},"spec":{}}', 400],
    ['a body of 17 MB', `{"x":"${'x'.repeat(17 * 1024 * 1024)}"}`, 413],
    ['no body', '', 400],
  ])('%s is refused in the shape of grpc-gateway', async (_, payload, status) => {
    const headers = { ...bearer(server.token), 'content-type': 'application/json' };
    const answer = await server.app.inject({ method: 'POST', url: '/api/v1/applications', headers, payload });
    expect(answer.statusCode).toBe(status);
    expect(Object.keys(answer.json())).toEqual(['error', 'code', 'message']);
  });

  it('paths that do not exist yet say so', async () => {
    const answer = await server.call('GET', '/api/v1/nothing');
    expect(answer.statusCode).toBe(404);
    expect(answer.json().message).toMatch(/there is no GET \/api\/v1\/nothing .*openapi.json/);
  });

  it('answers carry the headers that browsers need', async () => {
    const { headers } = await server.app.inject('/api/version');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('sameorigin');
    expect(headers['content-security-policy']).toMatch(/default-src 'self'/);
  });
});

describe('logins from one address', () => {
  it('are limited before any password is looked at, and others are not (S18)', async () => {
    const attempt = (remoteAddress: string) =>
      server.app.inject({ method: 'POST', url: '/api/v1/session', payload: {}, remoteAddress });
    const statuses: number[] = [];
    for (let count = 0; count <= 120; count += 1) statuses.push((await attempt('192.0.2.1')).statusCode);
    expect([new Set(statuses.slice(0, 120)), statuses.at(-1)]).toEqual([new Set([401]), 429]);
    expect((await attempt('192.0.2.2')).statusCode).toBe(401);
  });
});

describe('what needs no session', () => {
  it('the version, and with a session all of its fields in the form of Argo CD (N16)', async () => {
    const Version = expect.stringMatching(/^v\d/) as string;
    expect((await server.app.inject('/api/version')).json()).toEqual({ Version });
    expect((await server.app.inject({ url: '/api/version', headers: bearer('nobody') })).json()).toEqual({ Version });
    const tools = { KustomizeVersion: 'v5.8.1', HelmVersion: 'v3.22.0', KubectlVersion: '', JsonnetVersion: 'v0.22.0' };
    expect((await server.app.inject({ url: '/api/version', headers: bearer(server.token) })).json()).toEqual({
      ...{ Version, BuildDate: '', GitCommit: '', GitTag: '', GitTreeState: '', Compiler: 'node' },
      ...{ GoVersion: process.version, Platform: `${process.platform}/${process.arch}`, ...tools },
      ExtraBuildInfo: `Tiphys on Node.js ${process.version}`,
    });
  });

  it('settings without any secret (S21)', async () => {
    const answer = await server.app.inject('/api/v1/settings');
    expect(answer.json()).toMatchObject({
      appLabelKey: 'app.kubernetes.io/instance',
      appsInAnyNamespaceEnabled: false,
    });
    expect(answer.body).not.toContain(decode((await secret('argocd-secret')).data['server.secretkey']));
    const ofMembers = ['controllerNamespace', 'passwordPattern', 'resourceOverrides', 'uiBannerContent'];
    expect(Object.keys(answer.json()).filter((field) => ofMembers.includes(field))).toEqual([]);
    const member = (await server.app.inject({ url: '/api/v1/settings', headers: bearer(server.token) })).json();
    expect(member).toMatchObject({ controllerNamespace: namespace, resourceOverrides: {}, uiBannerContent: '' });
  });

  it('OpenAPI with the paths and operation ids of Argo CD, and a page to browse it', async () => {
    const document = (await server.app.inject('/api/openapi.json')).json();
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument({ version: document.info.version }))));
    expect((await server.app.inject('/swagger.json')).json()).toEqual(document);
    expect((await server.app.inject('/swagger-ui/')).body).toContain('swagger-ui');
    expect((await server.app.inject('/api/docs')).headers['location']).toBe('/swagger-ui');
    expect((await server.app.inject('/healthz')).body).toBe('ok');
    expect((await server.app.inject('/healthz?full=true')).body).toBe('ok');
  });

  it('serves every route of the contract', () => {
    const missing = allRoutes.filter((route) => !server.app.hasRoute({ method: route.method, url: urlPattern(route) }));
    expect(missing.map(({ operationId }) => operationId)).toEqual([]);
  });
});
