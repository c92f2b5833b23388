/** The application routes on a real control plane and Redis: what users write is what the API server holds. */
import { ANNOTATIONS, FINALIZERS } from '@tiphys/model';
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

interface LiveApplication extends KubeObject {
  readonly spec: {
    readonly project: string;
    readonly source?: Record<string, unknown>;
    readonly [name: string]: unknown;
  };
  readonly operation?: Readonly<Record<string, unknown>>;
  readonly status?: Record<string, unknown>;
}

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;

const path = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/${name}`;
const live = (name: string) => kube.get<LiveApplication>(path(name));
const url = (name: string, rest = '') => `/api/v1/applications/${name}${rest}`;

function application(name: string, spec: object = {}, metadata: object = {}) {
  return {
    metadata: { name, labels: { team: 'blue' }, ...metadata },
    spec: {
      source: { repoURL: 'https://git.example.com/org/repo.git', path: 'guestbook', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'guestbook' },
      ...spec,
    },
  };
}

interface Written {
  /** What the controller would have written. */
  readonly status?: object;
  readonly metadata?: object;
}

/** Creates through the API, then writes the status. */
async function given(name: string, spec: object = {}, { status, metadata = {} }: Written = {}): Promise<void> {
  const created = await server.call('POST', '/api/v1/applications', application(name, spec, metadata));
  if (created.statusCode !== 200) throw new Error(created.body);
  if (status === undefined) return;
  const { metadata: written } = await kube.patch(path(name), { status });
  await eventually(() => {
    const entry = server.deps.applications.store.get(`${namespace}/${name}`);
    expect(entry?.resourceVersion).toBe(BigInt(written.resourceVersion ?? '0'));
  });
}

const SOURCE = { repoURL: 'https://git.example.com/org/repo.git', path: 'guestbook', targetRevision: 'main' };
const HISTORY = {
  sync: { status: 'Synced', revision: 'b'.repeat(40) },
  history: [
    { id: 0, revision: 'a'.repeat(40), source: SOURCE, deployedAt: '2026-01-01T00:00:00Z' },
    { id: 1, revision: 'b'.repeat(40), source: SOURCE, deployedAt: '2026-01-02T00:00:00Z' },
  ],
};
const AUTOMATED = {
  syncPolicy: { automated: { prune: true }, syncOptions: ['CreateNamespace=true'], retry: { limit: 2 } },
};

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('api');
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(
    `${secrets}/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(secret.data['password'] ?? '', 'base64').toString());
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('create', () => {
  it('writes what kubectl reads, fills in the project, and records who did it (F35)', async () => {
    const created = await server.call('POST', '/api/v1/applications', application('first'));
    expect(created.statusCode).toBe(200);
    expect(created.json()).toMatchObject({ metadata: { name: 'first', namespace }, spec: { project: 'default' } });
    expect((await live('first')).spec.source).toEqual(SOURCE);
    const event = await eventually(async () => {
      const events = await kube.list(`/api/v1/namespaces/${namespace}/events`);
      const found = events.find((entry) => (entry['involvedObject'] as { name: string }).name === 'first');
      if (found === undefined) throw new Error('no event yet');
      return found;
    });
    expect(event).toMatchObject({ reason: 'ResourceCreated', message: 'admin created application', type: 'Normal' });
  });

  it('answers an equal application as created, refuses a different one, and takes it with upsert', async () => {
    await given('again');
    expect((await server.call('POST', '/api/v1/applications', application('again'))).statusCode).toBe(200);
    const other = application('again', { destination: { name: 'in-cluster', namespace: 'elsewhere' } });
    const refused = await server.call('POST', '/api/v1/applications', other);
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toEqual({
      error: 'existing application spec is different, use upsert flag to force update',
      code: 3,
      message: 'existing application spec is different, use upsert flag to force update',
    });
    const taken = await server.call('POST', '/api/v1/applications?upsert=true', other);
    expect(taken.json()).toMatchObject({ spec: { destination: { name: 'in-cluster' } } });
  });

  it.each([
    ['no destination', { destination: {} }, /Destination server missing/],
    ['both addresses of the destination', { destination: { server: 'https://a', name: 'b' } }, /both name and server/],
    [
      'a cluster that nobody registered',
      { destination: { server: 'https://nope' } },
      /no cluster https:\/\/nope; register/,
    ],
    ['no source', { source: undefined }, /spec.source or spec.sources is missing/],
    ['a project that does not exist', { project: 'nowhere' }, /project nowhere which does not exist/],
    ['a destination of the wrong type', { destination: { server: 7 } }, /destination.server must be string/],
  ])('refuses %s with a message that says what to do', async (_, spec, message) => {
    const answer = await server.call('POST', '/api/v1/applications', application('bad', spec));
    expect(answer.statusCode).toBe(400);
    expect(answer.json().code).toBe(3);
    expect(answer.json().message).toMatch(message);
  });

  it('enforces the rules of the project on the source and the destination (S19)', async () => {
    const project = { metadata: { name: 'narrow' }, spec: { sourceRepos: ['https://allowed/*'], destinations: [] } };
    expect((await server.call('POST', '/api/v1/projects', { project })).statusCode).toBe(200);
    const answer = await server.call('POST', '/api/v1/applications', application('escape', { project: 'narrow' }));
    expect(answer.statusCode).toBe(400);
    expect(answer.json().message).toMatch(/not permitted in project 'narrow'.*allowed destinations/);
  });
});

describe('list and get', () => {
  it('lists in the shape of Argo CD: no apiVersion, kind or managedFields', async () => {
    await given('listed', {}, { status: HISTORY });
    const list = (await server.call('GET', '/api/v1/applications?name=listed')).json();
    expect(Object.keys(list)).toEqual(['metadata', 'items']);
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
    expect(list.items).toHaveLength(1);
    expect(Object.keys(list.items[0])).toEqual(['metadata', 'spec', 'status']);
    expect(list.items[0].metadata).not.toHaveProperty('managedFields');
    expect((await server.call('GET', url('listed'))).json()).toEqual(list.items[0]);
  });

  it.each([
    ['selector', 'selector=team%3Dred'],
    ['project', 'projects=narrow'],
    ['project, old name', 'project=narrow'],
    ['repository', 'repo=https%3A%2F%2Fgit.example.com%2Forg%2Fother'],
    ['namespace', 'appNamespace=elsewhere'],
    ['name', 'name=nobody'],
  ])('filters by %s (N17)', async (_, query) => {
    await given('filtered');
    const matching = (await server.call('GET', '/api/v1/applications?selector=team%3Dblue')).json();
    expect(matching.items.length).toBeGreaterThan(0);
    expect((await server.call('GET', `/api/v1/applications?${query}`)).json().items).toEqual([]);
  });

  it('answers only the asked fields (N17)', async () => {
    await given('masked', {}, { status: HISTORY });
    const kept = await server.call(
      'GET',
      '/api/v1/applications?name=masked&fields=items.metadata.name,items.spec.project',
    );
    expect(kept.json()).toEqual({ items: [{ metadata: { name: 'masked' }, spec: { project: 'default' } }] });
    const without = await server.call('GET', '/api/v1/applications?name=masked&fields=-items.status,items.spec');
    expect(Object.keys(without.json().items[0])).toEqual(['metadata']);
  });

  it('answers an unchanged list with 304, and a large one compressed', async () => {
    await given('tagged');
    const headers = { authorization: `Bearer ${server.token}`, 'accept-encoding': 'gzip' };
    const first = await server.app.inject({ url: '/api/v1/applications?name=tagged', headers });
    const again = { ...headers, 'if-none-match': String(first.headers['etag']) };
    expect((await server.app.inject({ url: '/api/v1/applications?name=tagged', headers: again })).statusCode).toBe(304);
    await kube.patch(path('tagged'), {
      metadata: { labels: { padding: 'x'.repeat(60) }, annotations: { large: 'y'.repeat(50_000) } },
    });
    await eventually(async () => {
      const large = await server.app.inject({ url: '/api/v1/applications?name=tagged', headers: again });
      expect(large.statusCode).toBe(200);
      expect(large.headers['content-encoding']).toBe('gzip');
      expect(large.rawPayload.length).toBeLessThan(5_000);
    });
  });

  it('answers a missing application with 403, or 404 when a project is given (N21)', async () => {
    expect((await server.call('GET', url('nobody'))).json()).toEqual({
      ...{ error: 'permission denied', code: 7, message: 'permission denied' },
    });
    const found = await server.call('GET', url('nobody', '?project=default'));
    expect([found.statusCode, found.json().code]).toEqual([404, 5]);
    await given('elsewhere');
    expect((await server.call('GET', url('elsewhere', '?project=narrow'))).statusCode).toBe(404);
  });

  it('waits for a refresh until the controller has removed the annotation (A24)', async () => {
    await given('refreshed');
    const answer = server.call('GET', url('refreshed', '?refresh=hard'));
    await eventually(async () => {
      expect((await live('refreshed')).metadata.annotations?.[ANNOTATIONS.refresh]).toBe('hard');
    });
    await kube.patch(path('refreshed'), {
      metadata: { annotations: { [ANNOTATIONS.refresh]: null } },
      status: { sync: { status: 'Synced' } },
    });
    expect((await answer).json()).toMatchObject({ status: { sync: { status: 'Synced' } } });
  });
});

describe('update and patch', () => {
  it('PUT replaces spec, labels and annotations, and leaves status alone', async () => {
    await given('put', {}, { status: HISTORY });
    const wanted = application('put', { project: 'default', revisionHistoryLimit: 3 }, { labels: { team: 'green' } });
    const answer = await server.call('PUT', url('put'), { ...wanted, status: { sync: { status: 'Unknown' } } });
    expect(answer.statusCode).toBe(200);
    const stored = await live('put');
    expect(stored.metadata.labels).toEqual({ team: 'green' });
    expect(stored.spec['revisionHistoryLimit']).toBe(3);
    expect(stored.status).toMatchObject(HISTORY);
  });

  it('PUT of the spec answers the spec', async () => {
    await given('spec');
    const answer = await server.call(
      'PUT',
      url('spec', '/spec'),
      application('spec', { info: [{ name: 'a', value: 'b' }] }).spec,
    );
    expect(answer.json()).toMatchObject({ info: [{ name: 'a', value: 'b' }], project: 'default' });
    expect((await live('spec')).spec['info']).toEqual([{ name: 'a', value: 'b' }]);
  });

  it.each([
    [
      'merge',
      '{"spec":{"source":{"targetRevision":"v2","path":null,"chart":"x"}}}',
      { targetRevision: 'v2', chart: 'x' },
    ],
    [
      'json',
      '[{"op":"replace","path":"/spec/source/targetRevision","value":"v3"}]',
      { targetRevision: 'v3', path: 'guestbook' },
    ],
    [
      '',
      '[{"op":"test","path":"/spec/project","value":"default"},{"op":"add","path":"/spec/source/ref","value":"r"}]',
      { ref: 'r' },
    ],
  ])('PATCH of type "%s"', async (patchType, patch, expected) => {
    const name = `patch-${patchType || 'none'}`;
    await given(name);
    const answer = await server.call('PATCH', url(name), { name, patch, patchType });
    expect(answer.json()).toMatchObject({ spec: { source: expected } });
    expect((await live(name)).spec.source).toMatchObject(expected);
  });

  it.each([
    ['of an unknown type', { patch: '{}', patchType: 'strategic' }, /'strategic' is not supported/],
    ['that is not JSON', { patch: '{', patchType: 'merge' }, /"patch" is not JSON/],
    [
      'whose test fails',
      { patch: '[{"op":"test","path":"/spec/project","value":"x"}]' },
      /operation 0 .*not the tested value/,
    ],
    [
      'that breaks the schema',
      { patch: '{"spec":{"destination":"x"}}', patchType: 'merge' },
      /spec.destination must be object/,
    ],
    [
      'that moves it into a missing project',
      { patch: '{"spec":{"project":"x"}}', patchType: 'merge' },
      /project x which does not exist/,
    ],
  ])('refuses a patch %s', async (_, body, message) => {
    await given('unpatched');
    const answer = await server.call('PATCH', url('unpatched'), body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().message).toMatch(message);
    await server.call('DELETE', url('unpatched', '?cascade=false'));
  });

  it('PATCH cannot change the identity, the operation or the status', async () => {
    await given('fixed', {}, { status: HISTORY });
    const patch =
      '{"metadata":{"name":"other","namespace":"default"},"operation":{"sync":{}},"status":{"sync":{"status":"Unknown"}}}';
    expect((await server.call('PATCH', url('fixed'), { patch, patchType: 'merge' })).statusCode).toBe(200);
    const stored = await live('fixed');
    expect(stored.operation).toBeUndefined();
    expect(stored.status).toMatchObject(HISTORY);
  });
});

describe('delete (A22, A42)', () => {
  it.each([
    ['by default in the foreground', '', [FINALIZERS.resources]],
    ['in the background', '?propagationPolicy=background', [FINALIZERS.resourcesBackground]],
  ])('%s: the finalizer is set before the deletion', async (_, query, finalizers) => {
    const name = `gone-${finalizers[0]?.length}`;
    await given(name);
    const answer = await server.call('DELETE', url(name, query));
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    const stored = await live(name);
    expect(stored.metadata.finalizers).toEqual(finalizers);
    expect(stored.metadata['deletionTimestamp']).toBeDefined();
    await kube.patch(path(name), { metadata: { finalizers: null } });
  });

  it('without cascade: an existing finalizer is removed, the application is gone at once', async () => {
    await given('orphaning', {}, { metadata: { finalizers: [FINALIZERS.resources] } });
    await server.call('DELETE', url('orphaning', '?cascade=false'));
    expect(await kube.find(path('orphaning'))).toBeUndefined();
    await eventually(async () => {
      expect((await server.call('GET', '/api/v1/applications?name=orphaning')).json().items).toEqual([]);
    });
  });

  it.each([
    ['?cascade=false&propagationPolicy=background', /when cascading is disabled/],
    ['?propagationPolicy=sideways', /invalid propagation policy/],
  ])('refuses %s', async (query, message) => {
    await given('kept');
    const answer = await server.call('DELETE', url('kept', query));
    expect(answer.statusCode).toBe(400);
    expect(answer.json().message).toMatch(message);
    expect((await live('kept')).metadata['deletionTimestamp']).toBeUndefined();
  });
});

describe('operations', () => {
  it('sync writes the operation with the options of the application and the user (D33)', async () => {
    const operationState = { operation: {}, phase: 'Failed', startedAt: '2026-01-01T00:00:00Z' };
    await given('synced', AUTOMATED, { status: { ...HISTORY, operationState } });
    const answer = await server.call('POST', url('synced', '/sync'), {
      ...{ name: 'synced', prune: true, strategy: { hook: { force: false } }, infos: [{ name: 'why', value: 'test' }] },
      resources: [{ group: 'apps', kind: 'Deployment', name: 'web' }],
    });
    expect(answer.statusCode).toBe(200);
    const stored = await live('synced');
    expect(stored.operation).toEqual({
      sync: {
        ...{ prune: true, syncStrategy: { hook: { force: false } }, syncOptions: ['CreateNamespace=true'] },
        resources: [{ group: 'apps', kind: 'Deployment', name: 'web' }],
      },
      ...{ initiatedBy: { username: 'admin' }, info: [{ name: 'why', value: 'test' }], retry: { limit: 2 } },
    });
    expect(stored.status).not.toHaveProperty('operationState');
    const second = await server.call('POST', url('synced', '/sync'), {});
    expect([second.statusCode, second.json().code]).toEqual([400, 9]);
    expect(second.json().message).toMatch(/another operation is already in progress/);
  });

  it('sync to another revision is refused while auto-sync is on, and taken without it', async () => {
    await given('pinned', AUTOMATED);
    const refused = await server.call('POST', url('pinned', '/sync'), { revision: 'feature' });
    expect(refused.json()).toMatchObject({
      code: 9,
      message: 'Cannot sync to feature: auto-sync currently set to main',
    });
    expect((await server.call('POST', url('pinned', '/sync'), { revision: 'main' })).statusCode).toBe(200);
    await given('free');
    await server.call('POST', url('free', '/sync'), {
      revision: 'feature',
      dryRun: true,
      syncOptions: { items: ['Replace=true'] },
    });
    expect((await live('free')).operation?.['sync']).toMatchObject({
      ...{ revision: 'feature', dryRun: true, syncOptions: ['Replace=true'] },
    });
  });

  it('rollback with auto-sync on writes the operation and the hold in one change (D43, user pain 19)', async () => {
    await given('rolled', AUTOMATED, { status: HISTORY });
    const before = await live('rolled');
    expect((await server.call('POST', url('rolled', '/rollback'), { id: '0', prune: true })).statusCode).toBe(200);
    const stored = await live('rolled');
    expect(stored.operation?.['sync']).toMatchObject({ revision: 'a'.repeat(40), source: SOURCE, prune: true });
    expect(stored.metadata.annotations?.[ANNOTATIONS.rollbackHold]).toBe('b'.repeat(40));
    expect(stored.metadata['generation']).toBe(Number(before.metadata['generation']) + 1);
  });

  it('a full sync by a person ends the hold; a dry run does not', async () => {
    const hold = { annotations: { [ANNOTATIONS.rollbackHold]: 'b'.repeat(40) } };
    await given('released', AUTOMATED, { status: HISTORY, metadata: hold });
    await server.call('POST', url('released', '/sync'), { dryRun: true });
    expect((await live('released')).metadata.annotations).toEqual(hold.annotations);
    await kube.patch(path('released'), { operation: null });
    await server.call('POST', url('released', '/sync'), {});
    expect((await live('released')).metadata.annotations).toBeUndefined();
  });

  it('rollback without auto-sync holds nothing; unknown ids are refused', async () => {
    await given('manual', {}, { status: HISTORY });
    const unknown = await server.call('POST', url('manual', '/rollback'), { id: 7 });
    expect(unknown.json()).toMatchObject({ code: 3, message: 'application manual does not have deployment with id 7' });
    await server.call('POST', url('manual', '/rollback'), { id: 0 });
    expect((await live('manual')).metadata.annotations).toBeUndefined();
  });

  it('terminate marks the running operation, and is refused when none runs (D41)', async () => {
    await given('ended');
    const refused = await server.call('DELETE', url('ended', '/operation'));
    expect(refused.json()).toMatchObject({ code: 3, message: expect.stringMatching(/No operation is in progress/) });
    await server.call('POST', url('ended', '/sync'), {});
    await kube.patch(path('ended'), {
      status: { operationState: { operation: { sync: {} }, phase: 'Running', startedAt: '2026-01-01T00:00:00Z' } },
    });
    expect((await server.call('DELETE', url('ended', '/operation'))).json()).toEqual({});
    expect((await live('ended')).status?.['operationState']).toMatchObject({ phase: 'Terminating' });
  });
});
