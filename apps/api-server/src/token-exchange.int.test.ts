/** Tokens of CI systems exchanged for short ones of project roles (RFC 8693, F24), with a real issuer and a real API server. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, type Logger } from '@tiphys/runtime';
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
import { decodeJwt, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const AUDIENCE = 'https://tiphys.example.com';
const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let issuer: Issuer;
let kubernetesIssuer: string;
const lines: Readonly<Record<string, unknown>>[] = [];

interface Issuer {
  readonly url: string;
  readonly server: Server;
  readonly publicPem: string;
  asked: number;
  sign(claims: JWTPayload, options?: { readonly kid?: string; readonly otherKey?: boolean }): Promise<string>;
}

/** What GitHub, GitLab and others serve: a discovery document and a set of keys. */
async function startIssuer(): Promise<Issuer> {
  const [own, other] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const started: Partial<Issuer> = {};
  const http = createServer((request, response) => {
    started.asked = (started.asked ?? 0) + 1;
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const metadata = { issuer: url, jwks_uri: `${url}/jwks`, id_token_signing_alg_values_supported: ['RS256'] };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : metadata));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return Object.assign(started, {
    ...{ server: http, asked: 0, publicPem: await exportSPKI(own.publicKey) },
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    sign: (claims: JWTPayload, { kid = 'k1', otherKey = false } = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign((otherKey ? other : own).privateKey),
  });
}

function recordingLogger(): Logger {
  const log = createLogger({ name: 'test', level: 'error', format: 'json' });
  const record = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void lines.push({ message, ...fields });
  const recording: Logger = { ...log, info: record, warn: record, child: () => recording };
  return recording;
}

const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: JWTPayload = {}): JWTPayload => ({
  ...{ iss: issuer.url, aud: AUDIENCE, sub: 'repo:org/web:ref:refs/heads/main', iat: now(), exp: now() + 300 },
  ...{ repository: 'org/web', ref: 'refs/heads/main' },
  ...changes,
});
const exchange = (body: object) =>
  server.app.inject({ method: 'POST', url: '/api/v1/session/exchange', payload: body });
const exchanged = async (changes: JWTPayload = {}, body: object = {}) =>
  exchange({ subject_token: await issuer.sign(claims(changes)), ...body });
const tokenOf = async (changes: JWTPayload = {}, body: object = {}): Promise<string> =>
  (await exchanged(changes, body)).json().access_token;
const listWith = (token: string) =>
  server.app.inject({ url: '/api/v1/applications', headers: { authorization: `Bearer ${token}` } });

const RULES = (name: string) => `
issuers:
- issuer: ${issuer.url}
- { issuer: "${kubernetesIssuer}", inCluster: true }
rules:
- name: ${name}
  issuer: ${issuer.url}
  audience: ${AUDIENCE}
  claims: { repository: org/web, ref: [refs/heads/main, refs/tags/*] }
  project: team
  role: deploy
- name: web-admin
  issuer: ${issuer.url}
  audience: ${AUDIENCE}
  claims: { repository: org/web, environment: production }
  project: team
  role: admin
  maxTokenLifetime: 1h
- name: no-role
  issuer: ${issuer.url}
  audience: ${AUDIENCE}
  claims: { repository: org/norole }
  project: team
  role: missing
- name: in-cluster
  issuer: ${kubernetesIssuer}
  audience: ${AUDIENCE}
  claims: { sub: "system:serviceaccount:${namespace}:deployer", "kubernetes.io/namespace": ${namespace} }
  project: team
  role: deploy
`;

async function setRules(text: string): Promise<void> {
  await kube.patch(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`, { data: { 'federation.config': text } });
  await eventually(() =>
    expect(server.deps.session.federation.tokenExchange.federation()).toMatchObject({ rules: expect.any(Array) }),
  );
}

const POLICIES = {
  deploy: [
    'p, proj:team:deploy, applications, get, team/*, allow',
    'p, proj:team:deploy, applications, sync, team/web, allow',
  ],
  admin: ['p, proj:team:admin, applications, *, team/*, allow'],
};
const project = (roles: readonly ('deploy' | 'admin')[]) => ({
  metadata: { name: 'team' },
  spec: {
    ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
    roles: roles.map((name) => ({ name, policies: POLICIES[name] })),
  },
});

async function setRoles(roles: readonly ('deploy' | 'admin')[]): Promise<void> {
  const { metadata } = (await server.call('GET', '/api/v1/projects/team')).json();
  const body = { project: { ...project(roles), metadata } };
  expect((await server.call('PUT', '/api/v1/projects/team', body)).statusCode).toBe(200);
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  const redis = await sharedRedis();
  kube = plane.client();
  issuer = await startIssuer();
  kubernetesIssuer = (await kube.get<KubeObject & { issuer: string }>('/.well-known/openid-configuration')).issuer;
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('exchange');
  const data = { 'federation.config': RULES('web') };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data });
  server = await startTestApp({
    kubeconfigPath: plane.kubeconfigPath,
    redis,
    namespace,
    tlsDir,
    log: recordingLogger(),
  });
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  expect((await server.call('POST', '/api/v1/projects', { project: project(['deploy', 'admin']) })).statusCode).toBe(
    200,
  );
  const source = { repoURL: 'https://git.example.com/org/repo', path: '.' };
  const spec = { project: 'team', source, destination: { server: 'https://kubernetes.default.svc', namespace } };
  await eventually(async () => {
    const answer = await server.call('POST', '/api/v1/applications', { metadata: { name: 'web' }, spec });
    expect(answer.statusCode).toBe(200);
  });
});

afterAll(async () => {
  await server?.stop();
  issuer?.server.close();
  removeDirectory(tlsDir);
});

describe('a token of a CI system', () => {
  it('is exchanged for a short one of the role, as RFC 8693 and Dex answer', async () => {
    const answer = await exchanged();
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { access_token, ...rest } = answer.json();
    expect(rest).toEqual({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 900,
    });
    const { exp = 0, iat = 0, ...token } = decodeJwt(access_token);
    expect(token).toMatchObject({ iss: 'tiphys', sub: 'proj:team:deploy' });
    expect(exp - iat).toBe(900);
    const names = async () =>
      (await listWith(access_token)).json().items.map((item: { metadata: { name: string } }) => item.metadata.name);
    await eventually(async () => expect(await names()).toEqual(['web']));
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
    const remove = await server.app.inject({ method: 'DELETE', url: '/api/v1/applications/web', headers });
    expect(remove.json().message).toBe('permission denied: applications, delete, team/web, sub: proj:team:deploy');
    // The project lists no token: nothing is left behind.
    expect((await server.call('GET', '/api/v1/projects/team')).json().status?.jwtTokensByRole).toBeUndefined();
  });

  it('is exchanged in the form that Dex takes (F24)', async () => {
    const form = new URLSearchParams({
      ...{ connector_id: 'web', grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' },
      ...{ scope: 'openid groups federated:id', requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      subject_token: await issuer.sign(claims()),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    const answer = await server.app.inject({
      ...{ method: 'POST', url: '/api/v1/session/exchange', payload: form.toString() },
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('argo-cd-cli:').toString('base64')}`,
      },
    });
    expect([answer.statusCode, decodeJwt(answer.json().access_token).sub]).toEqual([200, 'proj:team:deploy']);
  });

  it('gets the role that it asks for, where several rules fit', async () => {
    const both = { environment: 'production' };
    expect(decodeJwt(await tokenOf(both)).sub).toBe('proj:team:deploy');
    const answer = await exchanged(both, { scope: 'openid proj:team:admin' });
    expect([decodeJwt(answer.json().access_token).sub, answer.json().expires_in]).toEqual(['proj:team:admin', 3600]);
    expect(decodeJwt(await tokenOf(both, { connector_id: 'web-admin' })).sub).toBe('proj:team:admin');
  });

  it('of a service account of the cluster is verified by the keys of its API server', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace } };
    await kube.create(account as KubeObject);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/deployer/token`;
    const request = async (audience: string) => {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [audience] } };
      const answer = (await kube.request('POST', path, { body })) as { status: { token: string } };
      return exchange({ subject_token: answer.status.token });
    };
    const answer = await request(AUDIENCE);
    expect([answer.statusCode, decodeJwt(answer.json().access_token).sub]).toEqual([200, 'proj:team:deploy']);
    expect((await request('https://other.example.com')).statusCode).toBe(400);
  });

  it('leaves a line in the log without any token, and an Event on the project (F35, S23)', async () => {
    lines.length = 0;
    const token = await tokenOf();
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ message: 'token exchanged', username: 'proj:team:deploy', rule: 'web', sourceIp: '127.0.0.1' },
        claims: { repository: 'org/web', ref: 'refs/heads/main' },
      }),
    );
    expect(JSON.stringify(lines)).not.toContain(token.split('.')[2]);
    await eventually(async () => {
      const events = await kube.list(`/api/v1/namespaces/${namespace}/events`);
      const messages = events.map((event) => (event as KubeObject & { message: string }).message);
      expect(messages).toContainEqual(
        expect.stringMatching(/^proj:team:deploy got a token by rule web for repository org\/web/),
      );
    });
  });
});

describe('a token is not exchanged, and nothing is said why (S15)', () => {
  const refusal = {
    error: 'invalid_grant',
    error_description: 'the subject token was not accepted; the log of the api-server says why',
    code: 9,
    message: 'the subject token was not accepted; the log of the api-server says why',
  };
  it.each<[string, () => Promise<object> | object]>([
    ['text', () => ({ subject_token: 'nonsense' })],
    ['alg none', () => ({ subject_token: new UnsecuredJWT(claims()).encode() })],
    [
      'the public key taken for a secret',
      async () => ({
        subject_token: await new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .sign(Buffer.from(issuer.publicPem)),
      }),
    ],
    ['another key', async () => ({ subject_token: await issuer.sign(claims(), { otherKey: true }) })],
    ['another key id', async () => ({ subject_token: await issuer.sign(claims(), { kid: 'k2' }) })],
    ['another issuer', async () => ({ subject_token: await issuer.sign(claims({ iss: 'https://evil.example.com' })) })],
    ['no issuer', async () => ({ subject_token: await issuer.sign(claims({ iss: undefined as never })) })],
    ['another audience', async () => ({ subject_token: await issuer.sign(claims({ aud: 'sts.amazonaws.com' })) })],
    ['no audience', async () => ({ subject_token: await issuer.sign(claims({ aud: undefined as never })) })],
    ['a time that is over', async () => ({ subject_token: await issuer.sign(claims({ exp: now() - 1 })) })],
    ['no time', async () => ({ subject_token: await issuer.sign(claims({ exp: undefined as never })) })],
    ['a time to come', async () => ({ subject_token: await issuer.sign(claims({ nbf: now() + 600 })) })],
    ['another repository', async () => ({ subject_token: await issuer.sign(claims({ repository: 'evil/web' })) })],
    ['another branch', async () => ({ subject_token: await issuer.sign(claims({ ref: 'refs/heads/fork' })) })],
    [
      'a role that does not exist',
      async () => ({ subject_token: await issuer.sign(claims({ repository: 'org/norole' })) }),
    ],
    [
      'a rule that does not fit',
      async () => ({ subject_token: await issuer.sign(claims()), connector_id: 'web-admin' }),
    ],
    [
      'a role that nobody gave',
      async () => ({ subject_token: await issuer.sign(claims()), scope: 'proj:default:admin' }),
    ],
    ['our own token', async () => ({ subject_token: server.token })],
    ['a token that was exchanged', async () => ({ subject_token: await tokenOf() })],
  ])('%s', async (_, body) => {
    const answer = await exchange(await body());
    expect([answer.statusCode, answer.json()]).toEqual([400, refusal]);
  });

  it('but the reason is in the log', async () => {
    lines.length = 0;
    await exchanged({ iss: 'https://evil.example.com' });
    await exchanged({ repository: 'org/norole' });
    await exchanged({ ref: 'refs/heads/fork' });
    expect(lines.flatMap(({ reason }) => reason ?? [])).toEqual([
      'its issuer https://evil.example.com is not listed',
      'rule no-role: project team has no role missing',
      'no rule of federation.config fits its issuer, audience and claims',
    ]);
  });

  it('what is wrong with the request itself is said', async () => {
    const grant = await exchanged({}, { grant_type: 'password' });
    expect(grant.json()).toMatchObject({ error: 'unsupported_grant_type' });
    const type = await exchanged({}, { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' });
    expect(type.json()).toMatchObject({ error: 'invalid_request' });
    expect((await exchange({})).statusCode).toBe(400);
  });

  it('an issuer that is not listed is never asked (S26)', async () => {
    const stranger = await startIssuer();
    const subject_token = await stranger.sign(claims({ iss: stranger.url }));
    expect((await exchange({ subject_token })).json()).toEqual(refusal);
    expect(stranger.asked).toBe(0);
    stranger.server.close();
  });
});

describe('an exchanged token ends', () => {
  it('with logout, and with nothing else of its role', async () => {
    const [one, two] = await Promise.all([tokenOf(), tokenOf()]);
    const headers = { authorization: `Bearer ${one}`, 'content-type': 'application/json' };
    await server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers });
    expect([(await listWith(one)).statusCode, (await listWith(two)).statusCode]).toEqual([401, 200]);
  });

  it('when its claims are changed or it is signed with the key of other sessions', async () => {
    const token = await tokenOf();
    const [head, , signature] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'proj:team:admin' })).toString('base64url');
    expect((await listWith(`${head}.${forged}.${signature}`)).statusCode).toBe(401);
    const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
      `/api/v1/namespaces/${namespace}/secrets/argocd-secret`,
    );
    const key = Buffer.from(secret.data['server.secretkey'] ?? '', 'base64');
    const signed = await new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: 'HS256' }).sign(key);
    expect((await listWith(signed)).statusCode).toBe(401);
  });

  it('with its role, and not because another one goes', async () => {
    const [deploy, admin] = await Promise.all([
      tokenOf(),
      tokenOf({ environment: 'production' }, { scope: 'proj:team:admin' }),
    ]);
    await setRoles(['deploy']);
    await eventually(async () =>
      expect((await listWith(admin)).json().message).toBe('there is no proj:team:admin any more'),
    );
    expect((await listWith(deploy)).statusCode).toBe(200);
  });

  it('with its rule, when the rule asks for another claim, and not when it asks for less', async () => {
    const token = await tokenOf();
    await setRules(RULES('web').replace('ref: [refs/heads/main, refs/tags/*]', 'ref: refs/heads/release'));
    await eventually(async () =>
      expect((await listWith(token)).json().message).toMatch(/^the rule .* is not there any more$/),
    );
    await setRules(RULES('web').replace(', ref: [refs/heads/main, refs/tags/*]', ''));
    await eventually(async () => expect((await listWith(token)).statusCode).toBe(200));
    await setRules(RULES('other'));
    await eventually(async () => expect((await listWith(token)).statusCode).toBe(401));
  });
});
