/** ApplicationSets, their stream and what they generate, on a real control plane and Redis (N06, N19, N21). */
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
import { startTestApp, type TestApp } from './testing/test-app.js';

const SETS = '/api/v1/applicationsets';
const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let base: string;
let reader: string;
let author: string;

const decode = (text: string | undefined) => Buffer.from(text ?? '', 'base64').toString();
const path = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applicationsets/${name}`;

const as = (token: string, [method, url]: readonly ['GET' | 'POST' | 'DELETE', string], body?: object) =>
  server.app.inject({
    ...{ method, url },
    headers: { authorization: `Bearer ${token}`, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });

const template = (project = 'default') => ({
  metadata: { name: '{{env}}-web', labels: { env: '{{env}}' } },
  spec: {
    project,
    source: { repoURL: 'https://git.example/one', path: 'envs/{{env}}', targetRevision: 'main' },
    destination: { name: 'in-cluster', namespace: '{{env}}' },
  },
});
const list = (...envs: readonly string[]) => ({ list: { elements: envs.map((env) => ({ env })) } });

function set(name: string, spec: object = {}, metadata: object = {}) {
  return { metadata: { name, ...metadata }, spec: { generators: [list('dev')], template: template(), ...spec } };
}

async function given(name: string, spec: object = {}, metadata: object = {}): Promise<void> {
  const answer = await server.call('POST', SETS, set(name, spec, metadata));
  if (answer.statusCode !== 200) throw new Error(answer.body);
}

async function tokenOf(account: string): Promise<string> {
  return (await server.call('POST', `/api/v1/account/${account}/token`, {})).json<{ token: string }>().token;
}

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('sets');
  const policy = [
    'p, reader, applicationsets, get, default/*, allow',
    'p, author, applicationsets, get, default/*, allow',
    'p, author, applicationsets, create, default/*, allow',
  ].join('\n');
  for (const [name, data] of [
    ['argocd-cm', { 'accounts.reader': 'apiKey', 'accounts.author': 'apiKey' }],
    ['argocd-rbac-cm', { 'policy.csv': policy }],
  ] as const) {
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  }
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  base = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const secret = `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`;
  const initial = await kube.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(secret);
  await server.logIn(decode(initial.data['password']));
  const other = { project: { metadata: { name: 'other' }, spec: {} } };
  expect((await server.call('POST', '/api/v1/projects', other)).statusCode).toBe(200);
  reader = await tokenOf('reader');
  author = await tokenOf('author');
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('create', () => {
  it('stores what users may set, and shows it at once', async () => {
    const body = { ...set('first', {}, { labels: { team: 'a' } }), status: { resourcesCount: 7 } };
    const answer = await as(author, ['POST', SETS], body);
    expect([answer.statusCode, answer.json().metadata.name, answer.json().status]).toEqual([200, 'first', undefined]);
    expect((await kube.get(path('first'))).metadata.labels).toEqual({ team: 'a' });
    const shown = (await as(reader, ['GET', `${SETS}/first`])).json();
    expect(shown).toMatchObject({ metadata: { name: 'first', namespace }, spec: { generators: [list('dev')] } });
    expect(shown.metadata.managedFields).toBeUndefined();
  });

  it('answers an equal one as created, and a different one only with upsert', async () => {
    await given('again', {}, { labels: { kept: 'yes' } });
    expect((await server.call('POST', SETS, set('again', {}, { labels: { kept: 'yes' } }))).statusCode).toBe(200);
    const changed = set('again', { generators: [list('dev', 'prod')] }, { labels: { more: 'yes' } });
    const refused = await server.call('POST', SETS, changed);
    expect([refused.statusCode, refused.json().message]).toEqual([
      400,
      'existing ApplicationSet spec is different, use upsert flag to force update',
    ]);
    const updated = (await server.call('POST', `${SETS}?upsert=true`, changed)).json();
    expect(updated).toMatchObject({ metadata: { labels: { kept: 'yes', more: 'yes' } }, spec: changed.spec });
    expect((await server.call('GET', `${SETS}/again`)).json().spec).toEqual(changed.spec);
  });

  it('with upsert needs the right to update, of the project before and of the one after (S19)', async () => {
    await given('mine');
    const changed = set('mine', { generators: [list('prod')] });
    const answer = await as(author, ['POST', `${SETS}?upsert=true`], changed);
    expect([answer.statusCode, answer.json().message]).toEqual([
      403,
      'permission denied: applicationsets, update, default/mine, sub: author',
    ]);
  });

  it.each([
    ['a project that does not exist', { template: template('nowhere') }, /references project nowhere which does not/],
    ['a project that is a template (S19)', { template: template('{{env}}') }, /project must not be a template/],
    ['a generator that nobody knows', { generators: [{ lists: {} }] }, /generators\[0\] contains no known generator/],
    ['no template', { template: {} }, /spec.template.spec is missing/],
    ['a field of a wrong type', { goTemplate: 'yes' }, /spec.goTemplate/],
  ])('refuses %s', async (_, spec, message) => {
    const answer = await server.call('POST', SETS, set('bad', spec));
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(message)]);
    expect((await server.call('GET', `${SETS}/bad`)).statusCode).toBe(403);
  });

  it('is forbidden in another project, and in a foreign namespace for everybody (S19)', async () => {
    const answer = await as(author, ['POST', SETS], set('theirs', { template: template('other') }));
    expect([answer.statusCode, answer.json().message]).toEqual([
      403,
      'permission denied: applicationsets, create, other/theirs, sub: author',
    ]);
    const foreign = await server.call('POST', SETS, set('away', {}, { namespace: 'kube-system' }));
    expect([foreign.statusCode, foreign.json().message]).toEqual([
      403,
      expect.stringMatching(/namespace 'kube-system' is not permitted/),
    ]);
  });

  it('with dryRun stores nothing and shows the applications in the status', async () => {
    const answer = (await server.call('POST', `${SETS}?dryRun=true`, set('never'))).json();
    expect(answer.status.resources).toEqual([
      { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', name: 'dev-web', namespace },
    ]);
    expect((await server.call('GET', `${SETS}/never`)).statusCode).toBe(403);
  });
});

describe('reading', () => {
  it('lists what the caller may see, by project and label (F13)', async () => {
    await given('listed-a', {}, { labels: { case: 'list' } });
    await given('listed-b', { template: template('other') }, { labels: { case: 'list' } });
    const names = async (token: string, query: string) => {
      const answer = (await as(token, ['GET', `${SETS}?selector=case%3Dlist${query}`])).json();
      return answer.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    };
    expect(await names(server.token, '')).toEqual(['listed-a', 'listed-b']);
    expect(await names(server.token, '&projects=other')).toEqual(['listed-b']);
    expect(await names(reader, '')).toEqual(['listed-a']);
    const malformed = await server.call('GET', `${SETS}?selector=a%20b%20c`);
    expect([malformed.statusCode, malformed.json().code]).toEqual([400, 3]);
  });

  it.each(['', '/events', '/resource-tree'])(
    'of %s of a missing and of a hidden one looks the same (N21)',
    async (of) => {
      if ((await server.call('GET', `${SETS}/hidden`)).statusCode !== 200) {
        await given('hidden', { template: template('other') });
      }
      for (const name of ['hidden', 'missing']) {
        const answer = await as(reader, ['GET', `${SETS}/${name}${of}`]);
        expect([answer.statusCode, answer.json().message]).toEqual([403, 'permission denied']);
      }
      const foreign = await as(reader, ['GET', `${SETS}/hidden${of}?appsetNamespace=kube-system`]);
      expect(foreign.json().message).toMatch(/namespace 'kube-system' is not permitted/);
    },
  );

  it('shows who created it as an event', async () => {
    await given('audited');
    await eventually(async () => {
      const events = (await as(reader, ['GET', `${SETS}/audited/events`])).json();
      expect(events.items).toMatchObject([{ reason: 'ResourceCreated', message: 'admin created ApplicationSet' }]);
    });
  });

  it('shows the applications of its status as a tree below it', async () => {
    await given('grown');
    const stored = await kube.get<KubeObject>(path('grown'));
    const resources = ['b', 'a'].map((name) => ({
      ...{ group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', name, namespace },
      health: { status: 'Healthy' },
    }));
    await kube.patch(`${path('grown')}/status`, { status: { resources } });
    await eventually(async () => {
      const { nodes } = (await as(reader, ['GET', `${SETS}/grown/resource-tree`])).json();
      expect(nodes).toMatchObject(
        ['a', 'b'].map((name) => ({
          ...{ kind: 'Application', name, namespace, health: { status: 'Healthy' } },
          parentRefs: [{ kind: 'ApplicationSet', name: 'grown', uid: stored.metadata.uid }],
        })),
      );
    });
  });
});

describe('delete', () => {
  it('needs its own right, says which, and is gone at the end', async () => {
    await given('old');
    const refused = await as(reader, ['DELETE', `${SETS}/old`]);
    expect([refused.statusCode, refused.json().message]).toEqual([
      403,
      'permission denied: applicationsets, delete, default/old, sub: reader',
    ]);
    expect((await server.call('DELETE', `${SETS}/old`)).json()).toEqual({});
    await eventually(async () => expect((await server.call('GET', `${SETS}/old`)).statusCode).toBe(403));
    expect((await server.call('DELETE', `${SETS}/old`)).statusCode).toBe(403);
  });
});

describe('generate', () => {
  const generate = (spec: object, token = server.token) =>
    as(token, ['POST', `${SETS}/generate`], { applicationSet: set('preview', spec) });

  it('answers whole applications and stores none of them', async () => {
    const answer = await generate({ generators: [list('dev', 'prod')] });
    expect(answer.json().applications).toMatchObject(
      ['dev', 'prod'].map((env) => ({
        metadata: { name: `${env}-web`, namespace, labels: { env } },
        spec: { project: 'default', source: { path: `envs/${env}` }, destination: { namespace: env } },
      })),
    );
    expect((await server.call('GET', SETS)).body).not.toContain('preview');
  });

  it('knows the registered clusters', async () => {
    const clusters = [{ clusters: { values: { env: '{{name}}' } } }];
    const named = { ...template(), metadata: { name: '{{nameNormalized}}-{{values.env}}' } };
    const { applications } = (await generate({ generators: clusters, template: named })).json();
    expect(applications).toMatchObject([{ metadata: { name: 'in-cluster-in-cluster' } }]);
  });

  it.each([
    [
      'Git and Go templates, saying so instead of answering nothing',
      { goTemplate: true, generators: [{ git: { repoURL: 'https://git.example/one', revision: 'main' } }] },
      { status: 501, message: /goTemplate, the git generator of the ApplicationSet are not supported yet/ },
    ],
    [
      'a matrix of one',
      { generators: [{ matrix: { generators: [list('a')] } }] },
      { status: 400, message: /a matrix needs two generators/ },
    ],
    [
      'what the CRD does not allow',
      { generators: [{ list: { elements: 'a' } }] },
      { status: 400, message: /spec.generators\[0\].list/ },
    ],
  ])('refuses %s', async (_, spec, { status, message }) => {
    const answer = await generate(spec);
    expect([answer.statusCode, answer.json().message]).toEqual([status, expect.stringMatching(message)]);
  });

  it('needs the right to create', async () => {
    expect((await generate({}, author)).statusCode).toBe(200);
    const answer = await generate({}, reader);
    expect([answer.statusCode, answer.json().message]).toEqual([
      403,
      'permission denied: applicationsets, create, default/preview, sub: reader',
    ]);
  });
});

describe('stream (N19)', () => {
  async function openStream(token: string, query: string) {
    const controller = new AbortController();
    const answer = await fetch(`${base}/api/v1/stream/applicationsets?${query}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: controller.signal,
    });
    const events: { type: string; applicationSet: { metadata: { name: string } } }[] = [];
    const read = async (): Promise<void> => {
      let rest = '';
      for await (const chunk of answer.body ?? []) {
        const parts = (rest + Buffer.from(chunk).toString()).split('\n');
        rest = parts.pop() ?? '';
        events.push(...parts.filter((line) => line !== '').map((line) => JSON.parse(line).result));
      }
    };
    const done = read().catch(() => undefined);
    const seen = () => events.map(({ type, applicationSet }) => `${type} ${applicationSet.metadata.name}`);
    return { answer, seen, close: () => (controller.abort(), done) };
  }

  it('sends what is there and every change, to those who may see it', async () => {
    await given('watched', {}, { labels: { case: 'watch' } });
    const streams = await Promise.all(
      [server.token, reader].map((token) => openStream(token, 'selector=case%3Dwatch')),
    );
    for (const { seen } of streams) await eventually(() => expect(seen()).toEqual(['ADDED watched']));
    await given('watched-other', { template: template('other') }, { labels: { case: 'watch' } });
    const changed = set('watched', { generators: [list('prod')] }, { labels: { case: 'watch' } });
    await server.call('POST', `${SETS}?upsert=true`, changed);
    await server.call('DELETE', `${SETS}/watched`);
    const own = ['ADDED watched', 'MODIFIED watched', 'DELETED watched'];
    await eventually(() => expect(streams[1]?.seen()).toEqual(own));
    await eventually(() =>
      expect(streams[0]?.seen()).toEqual(['ADDED watched', 'ADDED watched-other', ...own.slice(1)]),
    );
    for (const { close } of streams) await close();
  });

  it.each([
    ['resourceVersion=x', 400],
    ['selector=a%20b%20c', 400],
    ['appSetNamespace=kube-system', 403],
  ])('refuses %s before it begins', async (query, status) => {
    const stream = await openStream(server.token, query);
    expect(stream.answer.status).toBe(status);
    await stream.close();
  });
});

describe('notifications (N15)', () => {
  it('are empty without their ConfigMap, and names only with it', async () => {
    const names = async (kind: string) =>
      (await as(reader, ['GET', `/api/v1/notifications/${kind}`])).json<{ items: { name: string }[] }>();
    expect(await names('services')).toEqual({ items: [] });
    const data = {
      'service.slack': 'token: $slack-token',
      'service.webhook.ci': 'url: https://ci.example',
      'service.too.many.parts': '',
      'template.app-deployed': 'message: deployed',
      'trigger.on-deployed': '- send: [app-deployed]',
      'trigger.on.sync': '- send: [app-deployed]',
      context: 'a: b',
    };
    const metadata = { name: 'argocd-notifications-cm', namespace };
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    await eventually(async () =>
      expect(await names('services')).toEqual({ items: [{ name: 'ci' }, { name: 'slack' }] }),
    );
    expect(await names('templates')).toEqual({ items: [{ name: 'app-deployed' }] });
    expect(await names('triggers')).toEqual({ items: [{ name: 'on-deployed' }, { name: 'on.sync' }] });
    expect((await server.app.inject('/api/v1/notifications/services')).statusCode).toBe(401);
  });
});
