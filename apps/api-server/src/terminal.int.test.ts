/** The web terminal (N18, F32, P11) through a real API server's exec to a stand-in for the kubelet. */
import { request as httpRequest } from 'node:http';
import { createAuthenticatedCache } from '@tiphys/cache';
import { resourceTreeCacheKey } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  type KubeClient,
  type KubeletExecRequest,
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
import { WebSocket } from 'ws';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const nodeName = uniqueName('exec');
let server: TestApp;
let port: number;
let kube: KubeClient;
let kubelet: KubeletLogs;
let namespace: string;
let key: Uint8Array;
let cache: Awaited<ReturnType<typeof createAuthenticatedCache>>;
/** What the kubelet does with the next command. */
let onExec: (request: KubeletExecRequest) => void;

const at = (resource: string, name: string) => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const frame = (channel: number, text: string) => Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
const success = frame(3, JSON.stringify({ status: 'Success' }));
const notFound = (shell: string) =>
  frame(3, JSON.stringify({ status: 'Failure', message: `exec: "${shell}": not found` }));
const configMap = (data: Record<string, string>) => kube.patch(at('configmaps', 'argocd-cm'), { data });

const POLICY = [
  'p, bob, applications, get, default/*, allow',
  'p, eve, exec, create, default/*, allow',
  'p, carol, applications, get, default/*, allow',
  'p, carol, exec, create, default/*, allow',
];

beforeAll(async () => {
  const plane = await sharedControlPlane();
  const redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('terminal');
  const onRequest = () => expect.unreachable('nobody asks for logs');
  kubelet = await startKubeletLogs(kube, { nodeName, onRequest, onExec: (request) => onExec(request) });
  const config = (name: string, data: Record<string, string>) =>
    kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  const accounts = { 'accounts.bob': 'login', 'accounts.eve': 'login', 'accounts.carol': 'login' };
  await config('argocd-cm', { ...accounts, 'exec.enabled': 'true', 'exec.shells': 'zsh,sh' });
  await config('argocd-rbac-cm', { 'policy.csv': POLICY.join('\n') });
  for (const name of ['web', 'foreign', 'pending']) {
    const containers = [{ name: 'main', image: `example.com/c:${name === 'pending' ? 'broken' : '1'}` }];
    const spec = { nodeName, containers, terminationGracePeriodSeconds: 0 };
    await kube.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec } as KubeObject);
  }
  await eventually(async () =>
    expect(await kube.get(at('pods', 'web'))).toMatchObject({ status: { phase: 'Running' } }),
  );
  const overrides = (deps: TestApp['deps']) => ({
    ...deps,
    installation: { ...deps.installation, sessionRecheckMs: 50 },
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir, overrides });
  const base = await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = Number(new URL(base).port);
  const decoded = async (name: string, field: string) => {
    const secret = await kube.get<KubeObject & { data: Record<string, string> }>(at('secrets', name));
    return Buffer.from(secret.data[field] ?? '', 'base64');
  };
  key = await decoded('argocd-secret', 'server.secretkey');
  await server.logIn((await decoded('argocd-initial-admin-secret', 'password')).toString());
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const app = { metadata: { name: 'app' }, spec: { source, destination: { name: 'in-cluster', namespace } } };
  expect((await server.call('POST', '/api/v1/applications', app)).statusCode).toBe(200);
  const nodes = ['web', 'gone', 'pending'].map((name) => ({ kind: 'Pod', name, namespace, uid: name, version: 'v1' }));
  await cache.setJson(resourceTreeCacheKey('app'), { nodes }, 600_000);
});

afterAll(async () => {
  await server?.stop();
  await cache?.close();
  for (const name of ['web', 'foreign', 'pending']) {
    await kube.request('DELETE', at('pods', name)).catch(() => undefined);
  }
  await kubelet?.stop();
  removeDirectory(tlsDir);
});

async function tokenOf(account: string, id: string = uniqueName('session')): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600, jti: id };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

interface Open {
  readonly query?: Record<string, string>;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

const query = (changes: Record<string, string> = {}) =>
  new URLSearchParams({ pod: 'web', container: 'main', appName: 'app', projectName: 'default', namespace, ...changes });

/** As a browser does it: a cookie and an origin. */
function connect({ query: changes = {}, token = server.token, headers }: Open = {}) {
  const browser = { cookie: `argocd.token=${token}`, origin: `http://127.0.0.1:${port}` };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/terminal?${query(changes)}`, { headers: headers ?? browser });
  const messages: { operation?: string; data?: string; Code?: number }[] = [];
  socket.on('message', (data: Buffer) => void messages.push(JSON.parse(data.toString())));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  const text = () => messages.map(({ data }) => data ?? '').join('');
  const send = (message: object) => socket.send(JSON.stringify(message));
  return { socket, messages, closed, text, send };
}

/** The answer to a websocket that is not opened. */
async function refused(options: Open): Promise<{ status: number | undefined; message: string }> {
  const { socket } = connect(options);
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('it was opened')));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, message: body === '' ? '' : JSON.parse(body).message });
      });
    });
  });
}

/** The next shell that starts, with what it is sent. */
function nextShell(): Promise<KubeletExecRequest & { readonly received: Buffer[] }> {
  return new Promise((resolve) => {
    onExec = (request) => {
      const received: Buffer[] = [];
      request.socket.on('message', (data: Buffer) => void received.push(data));
      resolve({ ...request, received });
    };
  });
}

describe('a terminal', () => {
  it('carries input, output and size between browser and shell', async () => {
    const started = nextShell();
    const terminal = connect({ query: { shell: 'sh' } });
    const shell = await started;
    expect(shell).toMatchObject({ namespace, pod: 'web', container: 'main' });
    expect(shell.query.getAll('command')).toEqual(['sh']);
    expect(shell.query.get('tty')).toMatch(/^(?:1|true)$/);
    terminal.send({ operation: 'resize', cols: 120, rows: 40 });
    terminal.send({ operation: 'stdin', data: 'echo €\n' });
    const expected = [frame(4, '{"Width":120,"Height":40}'), frame(0, 'echo €\n')];
    await eventually(() => expect(shell.received).toEqual(expected));
    const euro = Buffer.from('€\r\n');
    shell.socket.send(frame(1, ''));
    // A letter cut in two arrives whole.
    shell.socket.send(Buffer.concat([Buffer.from([1]), euro.subarray(0, 1)]));
    shell.socket.send(Buffer.concat([Buffer.from([1]), euro.subarray(1)]));
    shell.socket.send(frame(2, 'warning'));
    await eventually(() => expect(terminal.text()).toBe('€\r\nwarning'));
    expect(terminal.messages.at(-1)).toEqual({ operation: 'stdout', data: 'warning', rows: 0, cols: 0 });
    shell.socket.send(success);
    expect(await terminal.closed).toEqual({ code: 1000, reason: 'the shell ended' });
  });

  it('tries the shells of the settings in their order until one starts', async () => {
    const asked: string[] = [];
    onExec = ({ query: parameters, socket }) => {
      const shell = parameters.get('command') ?? '';
      asked.push(shell);
      socket.send(shell === 'zsh' ? notFound(shell) : frame(1, '$ '));
    };
    const terminal = connect({ query: { shell: 'evil' } });
    await eventually(() => expect(terminal.text()).toBe('$ '));
    expect(asked).toEqual(['zsh', 'sh']);
    terminal.socket.close();
    await terminal.closed;
  });

  it('says so when no shell starts', async () => {
    onExec = ({ query: parameters, socket }) => socket.send(notFound(parameters.get('command') ?? ''));
    const terminal = connect();
    expect(await terminal.closed).toEqual({ code: 1000, reason: 'the shell ended' });
    expect(terminal.text()).toBe('no shell could be started (sh: exec: "sh": not found)');
  });

  it('ends in the container when the browser goes', async () => {
    const started = nextShell();
    const terminal = connect();
    const { socket } = await started;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    terminal.socket.terminate();
    await gone;
  });

  it('leaves an Event with the name of the user (F35)', async () => {
    onExec = ({ socket }) => socket.send(success);
    await connect({ token: await tokenOf('carol') }).closed;
    await eventually(async () => {
      const events = await kube.list(`/api/v1/namespaces/${namespace}/events`);
      const messages = events.map((event) => (event as KubeObject & { message: string }).message);
      expect(messages).toContain(`carol opened a terminal in container main of pod ${namespace}/web`);
    });
  });

  it('leaves a line in the audit log, whether it was opened or refused (F35)', async () => {
    onExec = ({ socket }) => socket.send(success);
    await connect({ token: await tokenOf('carol') }).closed;
    await refused({ token: await tokenOf('bob') });
    const lines = () =>
      server.auditLines().map((line) => JSON.parse(line) as { operation: string; user: { subject: string } });
    const lineOf = (subject: string) =>
      lines().findLast(({ operation, user }) => operation === 'TerminalService_Open' && user.subject === subject);
    const object = `app/${namespace}/web/main`;
    const permission = { resource: 'exec', action: 'create' };
    await eventually(async () => {
      expect(lineOf('carol')).toMatchObject({ object, permission, result: { status: 101 } });
      expect(lineOf('bob')).toMatchObject({ object, permission, result: { status: 403 }, security: 3 });
    });
  });

  it.each([
    ['what is no message', 'rm -rf', 1003],
    ['a message that is too large', JSON.stringify({ operation: 'stdin', data: 'x'.repeat(70_000) }), 1009],
  ])('is closed by %s', async (_, text, code) => {
    const started = nextShell();
    const terminal = connect();
    const { received, socket } = await started;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    terminal.socket.send(text);
    expect((await terminal.closed).code).toBe(code);
    await gone;
    expect(received).toEqual([]);
  });

  it('waits in the container, not in our memory, while the browser does not read', async () => {
    const started = nextShell();
    const terminal = connect();
    const { socket } = await started;
    await new Promise<void>((resolve) => {
      if (terminal.socket.readyState === WebSocket.OPEN) resolve();
      else terminal.socket.once('open', () => resolve());
    });
    terminal.socket.pause();
    const limit = 128 * 1024 * 1024;
    const chunk = frame(1, 'x'.repeat(32 * 1024));
    let taken = 0;
    const pump = (): void => {
      if (taken >= limit || socket.readyState !== WebSocket.OPEN) return;
      socket.send(chunk, () => {
        taken += chunk.length;
        pump();
      });
    };
    pump();
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
    terminal.socket.terminate();
  });
});

describe('a terminal is not opened', () => {
  beforeAll(() => {
    onExec = () => expect.unreachable('a shell was started');
  });

  it.each<[string, () => Promise<Open> | Open, number, RegExp]>([
    ['without a session', () => ({ headers: { origin: `http://127.0.0.1:${port}` } }), 401, /no session/],
    ['with a session that is forged', () => ({ token: `${server.token}x` }), 401, /invalid session/],
    [
      'for a page of another site (S25)',
      () => ({ headers: { cookie: `argocd.token=${server.token}`, origin: 'https://evil.example.com' } }),
      403,
      /origin https:\/\/evil/,
    ],
    [
      'for a cookie without an origin (S25)',
      () => ({ headers: { cookie: `argocd.token=${server.token}` } }),
      403,
      /origin/,
    ],
    [
      'without the permission exec',
      async () => ({ token: await tokenOf('bob') }),
      403,
      /exec, create, default\/app, sub: bob/,
    ],
    [
      'without the permission to get the application',
      async () => ({ token: await tokenOf('eve') }),
      403,
      /^permission denied$/,
    ],
    ['without a pod', () => ({ query: { pod: '' } }), 400, /Missing required parameters: pod/],
    ['for a name that is a path', () => ({ query: { pod: 'web/../../secrets' } }), 400, /pod is not a valid name/],
    ['for a namespace that is none', () => ({ query: { namespace: 'a?b' } }), 400, /namespace is not a valid name/],
    ['for another project', () => ({ query: { projectName: 'other' } }), 404, /not found/],
    ['for a pod of another application', () => ({ query: { pod: 'foreign' } }), 400, /doesn't belong to specified app/],
    ['for a pod that is gone', () => ({ query: { pod: 'gone' } }), 400, /Cannot find pod gone/],
    ['for a pod that does not run', () => ({ query: { pod: 'pending' } }), 400, /Pod not running: it is Pending/],
    [
      'for a container that does not exist',
      () => ({ query: { container: 'none' } }),
      400,
      /Cannot find container none/,
    ],
  ])('%s', async (...[, options, status, message]) => {
    const answer = await refused(await options());
    expect(answer.status).toBe(status);
    expect(answer.message).toMatch(message);
  });

  it('by a request that is no websocket', async () => {
    expect((await server.call('GET', `/terminal?${query()}`)).statusCode).toBe(404);
  });

  it.each(['h2c', 'websocket'])('at other addresses: a wish for %s is passed over, as HTTP allows', async (upgrade) => {
    const headers = { connection: 'Upgrade', upgrade, 'content-type': 'application/json', 'content-length': '2' };
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ port, method: 'POST', path: '/api/v1/session', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.once('error', reject).end('{}');
    });
    expect(status).toBe(401);
  });
});

describe('an open terminal ends', () => {
  it.each([
    [
      'with its session (S17)',
      async (token: string) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        await server.app.inject({ method: 'DELETE', url: '/api/v1/session', headers });
      },
      'the session has ended',
      { Code: 1 },
    ],
    [
      'with the permission (S17)',
      () => kube.patch(at('configmaps', 'argocd-rbac-cm'), { data: { 'policy.csv': POLICY.slice(0, 3).join('\n') } }),
      'Permission denied',
      { operation: 'stdout', data: 'Permission denied', rows: 0, cols: 0 },
    ],
  ])('%s', async (...[, take, reason, last]) => {
    const token = await tokenOf('carol');
    const started = nextShell();
    const terminal = connect({ token });
    const { socket } = await started;
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await take(token);
    expect(await terminal.closed).toEqual({ code: 1008, reason });
    expect(terminal.messages.at(-1)).toEqual(last);
    await gone;
  });

  it('when nobody uses it', async () => {
    await configMap({ 'exec.idleTimeout': '100ms' });
    await eventually(async () => {
      onExec = () => undefined;
      const { reason } = await connect().closed;
      expect(reason).toBe('the terminal was idle for too long');
    });
    await configMap({ 'exec.idleTimeout': '30m' });
  });

  it('when terminals are switched off, and no other one is opened', async () => {
    const started = nextShell();
    const terminal = connect();
    await started;
    await configMap({ 'exec.enabled': 'false' });
    expect((await terminal.closed).reason).toBe('Permission denied');
    expect(await refused({})).toMatchObject({ status: 404, message: expect.stringMatching(/exec.enabled/) });
  });
});
