/** Logs of pods through REST, a real API server and a stand-in for the kubelet's log endpoint (N04, N19, S17). */
import { createAuthenticatedCache } from '@tiphys/cache';
import { resourceTreeCacheKey } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeletLogRequest,
  type KubeletLogs,
  type KubeObject,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  startKubeletLogs,
  temporaryDirectory,
  uniqueName,
  writeTlsDir,
} from '@tiphys/testing';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const nodeName = uniqueName('logs');
let server: TestApp;
let base: string;
let kube: KubeClient;
let kubelet: KubeletLogs;
let namespace: string;
let cache: Awaited<ReturnType<typeof createAuthenticatedCache>>;
/** What the kubelet does with the next requests. */
let onRequest: (request: KubeletLogRequest) => void;

const at = (resource: string, name: string) => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const second = (value: number) => `2026-01-01T00:00:${String(value).padStart(2, '0')}`;
const TEXTS: Readonly<Record<string, string>> = {
  'web-a': `${second(1)}.500000000Z one\n${second(4)}Z Four\n`,
  'web-b': `${second(2)}Z two\n${second(3)}Z three\n`,
};
const answerTexts = ({ pod, response }: KubeletLogRequest) => void response.end(TEXTS[pod] ?? '');

beforeAll(async () => {
  const plane = await sharedControlPlane();
  const redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('logs');
  kubelet = await startKubeletLogs(kube, { nodeName, onRequest: (request) => onRequest(request) });
  const config = (name: string, data: Record<string, string>) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  await config('argocd-cm', { 'accounts.bob': 'login', 'accounts.reader': 'login' });
  await config('argocd-rbac-cm', {
    'policy.csv': [
      'p, bob, applications, get, default/*, allow',
      'p, reader, applications, get, default/*, allow',
      'p, reader, logs, get, default/*, allow',
    ].join('\n'),
  });
  const spec = { nodeName, containers: [{ name: 'c', image: 'example.com/c:1' }], terminationGracePeriodSeconds: 0 };
  for (const name of ['web-a', 'web-b', 'foreign']) {
    await kube.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec } as KubeObject);
  }
  const overrides = (deps: TestApp['deps']) => ({
    ...deps,
    installation: { ...deps.installation, sessionRecheckMs: 50 },
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir, overrides });
  base = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    at('secrets', 'argocd-initial-admin-secret'),
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const app = { metadata: { name: 'app' }, spec: { source, destination: { name: 'in-cluster', namespace } } };
  expect((await server.call('POST', '/api/v1/applications', app)).statusCode).toBe(200);
  const set = { group: 'apps', kind: 'ReplicaSet', name: 'web', namespace, uid: 'web', version: 'v1' };
  const pods = ['web-a', 'web-b', 'gone'].map((name) => ({
    ...{ kind: 'Pod', name, namespace, uid: name, version: 'v1' },
    parentRefs: name === 'gone' ? [] : [set],
  }));
  await cache.setJson(resourceTreeCacheKey('app'), { nodes: [set, ...pods] }, 600_000);
});

afterAll(async () => {
  await server?.stop();
  await cache?.close();
  for (const name of ['web-a', 'web-b', 'foreign'])
    await kube.request('DELETE', at('pods', name)).catch(() => undefined);
  await kubelet?.stop();
  removeDirectory(tlsDir);
});

async function tokenOf(account: string): Promise<string> {
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(at('secrets', 'argocd-secret'));
  const key = Buffer.from(secret.data['server.secretkey'] ?? '', 'base64');
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

const WEB = '/logs?group=apps&kind=ReplicaSet&resourceName=web';

interface Open {
  readonly user?: string;
  readonly accept?: string;
}

/** A real connection; read by lines, or not at all. */
async function open(path: string, { user, accept = 'application/json' }: Open = {}) {
  const controller = new AbortController();
  const token = user === undefined ? server.token : await tokenOf(user);
  const answer = await fetch(`${base}/api/v1/applications/app${path}`, {
    headers: { authorization: `Bearer ${token}`, accept },
    signal: controller.signal,
  });
  return { answer, close: () => controller.abort() };
}

async function read(path: string, options: Open = {}) {
  const { answer } = await open(path, options);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '');
  return { status: answer.status, lines };
}

async function contents(path: string) {
  const { lines } = await read(path);
  return lines.map((line) => JSON.parse(line).result.content as string);
}

describe('the log of a pod', () => {
  it('is a stream of entries that says when it is over (N04, N19)', async () => {
    onRequest = answerTexts;
    const { lines } = await read('/pods/web-a/logs');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        result: {
          ...{ content: 'one', podName: 'web-a', last: false },
          ...{ timeStamp: `${second(1)}Z`, timeStampStr: `${second(1)}.5Z` },
        },
      },
      {
        result: {
          ...{ content: 'Four', podName: 'web-a', last: false },
          ...{ timeStamp: `${second(4)}Z`, timeStampStr: `${second(4)}Z` },
        },
      },
      {
        result: {
          content: '',
          podName: '',
          last: true,
          timeStamp: expect.any(String),
          timeStampStr: expect.any(String),
        },
      },
    ]);
  });

  it('comes as server-sent events when asked', async () => {
    onRequest = answerTexts;
    const { lines } = await read('/pods/web-a/logs', { accept: 'text/event-stream' });
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.startsWith('data: {"result":{"content":'))).toBe(true);
  });

  it('of several pods is one, by time', async () => {
    onRequest = answerTexts;
    expect(await contents(WEB)).toEqual(['one', 'two', 'three', 'Four', '']);
  });

  it.each([
    ['&filter=o', ['one', 'two', 'Four', '']],
    ['&filter=F&matchCase=true', ['Four', '']],
    ['&filter=!o', ['three', '']],
    [`&untilTime=${second(2)}Z`, ['one', 'two', 'three']],
  ])('with %s shows %j', async (query, expected) => {
    onRequest = answerTexts;
    expect(await contents(WEB + query)).toEqual(expected);
  });

  it('asks the kubelet for what the query says', async () => {
    let asked: KubeletLogRequest | undefined;
    onRequest = (request) => {
      asked = request;
      request.response.end();
    };
    await contents('/pods/web-a/logs?container=c&tailLines=5&previous=true&sinceSeconds=60');
    expect(asked).toMatchObject({ namespace, pod: 'web-a', container: 'c' });
    const expected = { tailLines: '5', previous: 'true', sinceSeconds: '60', timestamps: 'true' };
    expect(Object.fromEntries(asked?.query ?? [])).toMatchObject(expected);
  });

  it.each([
    ['a container that does not exist', '/pods/web-a/logs?container=nope', /nope/],
    ['a pod that is gone', '/pods/gone/logs', /gone/],
  ])('of %s says so in an entry', async (_name, path, message) => {
    const [first, last] = (await read(path)).lines.map((line) => JSON.parse(line).result);
    expect(first.content).toMatch(message);
    expect(last).toMatchObject({ last: true });
  });

  it.each(['/pods/foreign/logs', '/logs?kind=Pod&resourceName=foreign'])(
    'outside the tree is empty: %s',
    async (path) => {
      onRequest = () => expect.unreachable('the kubelet was asked for a pod of another application');
      expect(await read(path)).toEqual({ status: 200, lines: [] });
    },
  );

  it.each([
    ['bob', 403, 'permission denied: logs, get, default/app, sub: bob'],
    ['reader', 200, ''],
  ])('needs the right to read logs: %s gets %i', async (user, status, message) => {
    onRequest = answerTexts;
    const answer = await read('/pods/web-a/logs', { user });
    expect(answer.status).toBe(status);
    if (message !== '') expect(JSON.parse(answer.lines[0] ?? '').message).toBe(message);
  });

  it('is refused for a wrong time before it starts', async () => {
    expect((await read('/pods/web-a/logs?untilTime=tomorrow')).status).toBe(400);
  });
});

describe('a log that is followed', () => {
  /** Resolves with the request, whose answer stays open. */
  const nextRequest = () =>
    new Promise<KubeletLogRequest>((resolve) => {
      onRequest = resolve;
    });

  it('shows lines as they come, and ends at the kubelet when the client goes', async () => {
    const asked = nextRequest();
    const { answer, close } = await open('/pods/web-a/logs?follow=true');
    const { response, query } = await asked;
    expect(query.get('follow')).toBe('true');
    const gone = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const reader = answer.body?.getReader();
    for (const text of ['one', 'two']) {
      response.write(`${second(1)}Z ${text}\n`);
      const chunk = await reader?.read();
      expect(Buffer.from(chunk?.value ?? []).toString()).toContain(`"content":"${text}"`);
    }
    close();
    await gone;
  });

  it('waits in the kubelet, not in our memory, while the client does not read', async () => {
    const asked = nextRequest();
    const { close } = await open('/pods/web-a/logs?follow=true');
    const { response } = await asked;
    const line = Buffer.from(`${second(1)}Z ${'x'.repeat(8192)}\n`);
    const limit = 256 * 1024 * 1024;
    let taken = 0;
    const pump = (): void => {
      for (let wantsMore = true; wantsMore && taken < limit; taken += line.length) wantsMore = response.write(line);
    };
    response.on('drain', pump);
    pump();
    // The buffers of three connections fill up, then nothing more is taken of the endless log.
    let before = -1;
    await eventually(
      () => {
        const last = before;
        before = taken;
        expect(last).toBe(taken);
      },
      { intervalMs: 200, timeoutMs: 50_000 },
    );
    expect(taken).toBeLessThan(limit / 4);
    expect(response.destroyed).toBe(false);
    const gone = new Promise<void>((resolve) => response.once('close', () => resolve()));
    close();
    await gone;
  });

  it('ends when the right to read logs is taken away (S17)', async () => {
    const asked = nextRequest();
    const { answer } = await open('/pods/web-a/logs?follow=true', { user: 'reader' });
    await asked;
    await kube.patch(at('configmaps', 'argocd-rbac-cm'), {
      data: { 'policy.csv': 'p, reader, applications, get, default/*, allow' },
    });
    expect(await answer.text()).toBe('');
  });
});

describe('too many pods', () => {
  it('are refused with the limit of the settings', async () => {
    await kube.patch(at('configmaps', 'argocd-cm'), { data: { 'server.maxPodLogsToRender': '1' } });
    onRequest = answerTexts;
    await eventually(async () => {
      const { status, lines } = await read(WEB);
      expect([status, JSON.parse(lines[0] ?? '{}').message]).toEqual([400, expect.stringContaining('at most 1')]);
    });
  });
});
