/** What every answer and every request must fulfil (S14, S24, S25, F36), on a real control plane; settings change while it runs. */
import { request } from 'node:http';
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

const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let port: number;

const setParameters = (data: Record<string, string | null>) =>
  kube.patch(`/api/v1/namespaces/${namespace}/configmaps/argocd-cmd-params-cm`, { data });
const headersOf = async (url: string, headers: Record<string, string> = {}) =>
  (await server.app.inject({ url, headers })).headers;

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('hardening');
  const metadata = { name: 'argocd-cmd-params-cm', namespace };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} } as KubeObject);
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const secret = await kube.get<KubeObject & { data: { password: string } }>(
    `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`,
  );
  await server.logIn(Buffer.from(secret.data.password, 'base64').toString());
  port = Number(new URL(await server.app.listen({ host: '127.0.0.1', port: 0 })).port);
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

/** The head of an answer over a real connection: paths go out as they are, streams stay open. */
function headOf(path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
      answer.destroy();
    });
    sent.once('error', reject);
    sent.end();
  });
}

describe('security headers (S24)', () => {
  it.each([
    ['an answer', '/api/version', 200],
    ['a refusal', '/api/v1/applications', 401],
    ['an error', '/api/v1/account/nobody', 404],
    ['an address that does not exist', '/nowhere', 404],
    ['a path that is no URL', '/api/v1/applications/%c0', 400],
    ['a static page', '/swagger-ui/', 200],
    ['a script', '/swagger-ui/static/swagger-ui-bundle.js', 200],
    ['a redirect', '/api/docs', 302],
    ['a badge', '/api/badge?name=x', 200],
    ['health', '/healthz', 200],
    ['a stream', '/api/v1/stream/applications', 200],
  ])('are on %s', async (name, path, status) => {
    const authorization = name === 'a refusal' ? '' : `Bearer ${server.token}`;
    const answer = await headOf(path, { authorization });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'sameorigin',
      'referrer-policy': 'no-referrer',
      'x-request-id': expect.any(String) as string,
    });
    const policy = String(answer.headers['content-security-policy']);
    const scripts = /(?:script-src|default-src) ([^;]+)/.exec(
      policy.includes('script-src') ? policy.slice(policy.indexOf('script-src')) : policy,
    )?.[1];
    expect(scripts).toContain("'self'");
    expect(scripts).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    expect(answer.headers).not.toHaveProperty('strict-transport-security');
    expect(answer.headers).not.toHaveProperty('x-powered-by');
  });

  it('over TLS they ask for TLS from then on, and cookies are for TLS only (S25)', async () => {
    expect(await headersOf('/api/version', { 'x-forwarded-proto': 'https' })).toMatchObject({
      'strict-transport-security': expect.stringContaining('max-age=31536000') as string,
    });
  });

  it('follow server.x.frame.options and server.content.security.policy while the server runs (F36)', async () => {
    await setParameters({
      'server.x.frame.options': 'deny',
      'server.content.security.policy': "frame-ancestors 'none'",
    });
    await eventually(async () =>
      expect(await headersOf('/api/version')).toMatchObject({
        ...{ 'x-frame-options': 'deny', 'content-security-policy': "frame-ancestors 'none'" },
      }),
    );
    await setParameters({ 'server.x.frame.options': '', 'server.content.security.policy': '' });
    await eventually(async () => expect(await headersOf('/api/version')).not.toHaveProperty('x-frame-options'));
    expect(await headersOf('/api/version')).not.toHaveProperty('content-security-policy');
    await setParameters({ 'server.x.frame.options': null, 'server.content.security.policy': null });
    await eventually(async () =>
      expect(await headersOf('/api/version')).toHaveProperty('x-frame-options', 'sameorigin'),
    );
  });

  it('a value that no header can hold is not used: the last good one stays (F36)', async () => {
    await setParameters({ 'server.x.frame.options': 'deny\r\nset-cookie: a=b' });
    await eventually(() => expect(server.deps.installation.settings.invalid()).toHaveLength(1));
    expect(await headersOf('/api/version')).toHaveProperty('x-frame-options', 'sameorigin');
    await setParameters({ 'server.x.frame.options': null });
  });
});

describe('bodies of changing requests (S25, F36)', () => {
  const post = async (type?: string) => {
    const headers = {
      authorization: `Bearer ${server.token}`,
      ...(type === undefined ? {} : { 'content-type': type }),
    };
    const payload = JSON.stringify({ name: 'admin', expiresIn: 'x' });
    return (await server.app.inject({ method: 'POST', url: '/api/v1/account/admin/token', headers, payload }))
      .statusCode;
  };

  it('are JSON, and say so', async () => {
    const types = [
      'application/json',
      'application/json; charset=utf-8',
      'text/plain',
      'multipart/form-data',
      'application/x-www-form-urlencoded',
      undefined,
    ];
    expect(await Promise.all(types.map(post))).toEqual([400, 400, 415, 415, 415, 415]);
  });

  it('may have other names where server.api.content.types says so, any when it is empty', async () => {
    await setParameters({ 'server.api.content.types': 'application/json;application/vnd.api+json' });
    await eventually(async () => expect(await post('application/vnd.api+json')).toBe(400));
    expect(await post('text/plain')).toBe(415);
    await setParameters({ 'server.api.content.types': '' });
    await eventually(async () => expect(await post('text/plain')).toBe(400));
    await setParameters({ 'server.api.content.types': null });
    await eventually(async () => expect(await post('text/plain')).toBe(415));
  });
});

describe('bad requests (S14)', () => {
  it('end neither the process nor other requests', async () => {
    const open = headOf('/api/v1/stream/applications', { authorization: `Bearer ${server.token}` });
    const bad = [
      '/%',
      '/%00',
      '/api/v1/applications/%ff',
      `/${'a'.repeat(8_000)}`,
      '//',
      '/api/v1/applications/..%2f..%2fetc',
      '/api/v1/applications?limit=9e99',
    ];
    const answers = await Promise.all(bad.map((path) => headOf(path, { authorization: `Bearer ${server.token}` })));
    expect(answers.map(({ status }) => status).filter((status) => status >= 500 || status === 0)).toEqual([]);
    const bodies = ['{', 'null', '[]', '"x"', '{"a":', '{"__proto__":{"x":1}}', `{"a":${'['.repeat(50_000)}`, '\u0000'];
    const sent = bodies.map((payload) => {
      const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
      return server.app.inject({ method: 'POST', url: '/api/v1/applications', headers, payload });
    });
    for (const answer of await Promise.all(sent)) expect(answer.statusCode).toBeLessThan(500);
    expect((await open).status).toBe(200);
    expect((await headOf('/healthz')).status).toBe(200);
  });
});
