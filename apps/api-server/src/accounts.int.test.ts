/** Accounts, passwords and tokens on a real control plane and Redis (N05, F19-F21). */
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
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let password: string;

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString();
const secret = (name: string) => kube.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
const as = (token: string, [method, url]: readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string], body?: object) =>
  server.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${token}`, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
const logIn = (username: string, secretWord: string) =>
  server.app.inject({ method: 'POST', url: '/api/v1/session', payload: { username, password: secretWord } });

async function tokenOf(username: string, secretWord: string): Promise<string> {
  return (await logIn(username, secretWord)).json<{ token: string }>().token;
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('accounts');
  const metadata = { name: 'argocd-cm', namespace };
  const data = { 'accounts.ci': 'apiKey', 'accounts.bob': 'login, apiKey', 'accounts.eve': 'login' };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  const rbac = { 'policy.csv': 'p, ci, applications, get, */*, allow\np, ci, applications, sync, team/*, allow' };
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    ...{ metadata: { name: 'argocd-rbac-cm', namespace }, data: rbac },
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  password = decode((await secret('argocd-initial-admin-secret')).data['password']);
  await server.logIn(password);
  for (const name of ['bob', 'eve']) {
    const body = { name, currentPassword: password, newPassword: `${name}-secret-1` };
    const changed = await server.call('PUT', '/api/v1/account/password', body);
    if (changed.statusCode !== 200) throw new Error(changed.body);
  }
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('list and get', () => {
  it('the admin sees all accounts in the shape of Argo CD, a user only the own one', async () => {
    const all = (await server.call('GET', '/api/v1/account')).json();
    expect(all.items.map(({ name }: { name: string }) => name)).toEqual(['admin', 'bob', 'ci', 'eve']);
    expect(all.items[1]).toEqual({ name: 'bob', enabled: true, capabilities: ['login', 'apiKey'], tokens: [] });
    const bob = await tokenOf('bob', 'bob-secret-1');
    expect((await as(bob, ['GET', '/api/v1/account'])).json().items).toHaveLength(1);
    expect((await as(bob, ['GET', '/api/v1/account/bob'])).json()).toMatchObject({ name: 'bob' });
    expect((await as(bob, ['GET', '/api/v1/account/eve'])).statusCode).toBe(403);
    expect((await server.call('GET', '/api/v1/account/nobody')).statusCode).toBe(404);
  });
});

describe('passwords (F20)', () => {
  it('a user changes the own one with the current one; the old one ends, the new one works', async () => {
    const before = await tokenOf('eve', 'eve-secret-1');
    const wrong = { currentPassword: 'guess', newPassword: 'eve-secret-2' };
    const refused = await as(before, ['PUT', '/api/v1/account/password'], wrong);
    expect([refused.statusCode, refused.json().message]).toEqual([400, 'current password does not match']);
    const short = await as(before, ['PUT', '/api/v1/account/password'], {
      ...wrong,
      currentPassword: 'eve-secret-1',
      newPassword: 'x',
    });
    expect(short.json().message).toBe('new password does not match the following expression: ^.{8,32}$');
    const right = { currentPassword: 'eve-secret-1', newPassword: 'eve-secret-2' };
    expect((await as(before, ['PUT', '/api/v1/account/password'], right)).statusCode).toBe(200);
    expect((await logIn('eve', 'eve-secret-1')).statusCode).toBe(401);
    expect((await logIn('eve', 'eve-secret-2')).statusCode).toBe(200);
    expect(decode((await secret('argocd-secret')).data['accounts.eve.password'])).toMatch(/^\$2[aby]\$10\$/);
  });

  it("another user's needs the permission; an unknown account is not created", async () => {
    const bob = await tokenOf('bob', 'bob-secret-1');
    const body = { name: 'admin', currentPassword: 'bob-secret-1', newPassword: 'taken-over-1' };
    expect((await as(bob, ['PUT', '/api/v1/account/password'], body)).statusCode).toBe(403);
    const unknown = { name: 'nobody', currentPassword: password, newPassword: 'long-enough-1' };
    expect((await server.call('PUT', '/api/v1/account/password', unknown)).statusCode).toBe(404);
    expect(Object.keys((await secret('argocd-secret')).data)).not.toContain('accounts.nobody.password');
  });

  it('guesses of the current password are throttled like logins (S18)', async () => {
    const token = (await server.call('POST', '/api/v1/account/bob/token', {})).json<{ token: string }>().token;
    const guess = () =>
      as(token, ['PUT', '/api/v1/account/password'], { currentPassword: 'x', newPassword: 'long-enough-1' });
    const answers = await Promise.all(Array.from({ length: 7 }, guess));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([400, 400, 400, 400, 400, 429, 429]);
  });
});

describe('tokens (F21)', () => {
  it('a token works until it is deleted, is listed, and is stored where Argo CD stores it', async () => {
    const created = await server.call('POST', '/api/v1/account/ci/token', { id: 'deploy', expiresIn: '3600' });
    const { token } = created.json<{ token: string }>();
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: 'argocd', sub: 'ci:apiKey', jti: 'deploy' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
    expect(JSON.parse(decode((await secret('argocd-secret')).data['accounts.ci.tokens']))).toEqual([
      { id: 'deploy', iat: claims.iat, exp: claims.exp },
    ]);
    expect((await as(token, ['GET', '/api/v1/account/ci'])).json().tokens).toEqual([
      { id: 'deploy', issuedAt: claims.iat, expiresAt: claims.exp },
    ]);
    const again = await server.call('POST', '/api/v1/account/ci/token', { id: 'deploy' });
    expect(again.json().message).toBe("account already has token with id 'deploy'");
    expect((await server.call('DELETE', '/api/v1/account/ci/token/deploy')).json()).toEqual({});
    await eventually(async () => expect((await as(token, ['GET', '/api/v1/account/ci'])).statusCode).toBe(401));
    expect((await server.call('DELETE', '/api/v1/account/ci/token/deploy')).statusCode).toBe(404);
  });

  it('needs the capability apiKey', async () => {
    const answer = await server.call('POST', '/api/v1/account/eve/token', {});
    expect(answer.json().message).toBe("account 'eve' does not have apiKey capability");
    expect((await server.call('POST', '/api/v1/account/ci/token', { expiresIn: -1 })).statusCode).toBe(400);
  });

  it('two replicas that create tokens at once lose none', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((id) => server.call('POST', '/api/v1/account/ci/token', { id })));
    const { tokens } = (await server.call('GET', '/api/v1/account/ci')).json<{ tokens: { id: string }[] }>();
    expect(tokens.map(({ id }) => id).sort()).toEqual(ids);
  });
});

describe('may I', () => {
  it('answers for applications, also in the long form of the control plane, and names unknown words', async () => {
    const { token } = (await server.call('POST', '/api/v1/account/ci/token', {})).json<{ token: string }>();
    const canI = async (path: string) => (await as(token, ['GET', `/api/v1/account/can-i/${path}`])).json();
    expect(await canI('applications/sync/team/app')).toEqual({ value: 'yes' });
    expect(await canI(`applications/sync/team/${namespace}/app`)).toEqual({ value: 'yes' });
    expect(await canI('applications/sync/other/app')).toEqual({ value: 'no' });
    expect(await canI('applications/action%2Fapps%2FDeployment%2Frestart/team/app')).toEqual({ value: 'no' });
    expect(await canI('widgets/get/x')).toMatchObject({
      code: 3,
      message: expect.stringContaining('does not contain widgets'),
    });
    expect(await canI('applications/eat/x')).toMatchObject({
      code: 3,
      message: expect.stringContaining('does not contain eat'),
    });
  });
});
