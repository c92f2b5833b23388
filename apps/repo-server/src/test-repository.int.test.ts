/** The connection state of repositories of every kind (G15): what works, and what is said about the rest. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import {
  freePort,
  type GitServer,
  type Registry,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startRegistry,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const directory = temporaryDirectory('test-repository');
const LOGIN = { username: 'robot', password: 's3cret-pass' };
const authorization = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`;
let git: GitServer;
let registry: Registry;
let server: RunningRepoServer;
let closedPort = 0;
let base = '';
/** A Helm repository below /charts, and a GitHub that knows no app below /api. */
const http = createServer((request, response) => {
  if (request.url?.startsWith('/api/') === true) {
    return void response.writeHead(401).end(JSON.stringify({ message: 'Integration not found' }));
  }
  if (request.url !== '/charts/index.yaml') return void response.writeHead(404).end();
  if (request.headers.authorization !== authorization) return void response.writeHead(401).end();
  response.writeHead(200).end('apiVersion: v1\nentries: {}\n');
});

beforeAll(async () => {
  const redis = await sharedRedis();
  [git, registry, closedPort] = await Promise.all([startGitServer(LOGIN), startRegistry(), freePort()]);
  await git.createRepository('app', { 'a.yaml': 'a: 1\n' });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(http.address() as { port: number }).port}`;
  const settings = { TIPHYS_ALLOW_FILE_REPOSITORIES: 'true', TIPHYS_GIT_LIST_TIMEOUT: '5' };
  server = await startRunning({ redis, directory, tools: dirname(toolPath('kustomize')), settings });
});
afterAll(async () => {
  await server.stop();
  http.close();
  http.closeAllConnections();
  await Promise.all([git.stop(), registry.stop()]);
  removeDirectory(directory);
});

type Repository = NonNullable<Parameters<RunningRepoServer['client']['testRepository']>[0]['repository']>;
const test = (repository: Repository) => server.client.testRepository({ repository });

describe('a repository that can be reached', () => {
  it.each([
    ['Git', () => ({ url: `${git.url}/app.git`, ...LOGIN })],
    ['Helm', () => ({ url: `${base}/charts`, type: 'helm', ...LOGIN })],
    ['OCI', () => ({ url: `oci://${registry.host}/charts`, type: 'oci', insecureOciForceHttp: true })],
  ])('of the kind %s is said to be so', async (_, repository) => {
    expect(await test(repository())).toMatchObject({ verified: true });
  });
});

describe('a repository that cannot be reached', () => {
  it.each([
    [
      'Git with a wrong password',
      () => ({ url: `${git.url}/app.git`, ...LOGIN, password: 'wr0ng-pass' }),
      /refused.*repository Secret/,
    ],
    ['Git without a password', () => ({ url: `${git.url}/app.git` }), /refused.*repository Secret/],
    ['Git that is not there', () => ({ url: `${git.url}/other.git`, ...LOGIN }), /not found.*Check the repository URL/],
    [
      'Git on a host that is down',
      () => ({ url: `http://127.0.0.1:${closedPort}/app` }),
      /cannot be reached.*Check the URL/,
    ],
    [
      'Git by an app that GitHub does not know',
      () => ({ url: `${git.url}/app.git`, githubApp: appOf() }),
      /GitHub App 7 .*Integration not found.*repository Secret/,
    ],
    ['Git in a folder of the repo-server (S9)', () => ({ url: '/etc' }), /not an address/],
    [
      'Helm with a wrong password',
      () => ({ url: `${base}/charts`, type: 'helm', ...LOGIN, password: 'wr0ng-pass' }),
      /401|refused|credentials/i,
    ],
    ['Helm that is not there', () => ({ url: `${base}/elsewhere`, type: 'helm' }), /404|not found|index/i],
    [
      'Helm on a host that is down',
      () => ({ url: `http://127.0.0.1:${closedPort}`, type: 'helm' }),
      /refuses connections/,
    ],
    [
      'OCI on a host that is down',
      () => ({ url: `oci://127.0.0.1:${closedPort}/a`, type: 'oci', insecureOciForceHttp: true }),
      /refuses connections/,
    ],
  ])('%s is told apart, and no secret is shown (S23)', async (_, repository, message) => {
    const error = await test(repository()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringMatching(message) as string });
    expect(String(error)).not.toContain('wr0ng-pass');
  });

  it('a host that never answers is said to be slow after the time-out', async () => {
    const slow = await startGitServer();
    try {
      const { url } = await slow.createRepository('app', { 'a.yaml': 'a: 1\n' });
      slow.setFaults({ hang: true });
      await expect(test({ url })).rejects.toMatchObject({
        code: 'Upstream',
        message: expect.stringMatching(/did not answer within 5 s/) as string,
      });
    } finally {
      await slow.stop();
    }
  });
});

function appOf() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { id: 7n, installationId: 1n, privateKey: pem, enterpriseBaseUrl: `${base}/api/v3` };
}
