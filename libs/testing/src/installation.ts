/** A whole Tiphys on this machine: the three built services as processes of this one, against given cluster and Redis. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCertificateAuthority, writeTlsDir } from './certificates.js';
import type { ClusterUser } from './control-plane.js';
import { installCustomResources } from './custom-resources.js';
import { eventually } from './eventually.js';
import { type ClusterAccess, createKubeClient, type KubeClient, type KubeObject } from './kube-client.js';
import { writeKubeconfig } from './kubeconfig.js';
import { freePort, removeDirectory, temporaryDirectory } from './process.js';
import type { RedisInfo } from './redis.js';
import { type ServiceName, type ServiceProcess, startService } from './service-process.js';
import { toolPath } from './tools.js';

/** The cluster of the control plane; a ControlPlane is one. */
export interface InstallationCluster extends ClusterAccess {
  /** Used by the services as it is, unless there are tokens. */
  readonly kubeconfigPath: string;
  /** Gives each service a user of its own, so that its writes can be told apart in the audit log. */
  readonly tokens?: Readonly<Partial<Record<ClusterUser, string>>>;
}

export interface InstallationOptions {
  readonly controlPlane: InstallationCluster;
  readonly redis: RedisInfo;
  /** Default `argocd`; made if it is missing. */
  readonly namespace?: string;
  /** Data of argocd-cm, laid over what is there. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Data of argocd-cmd-params-cm. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Default: all three. */
  readonly services?: readonly ServiceName[];
  /** Further environment of all services. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Installation {
  /** `http://127.0.0.1:port` of the api-server. */
  readonly apiUrl: string;
  readonly adminPassword: string;
  /** `webhook.github.secret`: sign pushes with it. */
  readonly webhookSecret: string;
  readonly namespace: string;
  /** Current process ids by service, for measuring. */
  readonly pids: Readonly<Partial<Record<ServiceName, number>>>;
  /** One service, to look at it, kill it or start it again. Throws when it is not part of this installation. */
  service(name: ServiceName): ServiceProcess;
  /** For a service that runs in the test's own process beside these. */
  readonly peers: InstallationPeers;
  /** Last lines that the services wrote, for failure messages. */
  logTails(lines?: number): string;
  /** Stops the services in order, by force after ten seconds, and removes the data of the installation. */
  stop(): Promise<void>;
}

export interface InstallationPeers {
  readonly cacheKey: string;
  /** Folder with ca.crt, tls.crt and tls.key. */
  readonly tlsDir: string;
  readonly repoServerAddress: string;
}

const SERVICES: readonly ServiceName[] = ['repo-server', 'application-controller', 'api-server'];
const USERS = {
  'repo-server': 'tiphys-controller',
  'application-controller': 'tiphys-controller',
  'api-server': 'tiphys-api',
} as const satisfies Record<ServiceName, ClusterUser>;

/** Starts the services and waits until each is ready. Throws with their last lines when one does not become ready. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { controlPlane, namespace = 'argocd' } = options;
  const directory = temporaryDirectory('installation');
  const client = createKubeClient(controlPlane, 'tiphys-installation');
  const services = new Map<ServiceName, ServiceProcess>();
  const logTails = (lines = 20) =>
    [...services].map(([name, part]) => `--- ${name}\n${part.logTail(lines)}`).join('\n');
  const stop = async () => {
    for (const service of [...services.values()].reverse()) {
      await service.stop();
    }
    await client.close();
    removeDirectory(directory);
  };
  try {
    const webhookSecret = await prepareNamespace(client, { ...options, namespace });
    const plan = await planEnvironment(options, directory, namespace);
    for (const name of options.services ?? SERVICES) {
      services.set(name, await startService({ name, directory, ...plan.of(name) }));
    }
    await Promise.all([...services.values()].map((service) => service.ready()));
    return {
      apiUrl: plan.apiUrl,
      adminPassword: services.has('api-server') ? await adminPassword(client, namespace) : '',
      ...{ webhookSecret, namespace, logTails, stop, peers: plan.peers },
      get pids() {
        return Object.fromEntries([...services].map(([name, service]) => [name, service.pid]));
      },
      service: (name) => {
        const service = services.get(name);
        if (service === undefined) {
          throw new Error(`${name} is not part of this installation`);
        }
        return service;
      },
    };
  } catch (error) {
    const tails = logTails();
    await stop();
    throw new Error(`the installation did not start: ${String(error)}\n${tails}`, { cause: error });
  }
}

interface Plan {
  readonly apiUrl: string;
  readonly peers: InstallationPeers;
  of(name: ServiceName): { readonly env: Readonly<Record<string, string>>; readonly opsUrl: string };
}

/** The environment contract of the services: everything that a chart would set. */
async function planEnvironment(options: InstallationOptions, directory: string, namespace: string): Promise<Plan> {
  const { redis, env = {} } = options;
  const [api, repo] = [await freePort(), await freePort()];
  const ops = Object.fromEntries(await Promise.all(SERVICES.map(async (name) => [name, await freePort()] as const)));
  const peers: InstallationPeers = {
    cacheKey: randomBytes(32).toString('hex'),
    tlsDir: writeCertificates(directory),
    repoServerAddress: `localhost:${repo}`,
  };
  const common = {
    TIPHYS_NAMESPACE: namespace,
    TIPHYS_REDIS_ADDRESS: `${redis.host}:${redis.port}`,
    TIPHYS_REDIS_PASSWORD_FILE: writeSecret(directory, 'redis-password', redis.password),
    TIPHYS_CACHE_KEY_FILE: writeSecret(directory, 'cache-key', peers.cacheKey),
    TIPHYS_TLS_DIR: peers.tlsDir,
    TIPHYS_REPO_SERVER_ADDRESS: peers.repoServerAddress,
    TIPHYS_LOG_FORMAT: 'text',
  };
  const own: Record<ServiceName, Record<string, string>> = {
    'api-server': { TIPHYS_LISTEN: `127.0.0.1:${api}` },
    'repo-server': {
      TIPHYS_LISTEN: `127.0.0.1:${repo}`,
      TIPHYS_DATA_DIR: join(directory, 'repo-server'),
      TIPHYS_TOOLS: dirname(toolPath('helm')),
    },
    'application-controller': {},
  };
  return {
    ...{ apiUrl: `http://127.0.0.1:${api}`, peers },
    of: (name) => ({
      opsUrl: `http://127.0.0.1:${ops[name]}`,
      env: {
        ...common,
        KUBECONFIG: kubeconfigOf(options.controlPlane, directory, USERS[name]),
        TIPHYS_METRICS_LISTEN: `127.0.0.1:${ops[name]}`,
        ...own[name],
        ...env,
      },
    }),
  };
}

function writeSecret(directory: string, name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

function writeCertificates(directory: string): string {
  const tls = join(directory, 'tls');
  const sans = ['repo-server', 'localhost', '127.0.0.1'];
  writeTlsDir(tls, createCertificateAuthority('tiphys-ca'), { commonName: 'tiphys', sans });
  return tls;
}

function kubeconfigOf(cluster: InstallationCluster, directory: string, user: ClusterUser): string {
  const token = cluster.tokens?.[user];
  if (token === undefined) {
    return cluster.kubeconfigPath;
  }
  const file = join(directory, `kubeconfig-${user}.json`);
  writeKubeconfig(file, cluster, { [user]: token });
  return file;
}

type Prepared = InstallationOptions & { readonly namespace: string };

/** Namespace, CRDs, the ConfigMaps of the settings and argocd-secret; returns the webhook secret, kept from an earlier run. */
async function prepareNamespace(
  client: KubeClient,
  { namespace, settings = {}, parameters = {} }: Prepared,
): Promise<string> {
  await client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await installCustomResources(client);
  const metadata = (name: string) => ({ name, namespace, labels: { 'app.kubernetes.io/part-of': 'argocd' } });
  const secret = await client.find(`/api/v1/namespaces/${namespace}/secrets/argocd-secret`);
  const webhookSecret = dataOf(secret, 'webhook.github.secret') ?? randomBytes(20).toString('hex');
  const objects: readonly KubeObject[] = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-cm'), data: settings },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-cmd-params-cm'), data: parameters },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('argocd-rbac-cm') },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('argocd-secret'),
      data: { 'webhook.github.secret': Buffer.from(webhookSecret).toString('base64') },
    },
  ];
  await Promise.all(objects.map((object) => client.apply(object)));
  return webhookSecret;
}

/** Made by the api-server at its first start. */
function adminPassword(client: KubeClient, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`;
  const read = async () => {
    const password = dataOf(await client.get(path), 'password');
    if (password === undefined) {
      throw new Error('it has no password');
    }
    return password;
  };
  return eventually(read, { description: 'argocd-initial-admin-secret', timeoutMs: 60_000 });
}

function dataOf(secret: KubeObject | undefined, name: string): string | undefined {
  const encoded = (secret?.['data'] as Readonly<Record<string, string>> | undefined)?.[name];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString();
}
