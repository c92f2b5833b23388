/** Proxy extensions (N18, N20, F33) with a real backend, and the scripts of UI extensions (P19). */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
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
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const tlsDir = temporaryDirectory('tls');
const scripts = temporaryDirectory('extensions');
let server: TestApp;
let port: number;
let kube: KubeClient;
let backend: Server;
let namespace: string;
let key: Uint8Array;
const requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
/** What the backend does after it has read the request. */
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const at = (resource: string, name: string) => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const config = (name: string, data: Record<string, string>) =>
  kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });

async function startBackend(): Promise<Server> {
  const started = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
    request.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return started;
}

const POLICY = [
  'p, bob, applications, get, default/*, allow',
  'p, carol, applications, get, default/*, allow',
  'p, carol, extensions, invoke, echo, allow',
  'p, eve, extensions, invoke, *, allow',
  'p, role:admin, extensions, invoke, *, allow',
].join('\n');

beforeAll(async () => {
  const plane = await sharedControlPlane();
  const redis = await sharedRedis();
  kube = plane.client();
  backend = await startBackend();
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('extensions');
  const accounts = { 'accounts.bob': 'login', 'accounts.eve': 'login', 'accounts.carol': 'login' };
  const headers = [{ name: 'Authorization', value: '$backend.token' }];
  const services = (cluster: object) => [
    { url: 'http://127.0.0.1:1', cluster: { name: 'other' } },
    { url, cluster },
  ];
  await config('argocd-cm', {
    ...accounts,
    'extension.config': JSON.stringify({
      extensions: [
        { name: 'echo', backend: { services: [{ url: `${url}/unused`, headers }] } },
        { name: 'by-name', backend: { services: services({ name: 'in-cluster' }) } },
        { name: 'by-server', backend: { services: services({ server: 'https://kubernetes.default.svc' }) } },
        { name: 'nowhere', backend: { services: services({ name: 'another' }) } },
      ],
    }),
    'extension.config.down': JSON.stringify({ services: [{ url: 'http://127.0.0.1:1' }] }),
  });
  await config('argocd-cmd-params-cm', { 'server.enable.proxy.extension': 'true' });
  await config('argocd-rbac-cm', { 'policy.csv': POLICY });
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'argocd-secret', namespace } },
    stringData: { 'backend.token': 'Bearer of-the-backend' },
  } as KubeObject);
  const overrides = (deps: TestApp['deps']) => ({ ...deps, extensions: { ...deps.extensions, directory: scripts } });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir, overrides });
  port = Number(new URL(await server.app.listen({ host: '127.0.0.1', port: 0 })).port);
  const decoded = async (name: string, field: string) => {
    const secret = await kube.get<KubeObject & { data: Record<string, string> }>(at('secrets', name));
    return Buffer.from(secret.data[field] ?? '', 'base64');
  };
  key = await decoded('argocd-secret', 'server.secretkey');
  await server.logIn((await decoded('argocd-initial-admin-secret', 'password')).toString());
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const app = { metadata: { name: 'app' }, spec: { source, destination: { name: 'in-cluster', namespace } } };
  expect((await server.call('POST', '/api/v1/applications', app)).statusCode).toBe(200);
});

afterAll(async () => {
  await server?.stop();
  backend?.closeAllConnections();
  backend?.close();
  removeDirectory(tlsDir);
  removeDirectory(scripts);
});

async function tokenOf(account: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600 };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | undefined;
  readonly token?: string;
}

/** A real request with the path to the letter. */
function call(path: string, { method = 'GET', headers = {}, body, token = server.token }: Call = {}) {
  const sent = {
    cookie: `argocd.token=${token}; theme=dark`,
    'argocd-application-name': `${namespace}:app`,
    'argocd-project-name': 'default',
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const present = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>((resolve, reject) => {
    const request = httpRequest({ port, method, path, headers: present as Record<string, string> }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.once('error', reject).end(body);
  });
}

const ok = (_: IncomingMessage, response: ServerResponse) => void response.end('fine');

describe('a request to an extension', () => {
  it('reaches the backend with who asks and about what, and without the session', async () => {
    answer = (_, response) => {
      response.writeHead(201, {
        'content-type': 'text/plain',
        'set-cookie': 'argocd.token=stolen',
        'content-security-policy': "script-src 'unsafe-inline'",
        'x-own': 'yes',
      });
      response.end('created');
    };
    const forged = { 'argocd-username': 'somebody', 'argocd-user-groups': 'admins' };
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-custom': '1', ...forged };
    const result = await call('/extensions/echo/a/b%2Fc?q=1&q=%20', { method: 'POST', headers, body: 'a=1' });
    expect([result.status, result.body, result.headers['x-own']]).toEqual([201, 'created', 'yes']);
    expect(result.headers['set-cookie']).toBeUndefined();
    expect(result.headers['content-security-policy']).not.toContain("unsafe-inline'; ");
    expect(result.headers['content-security-policy']).toMatch(/script-src 'self'/);
    const received = requests.at(-1);
    expect(received).toMatchObject({ method: 'POST', url: '/a/b%2Fc?q=1&q=%20', body: 'a=1' });
    expect(received?.headers).toMatchObject({
      authorization: 'Bearer of-the-backend',
      'content-type': 'application/x-www-form-urlencoded',
      'x-custom': '1',
      host: `127.0.0.1:${(backend.address() as AddressInfo).port}`,
      'argocd-namespace': namespace,
      'argocd-application-name': `${namespace}:app`,
      'argocd-project-name': 'default',
      'argocd-target-cluster-name': 'in-cluster',
      'argocd-username': 'admin',
      'argocd-user-id': 'admin',
    });
    expect(received?.headers).not.toHaveProperty('cookie');
    expect(received?.headers).not.toHaveProperty('argocd-user-groups');
    expect(JSON.stringify(received?.headers)).not.toContain(server.token);
  });

  it('with a bearer token does not show it either', async () => {
    answer = ok;
    const headers = { cookie: undefined, authorization: `Bearer ${server.token}` };
    expect((await call('/extensions/echo/', { headers })).body).toBe('fine');
    expect(requests.at(-1)).toMatchObject({ url: '/', headers: { authorization: 'Bearer of-the-backend' } });
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('may be a %s with any body and path', async (method) => {
    answer = ok;
    const result = await call('/extensions/echo/x/../y//z', {
      method,
      body: method === 'GET' ? undefined : '{not json',
    });
    expect(result.status).toBe(200);
    expect(requests.at(-1)).toMatchObject({ method, url: '/x/../y//z' });
  });

  it.each(['by-name', 'by-server'])('of several services reaches that of the cluster: %s', async (name) => {
    answer = ok;
    expect((await call(`/extensions/${name}/x`)).status).toBe(200);
    expect((await call('/extensions/nowhere/x')).status).toBe(400);
  });

  it('gets the answer as it comes, and its status', async () => {
    answer = (_, response) => {
      response.writeHead(418, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setImmediate(() => response.end('data: 2\n\n'));
    };
    expect(await call('/extensions/echo/stream')).toMatchObject({ status: 418, body: 'data: 1\n\ndata: 2\n\n' });
  });

  it('ends at the backend when the client goes', async () => {
    const gone = new Promise<void>((resolve) => {
      answer = (_, response) => {
        response.once('close', () => resolve());
        response.write('never ending');
      };
    });
    const controller = new AbortController();
    const headers = { cookie: `argocd.token=${server.token}`, 'argocd-application-name': `${namespace}:app` };
    const response = await fetch(`http://127.0.0.1:${port}/extensions/echo/x`, {
      headers: { ...headers, 'argocd-project-name': 'default' },
      signal: controller.signal,
    });
    expect(response.status).toBe(200);
    controller.abort();
    await gone;
  });

  it('is cut off when its body is too large', async () => {
    answer = ok;
    const before = requests.length;
    const body = 'x'.repeat(17 * 1024 * 1024);
    const result = await call('/extensions/echo/x', { method: 'POST', body }).catch((error: Error) => error);
    expect(result instanceof Error ? 413 : result.status).toBe(413);
    expect(requests).toHaveLength(before);
  });

  it('says when the backend is away', async () => {
    const result = await call('/extensions/down/x');
    expect(result.status).toBe(503);
    expect(JSON.parse(result.body).message).toMatch(
      /the backend of the extension down does not answer: .*ECONNREFUSED/,
    );
  });

  it('is counted (M03)', async () => {
    answer = ok;
    await call('/extensions/echo/x');
    await eventually(async () => {
      const text = await server.metrics.render();
      expect(text).toMatch(/argocd_proxy_extension_request_total\{extension="echo",status="200"\} \d+/);
      expect(text).toMatch(/argocd_proxy_extension_request_total\{extension="down",status="503"\} \d+/);
      expect(text).toMatch(/argocd_proxy_extension_request_duration_seconds_bucket\{le="0.1",extension="echo"\} \d+/);
    });
  });
});

describe('an extension is not asked', () => {
  it.each<[string, () => Promise<Call> | Call, number, RegExp]>([
    ['without a session', () => ({ headers: { cookie: undefined } }), 401, /no session/],
    [
      'without the application',
      () => ({ headers: { 'argocd-application-name': undefined } }),
      400,
      /Argocd-Application-Name/,
    ],
    [
      'for a name of another form',
      () => ({ headers: { 'argocd-application-name': 'app' } }),
      400,
      /<namespace>:<name>/,
    ],
    ['without the project', () => ({ headers: { 'argocd-project-name': undefined } }), 400, /Argocd-Project-Name/],
    ['for the wrong project', () => ({ headers: { 'argocd-project-name': 'other' } }), 404, /not found/],
    [
      'by somebody without the permission (F33)',
      async () => ({ token: await tokenOf('bob') }),
      403,
      /extensions, invoke, echo, sub: bob/,
    ],
    [
      'by somebody who may not get the application',
      async () => ({ token: await tokenOf('eve') }),
      403,
      /^permission denied$/,
    ],
    [
      'for a page of another site (S25)',
      () => ({ method: 'POST', headers: { origin: 'https://evil.example.com' } }),
      403,
      /origin https:\/\/evil/,
    ],
  ])('%s', async (...[, options, status, message]) => {
    const before = requests.length;
    const result = await call('/extensions/echo/x', await options());
    expect([result.status, JSON.parse(result.body).message]).toEqual([status, expect.stringMatching(message)]);
    expect(requests).toHaveLength(before);
  });

  it('that is not in the settings, and others may be', async () => {
    answer = ok;
    expect((await call('/extensions/missing/x')).status).toBe(404);
    expect((await call('/extensions/echo/x', { token: await tokenOf('carol') })).status).toBe(200);
    expect((await call('/extensions/down/x', { token: await tokenOf('carol') })).status).toBe(403);
  });

  it('while extensions are switched off', async () => {
    await kube.patch(at('configmaps', 'argocd-cmd-params-cm'), { data: { 'server.enable.proxy.extension': 'false' } });
    await eventually(async () => {
      const result = await call('/extensions/echo/x');
      expect([result.status, JSON.parse(result.body).message]).toEqual([404, expect.stringMatching(/switched off/)]);
    });
  });
});

describe('/extensions.js (P19)', () => {
  const read = () => server.app.inject('/extensions.js');
  it('is empty when there are none', async () => {
    const result = await read();
    expect([result.statusCode, result.headers['content-type'], result.body]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      '',
    ]);
  });

  it('is all scripts of the folder in the order of their paths', async () => {
    mkdirSync(join(scripts, 'b'));
    mkdirSync(join(scripts, '..data-1'));
    writeFileSync(join(scripts, 'b', 'extension-two.js'), 'two();');
    writeFileSync(join(scripts, 'extension.js'), 'three();');
    writeFileSync(join(scripts, 'other.js'), 'other();');
    writeFileSync(join(scripts, 'extension.css'), 'css');
    // As Kubernetes mounts a ConfigMap.
    writeFileSync(join(scripts, '..data-1', 'extension-one.js'), 'one();');
    symlinkSync(join(scripts, '..data-1', 'extension-one.js'), join(scripts, 'extension-one.js'));
    const { body } = await read();
    expect(body.split('\n')).toEqual([
      ...['// b/extension-two.js', 'two();', '// extension-one.js', 'one();', '// extension.js', 'three();'],
    ]);
  });
});
