/** Repositories and credential templates on a real control plane, opened by a real repo-server (N11, N12, G01-G15). */
import { dirname } from 'node:path';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import {
  createCertificateAuthority,
  freePort,
  type GitServer,
  type KubeClient,
  type KubeObject,
  type RepoServer,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  startGitServer,
  startRepoServer,
  temporaryDirectory,
  toolPath,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

interface Secret extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

const PASSWORD = 'c4nary-password';
/** Every secret that any request of this file carries: no answer may hold it (S21). */
const CANARY = 'c4nary';
const LOGIN = { username: 'robot', password: PASSWORD };
const directory = temporaryDirectory('api-repositories');
const tlsDir = temporaryDirectory('tls');
const answers: string[] = [];
let git: GitServer;
let repoServer: RepoServer;
let client: RepoServerClient;
let server: TestApp;
let kube: KubeClient;
let namespace = '';
let closedPort = 0;

const at = (url: string, rest = '') => `/api/v1/repositories/${encodeURIComponent(url)}${rest}`;
const secretsPath = () => `/api/v1/namespaces/${namespace}/secrets`;
const decoded = ({ data = {} }: Partial<Secret>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) {
  const answer = await server.call(method, url, body);
  answers.push(answer.body);
  return answer;
}

async function secretOf(url: string): Promise<Secret | undefined> {
  const { items } = await kube.get<{ items: Secret[] } & KubeObject>(secretsPath());
  return items.find((secret) => decoded(secret)['url'] === url);
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('repositories');
  const policy = ['get', 'create', 'update', 'delete'].map(
    (action) => `p, bob, repositories, ${action}, team/*, allow`,
  );
  const configMaps = {
    'argocd-cm': { 'accounts.bob': 'login' },
    'argocd-rbac-cm': { 'policy.csv': policy.join('\n') },
  };
  for (const [name, data] of Object.entries(configMaps)) {
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }
  [git, repoServer, closedPort] = await Promise.all([
    startGitServer(LOGIN),
    startRepoServer({ redis, directory, tools: dirname(toolPath('kustomize')) }),
    freePort(),
  ]);
  await git.createRepository('shop', { 'web/kustomization.yaml': 'resources: []\n', 'plain/a.yaml': 'a: 1\n' });
  client = createRepoServerClient({ address: repoServer.address, tls: undefined });
  server = await startTestApp({
    ...{ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir },
    overrides: (deps) => ({ ...deps, repositories: { ...deps.repositories, repoServer: client } }),
  });
  const secret = await kube.get<Secret>(`${secretsPath()}/argocd-initial-admin-secret`);
  const adminPassword = decoded(secret)['password'] ?? '';
  await server.logIn(adminPassword);
  const change = { name: 'bob', currentPassword: adminPassword, newPassword: 'bob-secret-1' };
  expect((await server.call('PUT', '/api/v1/account/password', change)).statusCode).toBe(200);
});

afterAll(async () => {
  await server?.stop();
  client?.close();
  await Promise.all([repoServer?.service.stop(), git?.stop()]);
  removeDirectory(directory);
  removeDirectory(tlsDir);
});

describe('a repository', () => {
  it('is tested, created, shown with its state, and deleted, and is seen at once', async () => {
    const repo = `${git.url}/shop.git`;
    const created = await call('POST', '/api/v1/repositories', { repo, name: 'shop', ...LOGIN });
    expect(created.json()).toEqual({
      ...{ repo, name: 'shop', type: 'git' },
      connectionState: { status: '', message: '', attemptedAt: null },
    });
    const secret = await secretOf(repo);
    expect(secret?.metadata).toMatchObject({
      name: expect.stringMatching(/^repo-\d+$/),
      labels: { 'argocd.argoproj.io/secret-type': 'repository' },
      annotations: { 'managed-by': 'argocd.argoproj.io' },
    });
    expect(decoded(secret ?? {})).toEqual({ url: repo, name: 'shop', ...LOGIN });
    const [shown] = (await call('GET', '/api/v1/repositories')).json().items;
    expect(shown).toMatchObject({ repo, username: 'robot', connectionState: { status: 'Successful', message: '' } });
    expect((await call('GET', at(repo))).json()).toEqual(shown);
    expect((await call('DELETE', at(repo))).json()).toEqual({});
    expect((await call('GET', '/api/v1/repositories')).json().items).toEqual([]);
    expect(await secretOf(repo)).toBeUndefined();
  });

  it('that cannot be opened is refused with the reason, and nothing is written', async () => {
    const wrong = { repo: `${git.url}/shop.git`, username: 'robot', password: 'c4nary-wrong' };
    const refused = await call('POST', '/api/v1/repositories', wrong);
    expect([refused.statusCode, refused.json().code]).toEqual([400, 3]);
    expect(refused.json().message).toMatch(/^Unable to connect to repository: .*refused/);
    const down = await call('POST', '/api/v1/repositories', { repo: `http://127.0.0.1:${closedPort}/a` });
    expect([down.statusCode, down.json().message]).toEqual([400, expect.stringMatching(/cannot be reached/)]);
    expect(await secretOf(wrong.repo)).toBeUndefined();
  });

  it('of a project is not tested, and is another one than the same address without a project', async () => {
    const repo = `http://127.0.0.1:${closedPort}/scoped`;
    expect((await call('POST', '/api/v1/repositories', { repo, project: 'team' })).statusCode).toBe(200);
    const failed = (await call('GET', at(repo, '?appProject=team'))).json();
    expect(failed.connectionState).toMatchObject({
      ...{ status: 'Failed', message: expect.stringMatching(/^Unable to connect to repository: /) },
      attemptedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await call('GET', at(repo, '?appProject=other'))).statusCode).toBe(404);
    expect((await call('DELETE', at(repo, '?appProject=team'))).statusCode).toBe(200);
  });

  it('that exists is answered when it is equal, refused when it differs, and changed by upsert', async () => {
    const repo = `http://127.0.0.1:${closedPort}/upsert`;
    const scoped = { repo, project: 'team', ...LOGIN };
    const post = (body: object, query = '') => call('POST', `/api/v1/repositories${query}`, body);
    await post(scoped);
    expect((await post({ ...scoped, type: 'git', insecure: false })).statusCode).toBe(200);
    const refused = await post({ ...scoped, password: 'c4nary-other' });
    expect([refused.statusCode, refused.json().message]).toEqual([
      400,
      'existing repository spec is different; use upsert flag to force update; difference in keys password',
    ]);
    expect((await post({ ...scoped, password: 'c4nary-other' }, '?upsert=true')).statusCode).toBe(200);
    expect(decoded((await secretOf(repo)) ?? {})['password']).toBe('c4nary-other');
    await call('DELETE', at(repo));
  });

  it('is replaced by an update: credentials that are left out are gone, keys that we do not know stay', async () => {
    const repo = `http://127.0.0.1:${closedPort}/update`;
    await call('POST', '/api/v1/repositories', { repo, project: 'team', ...LOGIN });
    const { metadata } = (await secretOf(repo)) as Secret;
    await kube.patch(`${secretsPath()}/${metadata.name}`, { stringData: { custom: 'mine' } });
    const proxy = 'http://me:c4nary-proxy@proxy:3128';
    expect((await call('PUT', at(repo), { project: 'team', username: 'other', proxy })).statusCode).toBe(200);
    const after = decoded((await secretOf(repo)) ?? {});
    expect(after).toEqual({ url: repo, project: 'team', username: 'other', proxy, custom: 'mine' });
    const { proxy: shown } = (await call('GET', at(repo))).json();
    expect(shown).toBe('http://me:***@proxy:3128');
    await call('PUT', at(repo), { project: 'team', proxy: shown });
    expect(decoded((await secretOf(repo)) ?? {})['proxy']).toBe(proxy);
    await call('DELETE', at(repo));
  });

  it('of a Secret that somebody else made is only forgotten by a deletion', async () => {
    const url = `http://127.0.0.1:${closedPort}/foreign`;
    const labels = { 'argocd.argoproj.io/secret-type': 'repository' };
    await kube.create({
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'foreign', namespace, labels } },
      stringData: { url, project: 'team' },
    });
    await expect.poll(async () => (await call('GET', at(url))).statusCode, { timeout: 20_000 }).toBe(200);
    expect((await call('DELETE', at(url))).statusCode).toBe(200);
    expect((await call('GET', at(url))).statusCode).toBe(403);
    const left = await kube.get<Secret>(`${secretsPath()}/foreign`);
    expect([left.metadata.labels ?? {}, decoded(left)['url']]).toEqual([{}, url]);
  });

  it('with a long address is found by it', async () => {
    const repo = `http://127.0.0.1:${closedPort}/${'long/'.repeat(60)}end`;
    await call('POST', '/api/v1/repositories', { repo, project: 'team' });
    expect((await call('GET', at(repo))).json().repo).toBe(repo);
    await call('DELETE', at(repo));
  });

  it.each([
    ['an unknown type', { repo: 'https://a.b/c', type: 'svn' }, /type "svn"/],
    ['no address', { repo: '' }, /repo/],
    ['an address with a line break', { repo: 'https://a.b/c\nd' }, /no spaces/],
    ['a number that is none', { repo: 'https://a.b/c', project: 'p', depth: '-1' }, /depth/],
  ])('%s is refused', async (_, body, message) => {
    const answer = await call('POST', '/api/v1/repositories', body);
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('that is missing is answered as one that is forbidden (N21)', async () => {
    const missing = [await call('GET', at('https://nowhere.example.com/a')), await call('DELETE', at('https://n.o/a'))];
    expect(missing.map(({ statusCode }) => statusCode)).toEqual([403, 403]);
    expect(missing[0]?.json().message).toBe('permission denied');
  });
});

describe('a user who may manage the repositories of one project', () => {
  const base = () => `http://127.0.0.1:${closedPort}`;
  let token = '';
  const asBob = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const payload = body === undefined ? {} : { payload: body };
    const answer = await server.app.inject({ method, url, headers, ...payload });
    answers.push(answer.body);
    return answer;
  };
  beforeAll(async () => {
    const login = { username: 'bob', password: 'bob-secret-1' };
    const answer = await server.app.inject({ method: 'POST', url: '/api/v1/session', payload: login });
    token = answer.json<{ token: string }>().token;
    for (const project of ['team', 'other']) {
      await call('POST', '/api/v1/repositories', { repo: `${base()}/of-${project}`, project, ...LOGIN });
    }
  });
  afterAll(async () => {
    for (const project of ['team', 'other']) await call('DELETE', at(`${base()}/of-${project}`));
  });

  it('sees those, and of others not even that they exist (N21)', async () => {
    const { items } = (await asBob('GET', '/api/v1/repositories')).json();
    expect(items.map(({ repo }: { repo: string }) => repo)).toEqual([`${base()}/of-team`]);
    const [forbidden, missing] = [await asBob('GET', at(`${base()}/of-other`)), await asBob('GET', at(`${base()}/no`))];
    expect([forbidden.statusCode, forbidden.body]).toEqual([403, missing.body]);
  });

  it.each([
    ['create one of another project', 'POST', { in: 'other' }],
    ['create one of all projects', 'POST', {}],
    ['change one of another project', 'PUT', { of: 'of-other', in: 'other' }],
    ['make one of all projects of the own', 'PUT', { of: 'of-team' }],
    ['delete one of another project', 'DELETE', { of: 'of-other' }],
    ['test access with another project', 'POST', { of: 'of-team', rest: '/validate', in: 'other' }],
    ['list what is in one of another project', 'GET', { of: 'of-other', rest: '/refs?appProject=other' }],
  ] as const)('may not %s (S19)', async (_, method, asked: { of?: string; rest?: string; in?: string }) => {
    const body = { repo: `${base()}/new`, ...LOGIN, ...(asked.in === undefined ? {} : { project: asked.in }) };
    const url = asked.of === undefined ? '/api/v1/repositories' : at(`${base()}/${asked.of}`, asked.rest);
    const isWrite = method === 'POST' || method === 'PUT';
    expect((await asBob(method, url, isWrite ? body : undefined)).statusCode).toBe(403);
  });

  it('may change and delete the own ones', async () => {
    expect((await asBob('PUT', at(`${base()}/of-team`), { project: 'team', name: 'mine' })).json().name).toBe('mine');
    expect((await asBob('DELETE', at(`${base()}/of-team`))).statusCode).toBe(200);
  });
});

describe('access', () => {
  it('can be tested with credentials in the query, as Argo CD has it, or in the body', async () => {
    const repo = `${git.url}/shop.git`;
    const query = new URLSearchParams(LOGIN).toString();
    expect((await call('POST', at(repo, `/validate?${query}`), repo)).json()).toEqual({});
    expect((await call('POST', at(repo, '/validate'), LOGIN)).json()).toEqual({});
    const refused = await call('POST', at(repo, '/validate'), { ...LOGIN, password: 'c4nary-wrong' });
    expect([refused.statusCode, refused.json().message]).toEqual([400, expect.stringMatching(/^Unable to connect/)]);
    expect(await secretOf(repo)).toBeUndefined();
  });
});

describe('what is in a repository', () => {
  const repo = () => `${git.url}/shop.git`;

  it('is answered from the repo-server: refs, folders of applications, details of a source, plugins', async () => {
    await call('POST', '/api/v1/repositories', { repo: repo(), ...LOGIN });
    expect((await call('GET', at(repo(), '/refs'))).json()).toEqual({ branches: ['main'], tags: [] });
    const apps = await call('GET', at(repo(), '/apps?appName=new&appProject=default'));
    expect(apps.json()).toEqual({ items: [{ path: 'web', type: 'Kustomize' }] });
    const question = { source: { repoURL: repo(), path: 'web' }, appName: 'new', appProject: 'default' };
    const details = (await call('POST', at(repo(), '/appdetails'), question)).json();
    expect(details).toMatchObject({ type: 'Kustomize', kustomize: {} });
    expect((await call('GET', '/api/v1/settings/plugins')).json()).toEqual({ plugins: [] });
  });

  it('is not shown for a project that may not use it', async () => {
    const apps = await call('GET', at(repo(), '/apps?appName=new&appProject=nowhere'));
    expect(apps.statusCode).toBe(403);
    const question = { source: { repoURL: repo(), path: 'web' }, appName: 'new', appProject: 'nowhere' };
    expect((await call('POST', at(repo(), '/appdetails'), question)).statusCode).toBe(403);
  });
});

describe.each([
  ['repocreds', 'creds', 'repo-creds'],
  ['write-repocreds', 'creds-write', 'repo-write-creds'],
])('a template of %s', (path, prefix, type) => {
  it('is created, listed without its secrets, changed and deleted', async () => {
    const url = `${git.url}/${path}`;
    const base = `/api/v1/${path}`;
    const keys = { sshPrivateKey: 'c4nary-key', githubAppPrivateKey: 'c4nary-app', githubAppID: 7 };
    const body = { url, ...LOGIN, ...keys, tlsClientCertKey: 'c4nary-tls', gcpServiceAccountKey: 'c4nary-gcp' };
    expect((await call('POST', base, body)).json()).toEqual({ url });
    const secret = (await secretOf(url)) as Secret;
    expect(secret.metadata.name).toMatch(new RegExp(`^${prefix}-\\d+$`));
    expect(secret.metadata.labels).toEqual({ 'argocd.argoproj.io/secret-type': type });
    expect((await call('POST', base, body)).statusCode).toBe(200);
    const differing = await call('POST', base, { ...body, username: 'x' });
    expect(differing.json().message).toMatch(/difference in keys username$/);
    expect((await call('GET', base)).json().items).toEqual([{ url, type: 'git', username: 'robot', githubAppID: 7 }]);
    await call('PUT', `${base}/${encodeURIComponent(url)}`, { username: 'next', bearerToken: 'c4nary-token' });
    expect(decoded((await secretOf(url)) ?? {})).toEqual({ url, username: 'next', bearerToken: 'c4nary-token' });
    expect((await call('DELETE', `${base}/${encodeURIComponent(url)}`)).json()).toEqual({});
    expect((await call('GET', base)).json().items).toEqual([]);
    expect((await call('DELETE', `${base}/${encodeURIComponent(url)}`)).statusCode).toBe(404);
  });
});

describe('repositories to write to', () => {
  it('are kept apart from those to read from', async () => {
    const repo = `${git.url}/shop.git`;
    expect((await call('POST', '/api/v1/write-repositories', { repo, ...LOGIN })).statusCode).toBe(200);
    const [shown] = (await call('GET', '/api/v1/write-repositories')).json().items;
    expect(shown).toMatchObject({ repo, connectionState: { status: 'Successful' } });
    const secret = await kube.get<{ items: Secret[] } & KubeObject>(
      `${secretsPath()}?labelSelector=argocd.argoproj.io%2Fsecret-type%3Drepository-write`,
    );
    expect(secret.items.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^repo-write-\d+$/)]);
    const one = `/api/v1/write-repositories/${encodeURIComponent(repo)}`;
    expect((await call('PUT', one, { ...LOGIN, name: 'w' })).json().name).toBe('w');
    expect((await call('DELETE', one)).statusCode).toBe(200);
  });
});

it('no answer of any of these routes held a secret (S21)', () => {
  expect(answers.length).toBeGreaterThan(50);
  expect(answers.filter((body) => body.includes(CANARY))).toEqual([]);
});
