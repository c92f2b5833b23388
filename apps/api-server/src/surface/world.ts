/**
 * A whole installation with data, full of secrets that can be recognised: real API server, Redis, controller, repo-server, Git,
 * Helm repository and registry. The api-server runs in this process, at a real port, with its log at debug level.
 */
import { readFileSync } from 'node:fs';
import { createLogger } from '@tiphys/runtime';
import {
  eventually,
  type Installation,
  type KubeClient,
  type KubeletLogRequest,
  type KubeObject,
  type RedisServer,
  type SharedControlPlane,
  sharedControlPlane,
  startInstallation,
  startKubeletLogs,
  startRedis,
  uniqueName,
} from '@tiphys/testing';
import { startTestApp, type TestApp } from '../testing/test-app.js';
import { type Canaries, createCanaries } from './canaries.js';
import { type Caller, createSurfaceClient, type SurfaceClient } from './client.js';
import { shopFiles } from './manifests.js';
import { ACCOUNTS, createCredential, credentialSecrets, NOTIFICATIONS, serverSecret, settingsData } from './seed.js';
import { type Sources, startSources } from './sources.js';

export const CALLERS = ['admin', 'nobody', 'owner', 'role', 'anonymous'] as const;
export type CallerName = (typeof CALLERS)[number];

export interface World {
  readonly plane: SharedControlPlane;
  readonly kube: KubeClient;
  /** Of the control plane. */
  readonly namespace: string;
  /** Where `shop` is deployed. */
  readonly target: string;
  readonly redis: RedisServer;
  readonly sources: Sources;
  readonly canaries: Canaries;
  readonly installation: Installation;
  readonly server: TestApp;
  readonly client: SurfaceClient;
  readonly callers: Readonly<Record<CallerName, Caller>>;
  readonly adminPassword: string;
  /** Whole output of the api-server, the controller and the repo-server. */
  logs(): Readonly<Record<string, string>>;
  /** A new name. */
  fresh(prefix: string): string;
  stop(): Promise<void>;
}

type Stop = () => Promise<unknown> | unknown;

/** Resolves when the application `shop` is deployed and its tree can be read. */
export async function startWorld(): Promise<World> {
  const stops: Stop[] = [];
  const stop = async () => {
    for (const one of stops.reverse()) await one();
  };
  try {
    return await build(stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(stops: Stop[], stop: () => Promise<void>): Promise<World> {
  const canaries = createCanaries();
  const nodeName = uniqueName('surface');
  const [plane, redis, sources] = await Promise.all([
    sharedControlPlane(),
    startRedis({ password: canaries.plant('password of Redis') }),
    startSources(canaries, shopFiles(canaries, nodeName)),
  ]);
  stops.push(
    () => redis.stop(),
    () => sources.stop(),
  );
  const kube = plane.client();
  const target = await plane.createNamespace('surface-target');
  const kubelet = await startKubeletLogs(kube, { nodeName, onRequest: answerLogs });
  stops.push(
    () => kubelet.stop(),
    () => kube.request('DELETE', `/api/v1/namespaces/${target}/pods/web-0`).catch(() => undefined),
  );
  const namespace = uniqueName('surface');
  const installation = await startInstallation({
    ...{ controlPlane: plane, redis, namespace, services: ['repo-server', 'application-controller'] },
    settings: settingsData(canaries),
    parameters: { 'controller.sync.wave.delay.seconds': '0' },
    env: { TIPHYS_LOG_LEVEL: 'debug', AWS_SECRET_ACCESS_KEY: canaries.plant('variable of the services') },
  });
  stops.push(() => installation.stop());
  canaries.watch('key of the cache', installation.peers.cacheKey);
  const adminPassword = await seed({ plane, kube, namespace, canaries, sources });
  const lines: string[] = [];
  const server = await startTestApp({
    ...{ kubeconfigPath: plane.kubeconfigPath, redis, namespace, ...installation.peers },
    log: createLogger({ name: 'api-server', level: 'debug', format: 'json', write: (line) => void lines.push(line) }),
  });
  stops.push(() => server.stop());
  const client = createSurfaceClient(await server.app.listen({ host: '127.0.0.1', port: 0 }));
  await server.logIn(adminPassword);
  const callers = await prepare({ server, namespace, target, sources, kube });
  return {
    ...{
      plane,
      kube,
      namespace,
      target,
      redis,
      sources,
      canaries,
      installation,
      server,
      client,
      callers,
      adminPassword,
      stop,
    },
    logs: () => ({
      'api-server': lines.join(''),
      ...Object.fromEntries(
        (['repo-server', 'application-controller'] as const).map((name) => [
          name,
          readFileSync(installation.service(name).logFile, 'utf8'),
        ]),
      ),
    }),
    fresh: uniqueName,
  };
}

function answerLogs({ response }: KubeletLogRequest): void {
  response.end('2026-01-01T00:00:01.000000000Z hello\n');
}

async function seed(context: Parameters<typeof credentialSecrets>[0]): Promise<string> {
  const { kube, namespace, canaries } = context;
  const { data, adminPassword } = serverSecret(canaries);
  const metadata = (name: string) => ({ name, namespace });
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: metadata('argocd-secret'), stringData: data };
  await kube.apply(secret as KubeObject, { fieldManager: 'surface' });
  const notifications = metadata('argocd-notifications-cm');
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: notifications, data: NOTIFICATIONS });
  const notificationSecret = { 'slack-token': canaries.plant('token of a notification service') };
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: metadata('argocd-notifications-secret') },
    stringData: notificationSecret,
  } as KubeObject);
  const credentials = credentialSecrets(context);
  await Promise.all(credentials.map((one, index) => createCredential(context, one, `credential-${index}`)));
  return adminPassword;
}

interface Prepared {
  readonly server: TestApp;
  readonly namespace: string;
  readonly target: string;
  readonly sources: Sources;
  readonly kube: KubeClient;
}

const ROLE_POLICIES = ['applications, *', 'logs, get', 'applicationsets, *', 'repositories, get', 'clusters, get'];

/** Project, applications, one ApplicationSet and the callers' tokens, all through the API. */
async function prepare({ server, namespace, target, sources, kube }: Prepared): Promise<World['callers']> {
  const post = async <T>(url: string, body: object): Promise<T> => {
    const answer = await server.call('POST', url, body);
    if (answer.statusCode !== 200) throw new Error(`POST ${url}: ${answer.body}`);
    return answer.json<T>();
  };
  const policies = ROLE_POLICIES.map((policy) => `p, proj:team:dev, ${policy}, team/*, allow`);
  const spec = {
    ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    roles: [{ name: 'dev', policies }],
  };
  await post('/api/v1/projects', { project: { metadata: { name: 'team' }, spec } });
  const destination = { server: 'https://kubernetes.default.svc', namespace: target };
  const application = (name: string, source: object) => ({
    ...{ metadata: { name }, spec: { project: 'team', source, destination } },
  });
  const validate = '/api/v1/applications?validate=false';
  await post('/api/v1/applications', application('shop', { repoURL: sources.shop, path: 'web' }));
  await post(validate, application('chart', { repoURL: sources.charts, chart: 'web', targetRevision: '1.2.3' }));
  await post(validate, application('layers', { repoURL: sources.layers, path: '.', targetRevision: 'v1' }));
  const template = {
    metadata: { name: '{{env}}-set' },
    spec: application('', { repoURL: sources.shop, path: 'web' }).spec,
  };
  await post('/api/v1/applicationsets', {
    ...{ metadata: { name: 'fleet' }, spec: { generators: [{ list: { elements: [{ env: 'dev' }] } }], template } },
  });
  await post('/api/v1/applications/shop/sync', {});
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications/shop`;
  const isDeployed = async () => {
    const { status } = await kube.get<KubeObject & { status?: { sync?: { status?: string } } }>(path);
    if (status?.sync?.status !== 'Synced') throw new Error(JSON.stringify(status));
  };
  const tokens = await Promise.all(
    ACCOUNTS.map(
      async (name) => [name, (await post<{ token: string }>(`/api/v1/account/${name}/token`, {})).token] as const,
    ),
  );
  const role = await post<{ token: string }>('/api/v1/projects/team/roles/dev/token', {});
  await eventually(isDeployed, { description: 'shop is synced', timeoutMs: 60_000 });
  const all = { admin: server.token, role: role.token, anonymous: undefined, ...Object.fromEntries(tokens) };
  return Object.fromEntries(CALLERS.map((name) => [name, { name, token: all[name as 'admin'] }])) as World['callers'];
}
