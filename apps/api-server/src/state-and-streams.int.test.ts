/** Cached views, streams over real HTTP, manifests and badge on a real control plane and Redis. */
import { createAuthenticatedCache, createChangeFeed } from '@tiphys/cache';
import { managedResourcesCacheKey, resourceTreeCacheKey, TREE_CHANGED_CHANNEL } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
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
  uniqueName,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiServerDeps } from './deps.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const stops: (() => Promise<void>)[] = [];
let server: TestApp;
let base: string;
let kube: KubeClient;
let redis: SharedRedis;
let namespace: string;
let cache: Awaited<ReturnType<typeof createAuthenticatedCache>>;
let feed: ReturnType<typeof createChangeFeed>;

const path = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
const connection = () => ({ host: redis.host, port: redis.port, password: () => redis.password });

/** Answers of the repo-server, without one: the transport is tested in libs/proto and end to end. */
const manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', annotations: { 'example.com/password': 'hidden', team: 'blue' } },
  data: { a: 'QUJD', b: 'QUJD', c: 'eHl6' },
};
function withRepoServer(deps: ApiServerDeps): ApiServerDeps {
  const repoServer = {
    generateManifests: async () => ({
      manifests: [{ json: JSON.stringify(manifest), origin: 's.yaml', sourceIndex: 0 }],
      sources: [{ revision: 'c'.repeat(40), sourceType: 'Directory', key: 'k', cached: true }],
    }),
    getChartMetadata: async ({ chart, revision }: { chart: string; revision: string }) => ({
      ...{ description: `${chart} ${revision}`, home: 'https://example.com', maintainers: ['Ada <ada@example.com>'] },
    }),
    getOciMetadata: async ({ repository, revision }: { repository: { url: string }; revision: string }) => ({
      ...{ createdAt: '', authors: 'Ada', imageUrl: repository.url, docsUrl: '', sourceUrl: '', version: revision },
      description: '',
    }),
    getRevisionMetadata: async ({ revision }: { revision: string }) => ({
      ...{
        author: 'Ada <ada@example.com>',
        message: `about ${revision}`,
        tags: ['v1'],
        date: { seconds: 1_767_225_600n, nanos: 0 },
      },
    }),
  } as unknown as ApiServerDeps['applicationState']['repoServer'];
  return {
    ...deps,
    applicationState: { ...deps.applicationState, repoServer },
    installation: { ...deps.installation, sessionRecheckMs: 50 },
  };
}

async function given(name: string, spec: object = {}, status?: object): Promise<void> {
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web', targetRevision: 'main' };
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const body = { metadata: { name }, spec: { source, destination, ...spec } };
  const created = await server.call('POST', '/api/v1/applications', body);
  if (created.statusCode !== 200) throw new Error(created.body);
  if (status === undefined) return;
  const { metadata } = await kube.patch(path(name), { status });
  await eventually(() => {
    const entry = server.deps.applications.store.get(`${namespace}/${name}`);
    expect(entry?.resourceVersion).toBe(BigInt(metadata.resourceVersion ?? '0'));
  });
}

async function newToken(): Promise<string> {
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(secret.data['password'] ?? '', 'base64').toString());
  return server.token;
}

/** A real connection, read line by line. */
async function openStream(url: string, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  const answer = await fetch(`${base}${url}`, {
    headers: { authorization: `Bearer ${server.token}`, ...headers },
    signal: controller.signal,
  });
  const lines: string[] = [];
  const state = { ended: false };
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of answer.body ?? []) {
      const parts = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.filter((line) => line !== '' && !line.startsWith(':')));
    }
  };
  const done = read().then(
    () => void (state.ended = true),
    () => void (state.ended = true),
  );
  const events = () => lines.map((line) => JSON.parse(line.replace(/^data: /, '')).result);
  return { answer, lines, events, state, close: () => (controller.abort(), done) };
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('state');
  const settings = {
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace },
    data: { 'statusbadge.enabled': 'true', 'resource.sensitive.mask.annotations': 'example.com/password' },
  };
  await kube.create({ apiVersion: 'v1', ...settings });
  const options = { kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir, overrides: withRepoServer };
  server = await startTestApp(options);
  base = await server.app.listen({ host: '127.0.0.1', port: 0 });
  await newToken();
  cache = await createAuthenticatedCache({ connection: connection(), cacheKey: server.cacheKey, log: silentLogger });
  feed = createChangeFeed({ connection: connection(), channel: TREE_CHANGED_CHANNEL, log: silentLogger });
  stops.push(
    () => cache.close(),
    () => feed.close(),
  );
});

afterAll(async () => {
  await server?.stop();
  for (const stop of stops) await stop();
  removeDirectory(tlsDir);
});

describe('resource tree and managed resources', () => {
  const tree = {
    nodes: [
      { group: 'apps', kind: 'Deployment', name: 'web', namespace: 'x', uid: '1', health: { status: 'Healthy' } },
    ],
  };
  const managed = [
    { group: 'apps', kind: 'Deployment', name: 'web', namespace: 'x', targetState: '{}', liveState: '{}' },
    { kind: 'Service', name: 'web', namespace: 'x', targetState: '{}', liveState: '{}' },
  ];

  it('shows what the controller wrote to the cache', async () => {
    const name = uniqueName('tree');
    await given(name);
    await cache.setJson(resourceTreeCacheKey(name), tree, 60_000);
    await cache.setJson(managedResourcesCacheKey(name), managed, 60_000);
    expect((await server.call('GET', `/api/v1/applications/${name}/resource-tree`)).json()).toEqual(tree);
    const shown = `/api/v1/applications/${name}/managed-resources`;
    expect((await server.call('GET', shown)).json()).toEqual({ items: managed });
    expect((await server.call('GET', `${shown}?kind=Service`)).json().items).toHaveLength(1);
    const masked = (await server.call('GET', `${shown}?fields=items.kind`)).json();
    expect(masked).toEqual({ items: [{ kind: 'Deployment' }, { kind: 'Service' }] });
  });

  it('is empty before the first comparison', async () => {
    const name = uniqueName('new');
    await given(name);
    expect((await server.call('GET', `/api/v1/applications/${name}/resource-tree`)).json()).toEqual({ nodes: [] });
    expect((await server.call('GET', `/api/v1/applications/${name}/managed-resources`)).json()).toEqual({ items: [] });
  });

  it('that Redis lost is asked for by a refresh and shown when the controller has written it again (R1)', async () => {
    const name = uniqueName('lost');
    await given(name, {}, { sync: { status: 'Synced' } });
    const answer = server.call('GET', `/api/v1/applications/${name}/resource-tree`);
    await eventually(async () => {
      expect((await kube.get(path(name))).metadata.annotations).toEqual({ 'argocd.argoproj.io/refresh': 'normal' });
    });
    await cache.setJson(resourceTreeCacheKey(name), tree, 60_000);
    feed.publish(name);
    expect((await answer).json()).toEqual(tree);
  });

  it('that stays lost is an error with a reason, not an empty tree', async () => {
    const name = uniqueName('away');
    await given(name, {}, { sync: { status: 'Synced' } });
    const answer = await server.call('GET', `/api/v1/applications/${name}/managed-resources`);
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 14, '5']);
    expect(answer.json().message).toMatch(/being rebuilt/);
  });

  it('the tree stream sends the tree and every change, but not the same again', async () => {
    const name = uniqueName('growing');
    await given(name);
    await cache.setJson(resourceTreeCacheKey(name), tree, 60_000);
    const stream = await openStream(`/api/v1/stream/applications/${name}/resource-tree`);
    await eventually(() => expect(stream.events()).toEqual([tree]));
    await eventually(async () => {
      await cache.setJson(resourceTreeCacheKey(name), { nodes: [] }, 60_000);
      feed.publish(name);
      expect(stream.events()).toEqual([tree, { nodes: [] }]);
    });
    await stream.close();
  });
});

describe('application stream (N19)', () => {
  it('starts with what exists, then follows changes, as newline-delimited JSON', async () => {
    const name = uniqueName('watched');
    await given(name);
    const stream = await openStream(`/api/v1/stream/applications?name=${name}`);
    expect(stream.answer.headers.get('content-type')).toBe('application/json');
    expect(stream.answer.headers.get('x-content-type-options')).toBe('nosniff');
    await eventually(() =>
      expect(stream.events()).toMatchObject([{ type: 'ADDED', application: { metadata: { name } } }]),
    );
    await kube.patch(path(name), { metadata: { labels: { seen: 'yes' } } });
    await server.call('DELETE', `/api/v1/applications/${name}?cascade=false`);
    await eventually(() =>
      expect(stream.events().map((event) => event.type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']),
    );
    expect(stream.events()[1].application.metadata.labels).toEqual({ seen: 'yes' });
    await stream.close();
  });

  it('sends server-sent events when asked, resumes from a resourceVersion, and masks fields', async () => {
    const name = uniqueName('events');
    await given(name);
    const { metadata } = (await server.call('GET', '/api/v1/applications')).json();
    const fields = 'result.type,result.application.metadata.name';
    const query = `resourceVersion=${metadata.resourceVersion}&fields=${fields}&selector=only%3D${name}`;
    const stream = await openStream(`/api/v1/stream/applications?${query}`, { accept: 'text/event-stream' });
    expect(stream.answer.headers.get('content-type')).toBe('text/event-stream');
    await kube.patch(path(name), { metadata: { labels: { only: name } } });
    await eventually(() => expect(stream.events()).toEqual([{ type: 'ADDED', application: { metadata: { name } } }]));
    await kube.patch(path(name), { metadata: { labels: { only: 'other' } } });
    await eventually(() =>
      expect(stream.events()[1]).toEqual({ type: 'DELETED', application: { metadata: { name } } }),
    );
    expect(stream.lines.every((line) => line.startsWith('data: {"result":'))).toBe(true);
    await stream.close();
  });

  it('refuses a malformed query before it starts', async () => {
    const stream = await openStream('/api/v1/stream/applications?resourceVersion=x');
    expect(stream.answer.status).toBe(400);
    await stream.close();
  });

  it('ends when the session ends (S17)', async () => {
    const token = server.token;
    const stream = await openStream('/api/v1/stream/applications');
    await newToken();
    expect(stream.state.ended).toBe(false);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    await fetch(`${base}/api/v1/session`, { method: 'DELETE', headers });
    await eventually(() => expect(stream.state.ended).toBe(true));
  });
});

describe('from Git', () => {
  it('manifests have the shape of Argo CD, and values of Secrets and of their sensitive annotations are masked (C15, S21)', async () => {
    const name = uniqueName('rendered');
    await given(name);
    const answer = (await server.call('GET', `/api/v1/applications/${name}/manifests`)).json();
    expect(answer).toMatchObject({ namespace, revision: 'c'.repeat(40), sourceType: 'Directory' });
    const shown = JSON.parse(answer.manifests[0]);
    expect(shown.data).toEqual({ a: '++++++++', b: '++++++++', c: '++++++++' });
    expect(shown.metadata.annotations).toEqual({ 'example.com/password': '++++++++', team: 'blue' });
  });

  it('revision metadata', async () => {
    const name = uniqueName('commit');
    await given(name);
    expect((await server.call('GET', `/api/v1/applications/${name}/revisions/main/metadata`)).json()).toEqual({
      ...{ author: 'Ada <ada@example.com>', date: '2026-01-01T00:00:00Z', tags: ['v1'], message: 'about main' },
    });
  });
});

describe('metadata of charts and registries (N02)', () => {
  it('is asked of the source that is meant', async () => {
    const name = uniqueName('chart');
    const chart = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.0.0' };
    const folder = { repoURL: 'oci://registry.example.com/team/app', path: '.', targetRevision: 'v1' };
    await given(name, { source: undefined, sources: [chart, folder] });
    const at = (what: string) => server.call('GET', `/api/v1/applications/${name}/revisions/${what}`);
    expect((await at('1.0.0/chartdetails')).json()).toEqual({
      ...{ description: 'web 1.0.0', home: 'https://example.com', maintainers: ['Ada <ada@example.com>'] },
    });
    expect((await at('v1/ocimetadata?sourceIndex=1')).json()).toMatchObject({
      ...{ authors: 'Ada', version: 'v1', imageUrl: 'oci://registry.example.com/team/app' },
    });
    expect((await at('v1/ocimetadata?sourceIndex=7')).statusCode).toBe(400);
  });
});

describe('windows, events and badge', () => {
  it('shows the windows of the project that name the application, and a closed one stops a sync by hand (D49)', async () => {
    const window = { kind: 'deny', schedule: '* * * * *', duration: '1h', manualSync: false };
    const syncWindows = [
      { ...window, applications: ['win-*'] },
      { ...window, applications: ['other'] },
    ];
    const rules = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], syncWindows };
    await server.call('POST', '/api/v1/projects', { project: { metadata: { name: 'windowed' }, spec: rules } });
    await given('win-dow', { project: 'windowed' });
    const answer = (await server.call('GET', '/api/v1/applications/win-dow/syncwindows')).json();
    expect(answer).toEqual({ canSync: false, activeWindows: [window], assignedWindows: [window] });
    const refused = await server.call('POST', '/api/v1/applications/win-dow/sync', {});
    expect([refused.statusCode, refused.json().code]).toEqual([403, 7]);
    expect(refused.json().message).toMatch(/Blocked by sync window: inside the deny window/);
  });

  it('lists the events of the application, and none of objects outside it', async () => {
    const name = uniqueName('eventful');
    await given(name);
    await eventually(async () => {
      const answer = (await server.call('GET', `/api/v1/applications/${name}/events`)).json();
      expect(answer.items).toMatchObject([{ reason: 'ResourceCreated', involvedObject: { name } }]);
    });
    const other = `?resourceName=argocd-secret&resourceUID=1&resourceNamespace=${namespace}`;
    expect((await server.call('GET', `/api/v1/applications/${name}/events${other}`)).statusCode).toBe(404);
  });

  it.each([
    ['', /Healthy.*Synced/],
    ['&revision=true&showAppName=true', /badged.*Healthy.*Synced.*\(ccccccc\)/],
    ['&width=400', /width="400"/],
    ['&width=wide&project=a&project=b', /width="131"/],
  ])('the badge%s needs no session (A41)', async (query, expected) => {
    const status = { health: { status: 'Healthy' }, sync: { status: 'Synced', revision: 'c'.repeat(40) } };
    if (query === '') await given('badged', {}, status);
    const answer = await server.app.inject(`/api/badge?name=badged${query}`);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^image\/svg\+xml/),
      'cache-control': 'private, no-store',
      ...{ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' },
    });
    expect(answer.body).toMatch(expected);
  });

  it('the badge of an unknown name says so, and no name reaches the image unescaped (S24)', async () => {
    expect((await server.app.inject('/api/badge?name=nobody')).body).toMatch(/Not Found/);
    const evil = await server.app.inject(`/api/badge?name=${encodeURIComponent('"><script>')}`);
    expect(evil.statusCode).toBe(400);
    expect(evil.headers['content-type']).toMatch(/json/);
  });
});
