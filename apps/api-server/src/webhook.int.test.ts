/** The webhook over real HTTP: which keys of the real queue each sender's push wakes, and what is refused how early. */
import { connect } from 'node:net';
import { createAuthenticatedCache } from '@tiphys/cache';
import { type ApplicationSource, announcedRevisionKey, parseAnnouncedRevision, QUEUES } from '@tiphys/model';
import { createKeyedQueue, type KeyedQueue } from '@tiphys/queue';
import { silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
  eventually,
  removeDirectory,
  type SharedRedis,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  requestOf,
  type SampleDelivery,
  SECRET,
  SECRETS,
  sampleDeliveries,
  sampleDelivery,
} from './routes/webhook/testing/deliveries.js';
import { startTestApp, type TestApp } from './testing/test-app.js';

const MEBIBYTE = 1024 * 1024;
const tlsDir = temporaryDirectory('tls');
const stops: (() => Promise<void>)[] = [];
let server: TestApp;
let base: URL;
let redis: SharedRedis;
let namespace: string;
let queue: KeyedQueue;

const git = (repoURL: string, more: Partial<ApplicationSource> = {}) => ({
  ...{ repoURL, path: 'web', targetRevision: 'main', ...more },
});
const chart = (repoURL: string) => ({ repoURL, chart: 'web', targetRevision: '1.*' });
/** One application for each place that the samples push to; names are told apart by their beginning. */
const APPLICATIONS: Readonly<Record<string, ApplicationSource>> = {
  'git-main': git('git@git.example.com:shop/deploy.git'),
  'git-other-branch': git('https://git.example.com/shop/deploy', { targetRevision: 'production' }),
  'git-tags': git('https://git.example.com/shop/deploy', { targetRevision: '1.*' }),
  bitbucket: git('git@bitbucket.org:shop/deploy.git'),
  stash: git('ssh://git@stash.example.com:7999/shop/deploy.git'),
  azure: git('git@ssh.dev.azure.com:v3/shop/Shop%20Floor/deploy'),
  ghcr: chart('ghcr.io/shop/charts'),
  harbor: chart('oci://harbor.example.com/shop/charts'),
  dockerhub: git('oci://docker.io/shop/web', { targetRevision: '1.4.0' }),
  image: git('oci://registry.example.com:5000/shop/web', { targetRevision: '^1.2' }),
  'helm-repository': chart('https://charts.example.com'),
  bystander: git('https://git.example.com/shop/other'),
};
const WOKEN: Readonly<Record<string, readonly string[]>> = {
  ...{ azuredevops: ['azure'], bitbucket: ['bitbucket'], bitbucketserver: ['stash'], dockerhub: ['dockerhub'] },
  ...{ ghcr: ['ghcr'], harbor: ['harbor'] },
  'generic-chart': ['helm-repository'],
  'generic-image': ['image'],
  'generic-push-of-a-name': ['git-tags'],
  ...{ 'github-annotated-tag': ['git-tags'], 'gitlab-tag-push': ['git-tags'] },
  'gitlab-system-repository-update': ['git-main', 'git-tags'],
};

const wokenBy = ({ name, provider }: SampleDelivery) => WOKEN[name] ?? WOKEN[provider] ?? ['git-main'];
const keyOf = (name: string) => `${namespace}/${name}`;

async function send(sample: SampleDelivery, secret: string | undefined = SECRET): Promise<number> {
  const { headers, query, body } = requestOf(sample, { secret });
  const url = new URL(`/api/webhook?${new URLSearchParams(query as Record<string, string>)}`, base);
  const answer = await fetch(url, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: Uint8Array.from(body),
  });
  await answer.text();
  return answer.status;
}

/** Names of the applications that have a request, which is taken away. */
async function takeWoken(): Promise<readonly string[]> {
  const woken: string[] = [];
  for (const name of Object.keys(APPLICATIONS)) {
    const request = await queue.readRequest(keyOf(name));
    if (request === undefined) continue;
    expect(request).toMatchObject({ level: 3, hardness: 0 });
    woken.push(name);
  }
  return woken;
}

async function forgetRequests(): Promise<void> {
  for (const name of Object.keys(APPLICATIONS)) {
    const request = await queue.readRequest(keyOf(name));
    if (request !== undefined) await queue.acknowledge(keyOf(name), request.token);
  }
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  redis = await sharedRedis();
  const kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('webhook');
  const secrets = {
    ...Object.fromEntries(
      ['github', 'gitlab', 'gogs', 'bitbucketserver', 'harbor', 'dockerhub', 'generic'].map((name) => [
        `webhook.${name}.secret`,
        SECRET,
      ]),
    ),
    'webhook.bitbucket.uuid': SECRETS.bitbucketUuid,
    'webhook.azuredevops.username': 'tiphys',
    'webhook.azuredevops.password': SECRET,
  };
  const objects = [
    { kind: 'Secret', metadata: { name: 'argocd-secret', namespace }, stringData: secrets },
    { kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace }, data: { 'webhook.maxPayloadSizeMB': '1' } },
    ...Object.entries(APPLICATIONS).map(([name, source]) => ({
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name, namespace } },
      spec: { project: 'default', source, destination: { server: 'https://kubernetes.default.svc', namespace } },
    })),
  ];
  await Promise.all(objects.map((object) => kube.create({ apiVersion: 'v1', ...object })));
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  base = new URL(await server.app.listen({ host: '127.0.0.1', port: 0 }));
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  queue = createKeyedQueue({ name: QUEUES.refresh, connection, log: silentLogger });
  stops.push(() => queue.close());
}, 120_000);
afterAll(async () => {
  for (const stop of stops) await stop();
  await server.stop();
  removeDirectory(tlsDir);
});

const ACCEPTED = sampleDeliveries().filter(({ expected }) => expected.status === 'accepted');

describe('what a push wakes (J01, J02)', () => {
  it.each(ACCEPTED.map((sample) => [sample.name, sample] as const))('%s', async (_, sample) => {
    await forgetRequests();
    expect(await send(sample, 'guessed')).toBeGreaterThanOrEqual(400);
    expect(await send(sample)).toBe(202);
    await eventually(async () => expect(await takeWoken()).toEqual(wokenBy(sample)));
  });

  it('the same delivery again and again is one waiting job, and one request', async () => {
    await forgetRequests();
    const sample = sampleDelivery('github-push');
    expect(await send(sample)).toBe(202);
    await eventually(async () => expect(await takeWoken()).toEqual(['git-main']));
    const { waiting } = await queue.depth();
    for (let again = 0; again < 5; again += 1) expect(await send(sample)).toBe(202);
    await eventually(async () => {
      expect(await takeWoken()).toEqual(['git-main']);
      expect((await queue.depth()).waiting).toBe(waiting);
    });
  });

  it('what was announced is in the cache for the controller', async () => {
    expect(await send(sampleDelivery('github-push'))).toBe(202);
    const connection = { host: redis.host, port: redis.port, password: () => redis.password };
    const cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
    stops.push(() => cache.close());
    const [source = git('')] = [APPLICATIONS['git-main']];
    await eventually(async () => {
      const announced = await cache.getJson(announcedRevisionKey(source), parseAnnouncedRevision);
      expect(announced).toMatchObject({
        before: '6f1c0d3a9b4e5f60718293a4b5c6d7e8f9012345',
        after: ['0a1b2c3d4e5f60718293a4b5c6d7e8f901234567'],
      });
    });
  });
});

describe('limits (J06, S13)', () => {
  /** Writes until the server has answered or closed; returns the answer and how much was taken. */
  function stream(head: string, chunks: number): Promise<{ readonly answer: string; readonly written: number }> {
    return new Promise((resolve) => {
      const socket = connect(Number(base.port), base.hostname);
      let [answer, written] = ['', 0];
      const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
      const finish = () => resolve({ answer, written });
      const next = (left: number): void => {
        if (left === 0 || answer !== '' || socket.destroyed) return;
        socket.write(chunk, () => {
          written += 65_536;
          next(left - 1);
        });
      };
      socket.on('data', (data) => void (answer += data.toString()));
      socket.on('close', finish);
      socket.on('error', finish);
      socket.write(`POST /api/webhook HTTP/1.1\r\nhost: x\r\nx-github-event: push\r\n${head}\r\n\r\n`, () =>
        next(chunks),
      );
    });
  }

  it('a body that is announced as too large is refused before a byte of it was sent, and the connection closed', async () => {
    const { answer } = await stream(`content-type: application/json\r\ncontent-length: ${60 * MEBIBYTE}`, 0);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/webhook\.maxPayloadSizeMB in argocd-cm/);
  });

  it('one that does not say its size is cut off in the middle', async () => {
    const { answer, written } = await stream('transfer-encoding: chunked', 1_600);
    expect(answer === '' || answer.startsWith('HTTP/1.1 413 ')).toBe(true);
    // The limit of 1 MB and what the buffers of both sockets hold, of 100 MB that there were.
    expect(written).toBeLessThan(50 * MEBIBYTE);
  });

  it('one of the limit is read', async () => {
    const sample = sampleDelivery('github-issues');
    const padded = { ...sample, payload: { padding: 'x'.repeat(MEBIBYTE - 20) } };
    expect(await send(padded)).toBe(202);
    expect(await send({ ...sample, payload: { padding: 'x'.repeat(MEBIBYTE) } })).toBe(413);
  });

  it('one address may send 1,200 a minute; others are not concerned', async () => {
    const { headers, body } = requestOf(sampleDelivery('github-ping'), { secret: SECRET });
    const ping = async (remoteAddress: string) => {
      const answer = await server.app.inject({
        ...{ method: 'POST', url: '/api/webhook', payload: body, remoteAddress },
        headers: headers as Record<string, string>,
      });
      return answer.statusCode;
    };
    const statuses = new Set<number>();
    for (let sent = 0; sent < 1_200; sent += 1) statuses.add(await ping('192.0.2.7'));
    expect([...statuses]).toEqual([202]);
    expect(await ping('192.0.2.7')).toBe(429);
    expect(await ping('192.0.2.8')).toBe(202);
  });
});
