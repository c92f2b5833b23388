/** Projects and the tokens of their roles on a real control plane and Redis (N10, F01-F09). */
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

const PROJECTS = '/api/v1/projects';
const SERVER = 'https://kubernetes.default.svc';

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString();
const as = (token: string, [method, url]: readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string], body?: object) =>
  server.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${token}`, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });

async function createProject(name: string, spec: object = {}, labels: object = {}): Promise<void> {
  const answer = await server.call('POST', PROJECTS, { project: { metadata: { name, labels }, spec } });
  if (answer.statusCode !== 200) throw new Error(answer.body);
}

async function getProject(name: string) {
  return (await server.call('GET', `${PROJECTS}/${name}`)).json<{
    metadata: { resourceVersion: string; labels?: object };
    spec: Record<string, unknown>;
    status?: { jwtTokensByRole?: Record<string, { items: { iat: number; id: string }[] }> };
  }>();
}

async function createToken(project: string, role: string, body: object = {}): Promise<string> {
  const answer = await server.call('POST', `${PROJECTS}/${project}/roles/${role}/token`, body);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json<{ token: string }>().token;
}

const role = (project: string, name: string, rules: readonly string[]) => ({
  name,
  policies: rules.map((rule) => `p, proj:${project}:${name}, ${rule}, allow`),
});

const application = (name: string, project: string) => ({
  metadata: { name },
  spec: {
    project,
    source: { repoURL: 'https://git.example/one', path: 'app', targetRevision: 'main' },
    destination: { server: SERVER, namespace: 'web' },
  },
});

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('projects');
  const config = { 'accounts.pm': 'apiKey', globalProjects: GLOBAL };
  const policy = 'p, pm, projects, *, *, allow\np, pm, clusters, update, https://allowed, allow';
  for (const [name, data] of [
    ['argocd-cm', config],
    ['argocd-rbac-cm', { 'policy.csv': policy }],
  ] as const) {
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const path = `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`;
  const initial = await kube.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(path);
  await server.logIn(decode(initial.data['password']));
});

const GLOBAL = `
- projectName: global
  labelSelector:
    matchExpressions: [{ key: team, operator: In, values: [a, b] }]
`;

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('create', () => {
  it.each([
    [
      'a role for another project (S19)',
      { roles: [{ name: 'r', policies: ['p, proj:x:r, applications, get, x/*, allow'] }] },
      /policy subject must be: 'proj:bad:r'/,
    ],
    ['a role name with a colon (S19)', { roles: [{ name: 'a:b' }] }, /invalid role name 'a:b'/],
    ['two roles of one name', { roles: [{ name: 'r' }, { name: 'r' }] }, /role 'r' already exists/],
    [
      'a window without a schedule',
      { syncWindows: [{ kind: 'deny', duration: '1h', applications: ['*'] }] },
      /cannot parse schedule/,
    ],
    [
      'a window for nobody',
      { syncWindows: [{ kind: 'deny', schedule: '* * * * *', duration: '1h' }] },
      /requires one of application/,
    ],
    [
      'a destination twice',
      {
        destinations: [
          { server: 's', namespace: 'n' },
          { server: 's', namespace: 'n' },
        ],
      },
      /already added/,
    ],
    ['a repository that denies everything', { sourceRepos: ['!*'] }, /invalid format, '!\*'/],
    ['a list that is a text', { sourceRepos: 'x' }, /spec\.sourceRepos must be array/],
    [
      'a service account with a glob',
      { destinationServiceAccounts: [{ server: '*', namespace: '*', defaultServiceAccount: 'a*' }] },
      /defaultServiceAccount has an invalid format/,
    ],
  ])('%s is refused', async (_, spec, message) => {
    const answer = await server.call('POST', PROJECTS, { project: { metadata: { name: 'bad' }, spec } });
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(message)]);
    expect((await server.call('GET', `${PROJECTS}/bad`)).statusCode).toBe(404);
  });
});

describe('update', () => {
  it('replaces the spec, keeps metadata that was left out, and refuses an old version', async () => {
    await createProject('edited', { sourceRepos: ['https://git.example/one'] }, { kept: 'yes' });
    const { metadata } = await getProject('edited');
    const { resourceVersion } = metadata;
    const put = (project: object) => server.call('PUT', `${PROJECTS}/edited`, { project });
    const first = await put({ metadata: { name: 'edited', resourceVersion }, spec: { description: 'new' } });
    expect(first.json()).toMatchObject({ metadata: { labels: { kept: 'yes' } }, spec: { description: 'new' } });
    expect((await getProject('edited')).spec).toEqual({ description: 'new' });
    const second = await put({ metadata: { name: 'edited', resourceVersion }, spec: {} });
    expect(second.statusCode).toBe(409);
    expect((await put({ metadata: { name: 'other' }, spec: {} })).statusCode).toBe(400);
    const missing = { project: { metadata: { name: 'missing' }, spec: {} } };
    expect((await server.call('PUT', `${PROJECTS}/missing`, missing)).statusCode).toBe(404);
  });

  it('new clusters, kinds and repositories need rights of their own (S19)', async () => {
    await createProject('guarded', { destinations: [{ server: 'https://other', namespace: '*' }] });
    const { token } = (await server.call('POST', '/api/v1/account/pm/token', {})).json<{ token: string }>();
    const put = (spec: object) =>
      as(token, ['PUT', `${PROJECTS}/guarded`], { project: { metadata: { name: 'guarded' }, spec } });
    const destinations = [{ server: 'https://other', namespace: '*' }];
    const allowed = [...destinations, { server: 'https://allowed', namespace: '*' }];
    await eventually(async () => expect((await put({ destinations: allowed })).statusCode).toBe(200));
    const answers = [
      await put({ destinations: [...allowed, { server: SERVER, namespace: '*' }] }),
      await put({ destinations: allowed, sourceRepos: ['*'] }),
      await put({ destinations: allowed, clusterResourceWhitelist: [{ group: '*', kind: '*' }] }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403]);
    const upsert = { project: { metadata: { name: 'guarded' }, spec: { sourceRepos: ['*'] } }, upsert: true };
    expect((await as(token, ['POST', PROJECTS], upsert)).statusCode).toBe(403);
    expect((await getProject('guarded')).spec).toEqual({ destinations: allowed });
  });

  it('must not take sources or destinations away from applications; a project in use stays (F09)', async () => {
    const spec = { sourceRepos: ['https://git.example/*'], destinations: [{ server: SERVER, namespace: '*' }] };
    await createProject('used', spec);
    await server.call('POST', '/api/v1/applications', application('user', 'used'));
    const put = (next: object) =>
      server.call('PUT', `${PROJECTS}/used`, { project: { metadata: { name: 'used' }, spec: next } });
    expect((await put({ ...spec, sourceRepos: [] })).json().message).toBe(
      'as a result of project update 1 applications source became invalid',
    );
    expect((await put({ sourceRepos: [], destinations: [] })).json().message).toBe(
      'as a result of project update 1 applications source became invalid and 1 applications destination became invalid',
    );
    expect((await put({ ...spec, description: 'fine' })).statusCode).toBe(200);
    const refused = await server.call('DELETE', `${PROJECTS}/used`);
    expect([refused.statusCode, refused.json().message]).toEqual([400, expect.stringContaining('by 1 applications')]);
    await server.call('DELETE', '/api/v1/applications/user?cascade=false');
    await eventually(async () => expect((await server.call('DELETE', `${PROJECTS}/used`)).statusCode).toBe(200));
    await eventually(async () => expect((await server.call('GET', `${PROJECTS}/used`)).statusCode).toBe(404));
  });

  it('default cannot be deleted, a missing project is not found', async () => {
    const reserved = await server.call('DELETE', `${PROJECTS}/default`);
    expect(reserved.json().message).toBe("name 'default' is reserved and cannot be deleted");
    expect((await server.call('DELETE', `${PROJECTS}/missing`)).statusCode).toBe(404);
  });
});

describe('views', () => {
  it('global projects are named and merged, and an update with what was merged does not store it (F08)', async () => {
    await createProject('global', {
      sourceRepos: ['https://global'],
      namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
    });
    await createProject('heir', { sourceRepos: ['https://own'] }, { team: 'a' });
    const globals = await server.call('GET', `${PROJECTS}/heir/globalprojects`);
    expect(globals.json().items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['global']);
    expect((await server.call('GET', `${PROJECTS}/global/globalprojects`)).json()).toEqual({ items: [] });
    const detailed = (await server.call('GET', `${PROJECTS}/heir/detailed`)).json();
    expect(detailed).toMatchObject({
      globalProjects: [{ metadata: { name: 'global' } }],
      project: {
        spec: { sourceRepos: ['https://own', 'https://global'], namespaceResourceBlacklist: [{ kind: 'Secret' }] },
      },
      ...{ repositories: [], clusters: [] },
    });
    expect((await server.call('PUT', `${PROJECTS}/heir`, { project: detailed.project })).statusCode).toBe(200);
    expect((await getProject('heir')).spec).toEqual({ sourceRepos: ['https://own'], namespaceResourceBlacklist: [] });
  });

  it('shows active windows, events of what users did, and no links', async () => {
    const always = { kind: 'deny', schedule: '* * * * *', duration: '24h', applications: ['*'] };
    const never = { kind: 'allow', schedule: '0 0 31 2 *', duration: '1m', applications: ['*'] };
    await createProject('shown', { syncWindows: [always, never] });
    expect((await server.call('GET', `${PROJECTS}/shown/syncwindows`)).json()).toEqual({ windows: [always] });
    expect((await server.call('GET', `${PROJECTS}/shown/links`)).json()).toEqual({ items: [] });
    await eventually(async () => {
      const { items } = (await server.call('GET', `${PROJECTS}/shown/events`)).json();
      expect(items).toMatchObject([{ reason: 'ResourceCreated', message: 'admin created project' }]);
    });
  });
});

describe('tokens of roles (F05)', () => {
  it('a token may what the policies of its role say, and nothing else (S15, S19)', async () => {
    const rules = ['applications, get, ci/*', 'applications, sync, ci/web'];
    const spec = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
    await createProject('ci', { ...spec, roles: [role('ci', 'deploy', rules)] });
    await createProject('foreign', spec);
    for (const [name, project] of [
      ['web', 'ci'],
      ['alien', 'foreign'],
    ] as const) {
      const created = await server.call('POST', '/api/v1/applications', application(name, project));
      expect(created.statusCode).toBe(200);
    }
    const token = await createToken('ci', 'deploy', { id: 'pipeline', expiresIn: '3600' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: 'argocd', sub: 'proj:ci:deploy', jti: 'pipeline' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3600);
    const listed = (await as(token, ['GET', '/api/v1/applications'])).json();
    expect(listed.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['web']);
    const may = async (path: string) => (await as(token, ['GET', `/api/v1/account/can-i/${path}`])).json().value;
    expect(await may('applications/sync/ci/web')).toBe('yes');
    expect(await may('applications/delete/ci/web')).toBe('no');
    expect(await may('applications/get/foreign/alien')).toBe('no');
    expect((await as(token, ['GET', '/api/v1/applications/alien'])).statusCode).toBe(403);
    expect((await as(token, ['GET', `${PROJECTS}/ci`])).statusCode).toBe(200);
    expect((await as(token, ['GET', `${PROJECTS}/foreign`])).statusCode).toBe(403);
    expect((await as(token, ['POST', `${PROJECTS}/ci/roles/deploy/token`], {})).statusCode).toBe(403);
    expect((await as(token, ['PUT', `${PROJECTS}/ci`], { project: { metadata: { name: 'ci' } } })).statusCode).toBe(
      403,
    );
    expect((await as(token, ['DELETE', `${PROJECTS}/ci`])).statusCode).toBe(403);
  });

  it('is listed in both places, and the list ends it (S15)', async () => {
    await createProject('listed', { roles: [role('listed', 'r', ['applications, get, listed/*'])] });
    const token = await createToken('listed', 'r', { id: 'one' });
    const kept = await createToken('listed', 'r', { id: 'two' });
    const { spec, status } = await getProject('listed');
    expect(status?.jwtTokensByRole?.['r']?.items.map(({ id }) => id).sort()).toEqual(['one', 'two']);
    expect(spec['roles']).toMatchObject([{ jwtTokens: status?.jwtTokensByRole?.['r']?.items }]);
    const again = await server.call('POST', `${PROJECTS}/listed/roles/r/token`, { id: 'one' });
    expect(again.json().message).toContain("token id 'one' has been used");
    const path = `${PROJECTS}/listed/roles/r/token/${decodeJwt(token).iat}?id=one`;
    expect((await server.call('DELETE', path)).json()).toEqual({});
    expect((await as(token, ['GET', `${PROJECTS}/listed`])).statusCode).toBe(401);
    expect((await as(kept, ['GET', `${PROJECTS}/listed`])).statusCode).toBe(200);
    expect((await server.call('DELETE', path)).json()).toEqual({});
    const old = { metadata: { name: 'listed' }, spec, status };
    expect((await server.call('PUT', `${PROJECTS}/listed`, { project: old })).statusCode).toBe(200);
    expect((await as(token, ['GET', `${PROJECTS}/listed`])).statusCode, 'brought back by an old copy').toBe(401);
    expect((await as(kept, ['GET', `${PROJECTS}/listed`])).statusCode).toBe(200);
  });

  it('ends with its role, also when one of the same name is made anew (S15)', async () => {
    const roles = [role('roles', 'r', ['applications, get, roles/*'])];
    await createProject('roles', { roles });
    const token = await createToken('roles', 'r');
    const put = (spec: object) =>
      server.call('PUT', `${PROJECTS}/roles`, { project: { metadata: { name: 'roles' }, spec } });
    expect((await put({ roles: [] })).statusCode).toBe(200);
    expect((await as(token, ['GET', `${PROJECTS}/roles`])).statusCode).toBe(401);
    expect((await put({ roles })).statusCode).toBe(200);
    expect((await as(token, ['GET', `${PROJECTS}/roles`])).statusCode).toBe(401);
  });

  it('ends with its project, also when one of the same name is made anew (S15)', async () => {
    const spec = { roles: [role('gone', 'r', ['applications, get, gone/*'])] };
    await createProject('gone', spec);
    const token = await createToken('gone', 'r');
    expect((await as(token, ['GET', `${PROJECTS}/gone`])).statusCode).toBe(200);
    expect((await server.call('DELETE', `${PROJECTS}/gone`)).statusCode).toBe(200);
    await eventually(async () => expect((await as(token, ['GET', `${PROJECTS}/gone`])).statusCode).toBe(401));
    await createProject('gone', spec);
    expect((await as(token, ['GET', `${PROJECTS}/gone`])).statusCode).toBe(401);
  });

  it('needs an existing role, a sensible time, and the right to change the project', async () => {
    await createProject('strict', { roles: [{ name: 'r' }] });
    const path = `${PROJECTS}/strict/roles`;
    const missing = await server.call('POST', `${path}/x/token`, {});
    expect([missing.statusCode, missing.json().message]).toEqual([404, "project 'strict' does not have role 'x'"]);
    expect((await server.call('POST', `${path}/r/token`, { expiresIn: -1 })).statusCode).toBe(400);
    expect((await server.call('POST', `${PROJECTS}/none/roles/r/token`, {})).statusCode).toBe(404);
    expect((await server.call('DELETE', `${path}/x/token/1`)).statusCode).toBe(200);
  });

  it('two replicas that create tokens at once lose none', async () => {
    await createProject('busy', { roles: [{ name: 'r' }] });
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(ids.map((id) => createToken('busy', 'r', { id })));
    const items = (await getProject('busy')).status?.jwtTokensByRole?.['r']?.items ?? [];
    expect(items.map(({ id }) => id).sort()).toEqual(ids);
  });
});
