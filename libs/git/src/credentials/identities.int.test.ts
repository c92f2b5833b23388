/** Identities against services that check what they are sent as GitHub, Google and Azure document it. */
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type FakeClock, fakeClock } from '@tiphys/runtime';
import { type GitServer, removeDirectory, startGitServer, temporaryDirectory } from '@tiphys/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHostClient } from '../http/host-client.js';
import type { GitCredentials } from '../ports.js';
import { createGitReader } from '../reader.js';
import { createCredentialExchange } from './exchange.js';
import { createTokenClient } from './token-client.js';

const directory = temporaryDirectory('identities');
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const signal = new AbortController().signal;

interface Seen {
  readonly path: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly form: Readonly<Record<string, string>>;
}
type Answer = readonly [status: number, body: unknown, headers?: Readonly<Record<string, string>>];
const seen: Seen[] = [];
let answer: (request: Seen) => Answer = () => [500, {}];
const server = createServer((request, response) => void respond(request, response));

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = Object.fromEntries(new URLSearchParams(await textOf(request)));
  const bearer = request.headers.authorization?.replace(/^Bearer /, '') ?? form['assertion'];
  const claims = bearer === undefined ? {} : readToken(bearer, publicKey);
  const one = { path: request.url ?? '', claims, form };
  seen.push(one);
  const [status, body, headers] = answer(one);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
let base = '';
let git: GitServer;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  git = await startGitServer({ username: 'x-access-token', password: 'token-1' });
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await git.stop();
  removeDirectory(directory);
});
beforeEach(() => void seen.splice(0));

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Checks the signature as the services do. */
function readToken(token: string, key: KeyObject): Readonly<Record<string, unknown>> {
  const [head = '', claims = '', signature = ''] = token.split('.');
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
}

const NOW = Date.parse('2026-01-01T00:00:00Z');
function exchangeAt(clock: FakeClock, more = {}) {
  return createCredentialExchange({
    client: createTokenClient(createHostClient({ allowLocal: true })),
    clock,
    ...more,
  });
}
const remote = (credentials: GitCredentials, url = 'https://git.example.com/org/app.git') => ({ url, credentials });

describe('GitHub Apps (G06)', () => {
  const app = (more = {}) => ({ githubApp: { id: 7, privateKey: pem, enterpriseBaseUrl: `${base}/api/v3/`, ...more } });
  const hour = (clock: FakeClock) => new Date(clock.now().getTime() + 3_600_000).toISOString();

  it('a signed statement becomes the token of the installation, asked for once and renewed before it expires', async () => {
    const clock = fakeClock(new Date(NOW));
    let issued = 0;
    answer = () => [201, { token: `token-${(issued += 1)}`, expires_at: hour(clock) }];
    const exchange = exchangeAt(clock);
    const ask = () => exchange.exchange(remote(app({ installationId: 42 })));
    const first = await Promise.all(Array.from({ length: 20 }, ask));
    expect(first.map(({ credentials }) => credentials)).toEqual(
      Array.from({ length: 20 }, () => ({ username: 'x-access-token', password: 'token-1' })),
    );
    expect(seen).toMatchObject([
      { path: '/api/v3/app/installations/42/access_tokens', claims: { iss: '7', iat: NOW / 1_000 - 60 } },
    ]);
    expect(Number(seen[0]?.claims['exp'])).toBeLessThanOrEqual(NOW / 1_000 + 600);
    clock.advance(54 * 60_000);
    expect((await ask()).credentials.password).toBe('token-1');
    clock.advance(2 * 60_000);
    expect((await ask()).credentials.password).toBe('token-2');
    exchange.forget(remote(app({ installationId: 42 })));
    expect((await ask()).credentials.password).toBe('token-3');
  });

  it('without an installation id it is found by owner and repository, and each owner has its own', async () => {
    const clock = fakeClock(new Date(NOW));
    answer = ({ path }) =>
      path.endsWith('/installation')
        ? [200, { id: path.includes('/org/') ? 1 : 2 }]
        : [201, { token: path, expires_at: hour(clock) }];
    const exchange = exchangeAt(clock);
    const token = async (url: string) => (await exchange.exchange(remote(app(), url))).credentials.password;
    expect(await token('https://ghe.example.com/org/app.git')).toBe('/api/v3/app/installations/1/access_tokens');
    expect(await token('https://ghe.example.com/org/other')).toBe('/api/v3/app/installations/1/access_tokens');
    expect(await token('https://ghe.example.com/team/app')).toBe('/api/v3/app/installations/2/access_tokens');
    expect(seen.map(({ path }) => path).filter((path) => path.endsWith('/installation'))).toEqual([
      '/api/v3/repos/org/app/installation',
      '/api/v3/repos/team/app/installation',
    ]);
  });

  it.each([
    [
      'a refused app',
      401,
      { message: 'A JSON web token could not be decoded' },
      {},
      'credentials',
      /could not be decoded.*repository Secret/,
    ],
    ['an app that is not installed', 404, { message: 'Not Found' }, {}, 'credentials', /Not Found/],
    ['too many requests', 429, {}, { 'retry-after': '30' }, 'rate-limited', /limits requests/],
    ['a broken service', 503, {}, {}, 'unreachable', /503/],
  ])('%s is said so, without the key (S23)', async (...[, status, body, headers, failure, message]) => {
    answer = () => [status, body, headers];
    const failing = exchangeAt(fakeClock(new Date(NOW))).exchange(remote(app({ installationId: 42 })));
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ failure, message: expect.stringMatching(message) as string });
    expect(String(error)).not.toContain(pem.split('\n')[1]);
    if (status === 429) expect(error).toMatchObject({ retry: { afterMs: 30_000 } });
  });

  it('a key that is none is refused before anybody is asked', async () => {
    const failing = exchangeAt(fakeClock(new Date(NOW))).exchange(
      remote(app({ installationId: 1, privateKey: 'secret-text' })),
    );
    await expect(failing).rejects.toThrow(/not an RSA key in PEM/);
    await expect(failing).rejects.not.toThrow(/secret-text/);
    expect(seen).toEqual([]);
  });

  it('opens a repository at a host that takes the token', async () => {
    answer = () => [201, { token: 'token-1', expires_at: '2126-01-01T00:00:00Z' }];
    const repository = await git.createRepository('app', { 'a.txt': '1' });
    const reader = createGitReader({ dataDirectory: join(directory, 'reader'), allowFile: true });
    const wanted = remote(app({ installationId: 42 }), repository.url);
    const resolved = await reader.resolveRevision(wanted, 'main', { signal });
    expect(await (await reader.openCommit(wanted, resolved, signal)).entry('a.txt')).toBeDefined();
    expect(seen).toHaveLength(1);
  });
});

describe('Google service accounts (G07)', () => {
  const key = (more = {}) =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'robot@project.iam',
      private_key: pem,
      private_key_id: 'k1',
      token_uri: 'http://169.254.169.254/',
      ...more,
    });

  it('a signed statement becomes an access token; the address in the key is not asked (S26)', async () => {
    answer = () => [200, { access_token: 'ya29', expires_in: 3_599 }];
    const clock = fakeClock(new Date(NOW));
    const exchange = exchangeAt(clock, { googleTokenUrl: `${base}/token` });
    const ready = await exchange.exchange(remote({ gcpServiceAccountKey: key() }));
    expect(ready.credentials).toEqual({ username: 'robot@project.iam', password: 'ya29' });
    expect(seen).toMatchObject([
      {
        path: '/token',
        form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
        claims: { iss: 'robot@project.iam', aud: 'https://oauth2.googleapis.com/token', exp: NOW / 1_000 + 3_600 },
      },
    ]);
  });

  it.each([
    ['no JSON', 'not json'],
    ['the key of a person', key({ type: 'authorized_user' })],
  ])('%s is refused', async (_, text) => {
    const failing = exchangeAt(fakeClock(new Date(NOW))).exchange(remote({ gcpServiceAccountKey: text }));
    await expect(failing).rejects.toMatchObject({
      failure: 'credentials',
      message: expect.stringContaining('gcpServiceAccountKey') as string,
    });
  });
});

describe('Azure identities (G07)', () => {
  const SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';

  it('a workload identity sends the token of its pod, read each time', async () => {
    answer = () => [200, { access_token: 'az', expires_in: 0 }];
    const tokenFile = join(directory, 'token');
    const azureWorkload = { clientId: 'client', tenantId: 'tenant', tokenFile, authority: `${base}/` };
    const exchange = exchangeAt(fakeClock(new Date(NOW)), { azureWorkload });
    for (const content of ['first', 'second']) {
      writeFileSync(tokenFile, `${content}\n`);
      const ready = await exchange.exchange(remote({ azure: { useWorkloadIdentity: true } }));
      expect(ready.credentials).toEqual({ bearerToken: 'az' });
    }
    const form = { grant_type: 'client_credentials', scope: SCOPE, client_id: 'client' };
    expect(seen.map(({ path, form: sent }) => [path, sent['client_assertion']])).toEqual([
      ['/tenant/oauth2/v2.0/token', 'first'],
      ['/tenant/oauth2/v2.0/token', 'second'],
    ]);
    expect(seen[0]?.form).toMatchObject(form);
  });

  it('a service principal sends its secret', async () => {
    answer = () => [200, { access_token: 'az', expires_in: 3_600 }];
    const azure = {
      useWorkloadIdentity: false,
      clientId: 'sp',
      clientSecret: 's',
      tenantId: 't',
      activeDirectoryEndpoint: base,
    };
    await exchangeAt(fakeClock(new Date(NOW))).exchange(remote({ azure }));
    expect(seen).toMatchObject([
      { path: '/t/oauth2/v2.0/token', form: { client_id: 'sp', client_secret: 's', scope: SCOPE } },
    ]);
  });

  it('a pod without a workload identity is told what to set', async () => {
    const failing = exchangeAt(fakeClock(new Date(NOW))).exchange(remote({ azure: { useWorkloadIdentity: true } }));
    await expect(failing).rejects.toThrow(/AZURE_FEDERATED_TOKEN_FILE/);
  });
});

describe('where tokens may be asked for (S26)', () => {
  it.each([
    ['plain HTTP', 'http://ghe.example.com/api/v3', /not an https URL/],
    ['the metadata service', 'https://169.254.169.254/', /metadata service/],
    ['this machine', 'https://127.0.0.1:1/', /this machine/],
    ['this machine by its name', 'https://localhost:1/', /this machine/],
    ['this machine in IPv6', 'https://[::1]:1/', /this machine/],
  ])('not at %s', async (_, enterpriseBaseUrl, message) => {
    const exchange = createCredentialExchange({
      client: createTokenClient(createHostClient({ allowLocal: false })),
      clock: fakeClock(new Date(NOW)),
    });
    const githubApp = { id: 7, privateKey: pem, installationId: 1, enterpriseBaseUrl };
    await expect(exchange.exchange(remote({ githubApp }))).rejects.toThrow(message);
  });
});
