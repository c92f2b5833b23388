/** Server-side diff on a real API server: dry runs, what may be asked about, and that no Secret comes out of it (N02, S21). */
import { createAuthenticatedCache } from '@tiphys/cache';
import { resourceTreeCacheKey } from '@tiphys/model';
import { silentLogger } from '@tiphys/runtime';
import {
  createCertificateAuthority,
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

const CANARY = 'canary-77ab01';
const BASE64 = (text: string) => Buffer.from(text).toString('base64');
const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let closeCache: () => Promise<void>;

const at = (resource: string, name: string) => `/api/v1/namespaces/${namespace}/${resource}/${name}`;
const object = (kind: string, name: string, rest: object) => ({ apiVersion: 'v1', kind, metadata: { name }, ...rest });

interface Item {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly targetState: string;
  readonly liveState: string;
  readonly modified: boolean;
}

async function diff(targets: readonly (object | string)[], user?: string) {
  const token = user === undefined ? server.token : await tokenOf(user);
  const query = new URLSearchParams();
  for (const target of targets)
    query.append('targetManifests', typeof target === 'string' ? target : JSON.stringify(target));
  const url = `/api/v1/applications/app/server-side-diff?${query}`;
  const answer = await server.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
  const body = answer.json() as { items: Item[]; modified: boolean; message: string };
  return { status: answer.statusCode, text: answer.body, ...body };
}

async function tokenOf(account: string): Promise<string> {
  const secret = await kube.get<KubeObject & { data: Record<string, string> }>(at('secrets', 'argocd-secret'));
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: 'argocd', sub: `${account}:login`, iat: now, exp: now + 600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(secret.data['server.secretkey'] ?? '', 'base64'));
}

beforeAll(async () => {
  const plane = await sharedControlPlane();
  const redis = await sharedRedis();
  kube = plane.client();
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  namespace = await plane.createNamespace('diffs');
  const create = (kind: string, name: string, { metadata, ...rest }: Readonly<Record<string, object>>) =>
    kube.create({ ...object(kind, name, rest), metadata: { ...metadata, name, namespace } } as KubeObject);
  await create('ConfigMap', 'argocd-cm', { data: { 'accounts.bob': 'login', 'accounts.eve': 'login' } });
  await create('ConfigMap', 'argocd-rbac-cm', {
    data: { 'policy.csv': 'p, bob, applications, get, default/*, allow' },
  });
  await create('ConfigMap', 'foreign', { data: { a: CANARY } });
  const managed = object('ConfigMap', 'settings', { data: { a: 'b' } });
  await kube.apply({ ...managed, metadata: { name: 'settings', namespace } } as KubeObject, {
    fieldManager: 'argocd-controller',
  });
  await create('Secret', 'hidden', {
    stringData: { key: CANARY },
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"key":"${CANARY}"}}` } },
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const initial = await kube.get<KubeObject & { data: Record<string, string> }>(
    at('secrets', 'argocd-initial-admin-secret'),
  );
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  const connection = { host: redis.host, port: redis.port, password: () => redis.password };
  const cache = await createAuthenticatedCache({ connection, cacheKey: server.cacheKey, log: silentLogger });
  closeCache = () => cache.close();
  const source = { repoURL: 'https://git.example.com/org/repo', path: 'web' };
  const spec = { source, destination: { server: 'https://kubernetes.default.svc', namespace } };
  expect((await server.call('POST', '/api/v1/applications', { metadata: { name: 'app' }, spec })).statusCode).toBe(200);
  const node = (kind: string, name: string) => ({ group: '', kind, name, namespace, uid: 'u', version: 'v1' });
  const nodes = [node('ConfigMap', 'settings'), node('Secret', 'hidden')];
  await cache.setJson(resourceTreeCacheKey('app'), { nodes, orphanedNodes: [] }, 600_000);
});

afterAll(async () => {
  await server?.stop();
  await closeCache?.();
  removeDirectory(tlsDir);
});

describe('server-side diff', () => {
  it('says what an apply would change, in the order of the manifests, and writes nothing', async () => {
    const before = await kube.get(at('configmaps', 'settings'));
    const { status, items, modified } = await diff([
      object('ConfigMap', 'settings', { data: { a: 'c' } }),
      object('ConfigMap', 'new', { data: { n: '1' } }),
    ]);
    expect([status, modified, items.map(({ name }) => name)]).toEqual([200, true, ['settings', 'new']]);
    expect(JSON.parse(items[0]?.liveState ?? '')).toMatchObject({ data: { a: 'b' } });
    expect(JSON.parse(items[0]?.targetState ?? '')).toMatchObject({ data: { a: 'c' } });
    expect(items[1]).toMatchObject({ kind: 'ConfigMap', namespace, liveState: '', modified: true });
    expect(JSON.parse(items[1]?.targetState ?? '')).toMatchObject({ data: { n: '1' }, metadata: { namespace } });
    expect(await kube.get(at('configmaps', 'settings'))).toEqual(before);
    expect(await kube.find(at('configmaps', 'new'))).toBeUndefined();
  });

  it('of nothing is nothing', async () => {
    expect(await diff([])).toMatchObject({ status: 200, items: [], modified: false });
  });

  it('refuses what the cluster holds but the application does not, whoever asks (S19)', async () => {
    const { status, text } = await diff([object('ConfigMap', 'foreign', {})]);
    expect([status, text]).toEqual([403, expect.stringContaining('is not part of application app')]);
    expect(text).not.toContain(CANARY);
  });

  it.each([
    ['text that is no JSON', '{"a', /targetManifests\[0\] is not JSON/],
    ['an object without a name', { apiVersion: 'v1', kind: 'ConfigMap' }, /needs apiVersion, kind and metadata.name/],
    [
      'a kind that is not there',
      { apiVersion: 'example.com/v1', kind: 'No', metadata: { name: 'a' } },
      /does not serve No/,
    ],
    ['an invalid object', object('ConfigMap', 'settings', { data: { a: 1 } }), /data|settings/],
  ])('refuses %s with what is wrong', async (_, target, message) => {
    const answer = await diff([target]);
    expect([answer.status, answer.message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('is for those who may see the application', async () => {
    expect((await diff([], 'eve')).status).toBe(403);
    expect((await diff([object('ConfigMap', 'settings', { data: { a: 'c' } })], 'bob')).status).toBe(200);
  });
});

describe('server-side diff of a Secret (S21: CVE-2026-42880, CVE-2026-45737)', () => {
  const leaks = (text: string) => [CANARY, BASE64(CANARY)].filter((secret) => text.includes(secret));

  it('shows no value, though the manifest names none and the dry run answers with all', async () => {
    const answer = await diff([object('Secret', 'hidden', { type: 'Opaque' })]);
    expect([answer.status, leaks(answer.text)]).toEqual([200, []]);
    const [{ liveState = '', targetState = '' } = {}] = answer.items;
    expect(JSON.parse(liveState)).toMatchObject({ data: { key: '++++++++' } });
    expect(JSON.parse(targetState)).toMatchObject({ data: { key: '++++++++' } });
  });

  it('tells those who may write whether a value would change', async () => {
    const same = await diff([object('Secret', 'hidden', { data: { key: BASE64(CANARY) } })]);
    const other = await diff([object('Secret', 'hidden', { data: { key: BASE64('guess') } })]);
    const keyOf = ({ items }: typeof same) => JSON.parse(items[0]?.targetState ?? '').data.key;
    expect([keyOf(same), keyOf(other)]).toEqual(['++++++++', '+++++++++']);
    expect(leaks(other.text)).toEqual([]);
  });

  it('does not tell those who may only read: values cannot be guessed', async () => {
    const guesses = [
      { data: { key: BASE64(CANARY) } },
      { data: { key: BASE64('guess') } },
      { stringData: { key: 'guess' } },
    ];
    const answers = await Promise.all(guesses.map((guess) => diff([object('Secret', 'hidden', guess)], 'bob')));
    expect(answers[0]?.status).toBe(200);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('does not repeat a value that the API server refuses', async () => {
    const answer = await diff([object('Secret', 'hidden', { data: { key: CANARY } })]);
    expect([answer.status, leaks(answer.text)]).toEqual([400, []]);
  });
});
