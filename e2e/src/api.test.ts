/** The REST surface that the demo and Argo CD's clients need, in Argo CD's shapes (N01-N21, A41). */
import { API_VERSION, type Application } from '@tiphys/model';
import { eventually, redisCommand } from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { call, pushRequest } from './support/api.js';
import { type App, applicationOf, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('api', { settings: { 'statusbadge.enabled': 'true' } });
let app: App;

const version = (value: string) => ({ 'a.yaml': yaml(configMap('settings', { value })) });
const path = (suffix = '') => `/api/v1/applications/${app.name}${suffix}`;
const url = () => site().installation.apiUrl;

beforeAll(async () => {
  app = await deploy(site(), { files: version('1'), automated: null });
  await app.is('OutOfSync', 'Missing');
});

describe('sessions', () => {
  const session = (password: string) =>
    call<{ token?: string; message?: string }>(url(), 'POST', {
      path: '/api/v1/session',
      body: { username: 'admin', password },
    });

  it('a login answers a token that is accepted', async () => {
    const { status, json } = await session(site().installation.adminPassword);
    expect(status).toBe(200);
    const headers = { authorization: `Bearer ${json.token}` };
    expect((await call(url(), 'GET', { path: '/api/v1/applications', headers })).status).toBe(200);
  });

  it.each([
    ['a wrong password', 'wrong'],
    ['an empty password', ''],
  ])('%s is refused with 401', async (_, password) => {
    const { status, json } = await session(password);
    expect(status).toBe(401);
    expect(json.token).toBeUndefined();
  });

  it.each([
    ['no token', {}],
    ['a token that we did not sign', { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.' }],
  ])('%s is refused with 401 and code 16', async (_, headers) => {
    const { status, json } = await call(url(), 'GET', { path: '/api/v1/applications', headers });
    expect({ status, json }).toMatchObject({ status: 401, json: { code: 16, message: expect.any(String) } });
  });

  it('a form cannot change anything: JSON is required (S25)', async () => {
    const headers = { 'content-type': 'text/plain' };
    const { status } = await site().api.call('POST', path('/sync'), { body: '{}', headers });
    expect(status).toBe(415);
  });
});

describe('applications', () => {
  it('get and list show the same object as the cluster has it', async () => {
    const shown = await site().api.get<Application>(path());
    const list = await site().api.get<{ metadata: { resourceVersion: string }; items: Application[] }>(
      '/api/v1/applications',
    );
    const { spec, status } = await app.get();
    expect(shown).toMatchObject({ spec, status });
    expect(list.items.map((item) => item.metadata.name)).toEqual([app.name]);
    expect(list.items[0]).toMatchObject({ spec, status });
    expect(list.metadata.resourceVersion).toMatch(/^\d+$/);
  });

  it('an unknown application is 403 for who may not know whether it exists, as in Argo CD, or 404', async () => {
    const { status, json } = await site().api.call<{ code: number }>('GET', '/api/v1/applications/nobody');
    expect([403, 404]).toContain(status);
    expect([7, 5]).toContain(json.code);
  });

  it('create answers the stored object; the same again is the same; another spec needs upsert', async () => {
    const name = `${app.name}-created`;
    const options = { name, namespace: app.namespace, url: app.repositoryUrl, site: site(), automated: null };
    const body = applicationOf(options);
    const create = (wanted: object, query = '') =>
      site().api.call<Application>('POST', `/api/v1/applications${query}`, { body: wanted });
    const first = await create(body);
    expect(first).toMatchObject({ status: 200, json: { metadata: { name, namespace: site().namespace } } });
    expect((await create(body)).status).toBe(200);
    const other = applicationOf({ ...options, revision: 'HEAD' });
    expect((await create(other)).status).toBe(400);
    expect((await create(other, '?upsert=true')).json.spec.source?.targetRevision).toBe('HEAD');
    expect((await site().api.call('DELETE', `/api/v1/applications/${name}?cascade=false`)).status).toBe(200);
  });

  it('an invalid specification is refused with 400 and what to do', async () => {
    const body = applicationOf({ name: 'invalid', namespace: 'x', url: '', site: site() });
    const { status, json } = await site().api.call<{ message: string; code: number }>('POST', '/api/v1/applications', {
      body,
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 3, message: expect.stringMatching(/repo/i) });
  });

  it('sync starts an operation of the user and returns the application', async () => {
    const answer = await site().api.post<Application>(path('/sync'), { prune: true });
    expect(answer.operation).toMatchObject({ initiatedBy: { username: 'admin' }, sync: { prune: true } });
    const state = await app.operationEnded('Succeeded');
    expect(state.operation.initiatedBy).toMatchObject({ username: 'admin' });
    await app.is('Synced', 'Healthy');
  });

  it('a sync without auto-sync is not repeated by a push; the application becomes OutOfSync', async () => {
    const commit = await app.push(version('2'));
    await app.shows('is OutOfSync at the commit', ({ status, operation }) => {
      expect(status?.sync).toMatchObject({ status: 'OutOfSync', revision: commit });
      expect(operation).toBeUndefined();
    });
    await app.sync();
    await app.operationEnded('Succeeded');
    await app.is('Synced', 'Healthy');
  });

  it('rollback goes to an entry of the history, and refuses one that does not exist', async () => {
    const first = (await app.get()).status?.history?.[0];
    await app.rollback(first?.id ?? -1);
    await app.operationEnded('Succeeded');
    expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value: '1' });
    await app.is('OutOfSync');
    const { status, json } = await site().api.call<{ message: string }>('POST', path('/rollback'), {
      body: { id: 999 },
    });
    expect({ status, message: json.message }).toEqual({ status: 400, message: expect.stringContaining('999') });
  });

  it('terminate ends a running operation, and is refused when there is none', async () => {
    const hook = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'stuck', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
    };
    await app.push({
      'hook.yaml': yaml({
        ...hook,
        spec: { containers: [{ name: 'main', image: 'stuck:broken' }], restartPolicy: 'Never' },
      }),
    });
    await app.sync();
    await app.shows('waits for the hook', ({ status }) => expect(status?.operationState?.phase).toBe('Running'));
    await eventually(async () => expect(await app.object('Pod', 'stuck')).toBeDefined());
    const terminate = () => site().api.call('DELETE', path('/operation'));
    expect((await terminate()).status).toBe(200);
    await app.operationEnded('Failed');
    expect((await terminate()).status).toBe(400);
    await app.push({ 'hook.yaml': null });
  });

  it('resource-tree and managed-resources show what is deployed', async () => {
    await app.sync();
    await app.operationEnded('Succeeded');
    await app.is('Synced');
    await eventually(async () => {
      const tree = await site().api.get<{ nodes: { kind: string; name: string }[] }>(path('/resource-tree'));
      expect(tree.nodes).toMatchObject([{ kind: 'ConfigMap', name: 'settings' }]);
    });
    const managed = await site().api.get<{ items: { kind: string; targetState: string; liveState: string }[] }>(
      path('/managed-resources'),
    );
    const [item] = managed.items.filter(({ kind }) => kind === 'ConfigMap');
    expect(JSON.parse(item?.targetState ?? '{}')).toMatchObject({ data: { value: '2' } });
    expect(JSON.parse(item?.liveState ?? '{}')).toMatchObject({ data: { value: '2' } });
  });

  it('manifests are those of Git', async () => {
    const { manifests } = await site().api.get<{ manifests: string[] }>(path('/manifests'));
    expect(manifests.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { kind: 'ConfigMap', data: { value: '2' } },
    ]);
  });

  it('patch and delete change the stored object', async () => {
    const patch = JSON.stringify({ metadata: { annotations: { note: 'patched' } } });
    const answer = await site().api.call<Application>('PATCH', path(), {
      body: { name: app.name, patch, patchType: 'merge' },
    });
    expect(answer).toMatchObject({ status: 200, json: { metadata: { annotations: { note: 'patched' } } } });
    expect((await app.get()).metadata.annotations?.['note']).toBe('patched');
  });
});

describe('the stream', () => {
  interface Item {
    readonly result: { readonly type: string; readonly application: Application };
  }

  it('starts with what exists and delivers a change (N19)', async () => {
    const stop = new AbortController();
    const types: string[] = [];
    for await (const { result } of site().api.stream<Item>(
      `/api/v1/stream/applications?name=${app.name}`,
      stop.signal,
    )) {
      types.push(result.type);
      if (types.length === 1) await annotate('first');
      if (result.application.metadata.annotations?.['note'] === 'first') break;
    }
    stop.abort();
    expect([types[0], types.at(-1)]).toEqual(['ADDED', 'MODIFIED']);
  });

  it('needs a session', async () => {
    expect((await call(url(), 'GET', { path: '/api/v1/stream/applications' })).status).toBe(401);
  });

  async function annotate(note: string): Promise<void> {
    const resource = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    await site().client.patch(resource, { metadata: { annotations: { note } } });
  }
});

describe('the webhook', () => {
  const push = (commit: string) => ({ repositoryUrl: app.repositoryUrl, commit, files: ['a.yaml'] });
  /** Queue entries and requests of any application. */
  const queued = async () => {
    const dump = await redisCommand(site().redis, ['EVAL', COUNT_ENTRIES, '0']);
    return Number(dump);
  };

  it.each([
    ['a wrong signature', (commit: string) => pushRequest(push(commit), 'guessed')],
    ['no signature', (commit: string) => ({ ...pushRequest(push(commit), ''), headers: { 'x-github-event': 'push' } })],
  ])('with %s is refused and nothing is looked at (S13)', async (_, request) => {
    const commit = await app.commit(version('3'));
    site().git.clearRequests();
    const before = await queued();
    const answer = await call(url(), 'POST', { path: '/api/webhook', ...request(commit) });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    // What else is under way ends by itself; a refresh of this push would have asked Git by then.
    await eventually(async () => expect(await queued()).toBeLessThanOrEqual(before));
    expect((await app.get()).status?.sync?.revision).not.toBe(commit);
    expect(site().git.requests).toEqual([]);
  });

  it('of another repository is accepted and wakes nobody', async () => {
    const request = pushRequest(
      { repositoryUrl: 'https://elsewhere.example/x.git', commit: 'a'.repeat(40), files: [] },
      site().installation.webhookSecret,
    );
    site().git.clearRequests();
    expect([200, 202]).toContain((await call(url(), 'POST', { path: '/api/webhook', ...request })).status);
    expect(site().git.requests).toEqual([]);
  });

  it('larger than the limit is refused', async () => {
    const body = JSON.stringify({ padding: 'x'.repeat(60 * 1024 * 1024) });
    const headers = { 'x-github-event': 'push', 'x-hub-signature-256': 'sha256=00' };
    const answer = await call(url(), 'POST', { path: '/api/webhook', body, headers }).catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
  });
});

/** Lists and sorted sets of BullMQ: entries that wait for a worker. */
const COUNT_ENTRIES = `
  local count = 0
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', key).ok
    if kind == 'list' then count = count + redis.call('LLEN', key) end
    if kind == 'zset' then count = count + redis.call('ZCARD', key) end
  end
  return count`;

describe('without a session', () => {
  it('the badge of an application is an SVG that says Healthy and Synced (A41)', async () => {
    await app.sync();
    await app.is('Synced', 'Healthy');
    const badge = await eventually(async () => {
      const answer = await call(url(), 'GET', { path: `/api/badge?name=${app.name}` });
      expect(answer.text).toContain('Synced');
      return answer;
    });
    expect(badge.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(badge.text).toContain('Healthy');
  });

  it('the version is known', async () => {
    const { status, json } = await call<{ Version: string }>(url(), 'GET', { path: '/api/version' });
    expect({ status, version: json.Version }).toEqual({
      status: 200,
      version: expect.stringMatching(/^v\d+\.\d+\.\d+/),
    });
  });

  it('the API describes itself', async () => {
    const { json } = await call<{ openapi: string; paths: Record<string, unknown> }>(url(), 'GET', {
      path: '/api/openapi.json',
    });
    expect(json.openapi).toMatch(/^3\./);
    expect(Object.keys(json.paths)).toContain('/api/v1/applications/{name}/sync');
  });
});
