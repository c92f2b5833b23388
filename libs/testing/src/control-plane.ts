/** A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager as processes of this one. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_POLICY, apiServerArguments, controllerManagerArguments, etcdArguments } from './control-plane-flags.js';
import { installCustomResources } from './custom-resources.js';
import { eventually } from './eventually.js';
import { type ClusterAccess, createKubeClient, type KubeClient } from './kube-client.js';
import { writeKubeconfig } from './kubeconfig.js';
import { freePort, type ManagedProcess, removeDirectory, startProcess, temporaryDirectory } from './process.js';
import { toolPath } from './tools.js';

/** The users that every control plane knows, all in group system:masters; each has a token of its own so that writes are attributable. */
export const CLUSTER_USERS = ['admin', 'tiphys-controller', 'tiphys-api', 'tiphys-kubelet', 'tiphys-test'] as const;
/** Name of one of the known users. */
export type ClusterUser = (typeof CLUSTER_USERS)[number];

/** What can be chosen about a control plane. */
export interface ControlPlaneOptions {
  /** Run kube-controller-manager (Deployments get Pods, ServiceAccounts get tokens); default true. */
  readonly controllerManager?: boolean;
  /** Install the CRDs of `charts/tiphys/crds`; default true. */
  readonly customResources?: boolean;
}

/** Connection facts of a cluster: plain data that can be sent to another process. */
export interface ControlPlaneInfo extends ClusterAccess {
  readonly server: string;
  readonly caData: string;
  /** Token of `admin`. */
  readonly adminToken: string;
  /** Token per known user. */
  readonly tokens: Readonly<Record<ClusterUser, string>>;
  /** A kubeconfig with one context per known user; the current one is `admin`. */
  readonly kubeconfigPath: string;
  /** JSON lines, one per write; empty string when the cluster is not ours. */
  readonly auditLogPath: string;
  /** Process ids by program name, for measuring. */
  readonly pids: Readonly<Record<string, number>>;
}

/** A running control plane. */
export interface ControlPlane extends ControlPlaneInfo {
  /** A client as one of the known users; closed by stop(). */
  client(user?: ClusterUser): KubeClient;
  /** One more cluster: another API server on the same etcd under its own prefix. */
  startSecondCluster(options?: ControlPlaneOptions): Promise<ControlPlane>;
  /** Last lines of the programs' output, for failure messages. */
  logTails(): string;
  /** Kills everything at once (the API server would drain for up to a minute) and removes the data. */
  stop(): Promise<void>;
}

/** Starts etcd, kube-apiserver and kube-controller-manager on free ports with data in a temporary directory. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const directory = temporaryDirectory('control-plane');
  const [client, peer] = [await freePort(), await freePort()];
  const binary = toolPath('tiphys-kube');
  const etcd = await startProcess({
    command: binary,
    args: etcdArguments(join(directory, 'etcd'), client, peer),
    logFile: join(directory, 'etcd.log'),
  });
  const backend: Backend = { binary, directory, etcd, etcdUrl: `http://127.0.0.1:${client}`, clusters: 0 };
  try {
    return await startCluster(backend, options);
  } catch (error) {
    await etcd.kill();
    removeDirectory(directory);
    throw error;
  }
}

interface Backend {
  readonly binary: string;
  readonly directory: string;
  readonly etcd: ManagedProcess;
  readonly etcdUrl: string;
  clusters: number;
}

interface Programs {
  readonly [name: string]: ManagedProcess;
}

async function startCluster(backend: Backend, options: ControlPlaneOptions): Promise<ControlPlane> {
  const index = backend.clusters++;
  const directory = join(backend.directory, `cluster-${index}`);
  const port = await freePort();
  const tokens = prepareFiles(directory);
  const apiserver = await startProcess({
    command: backend.binary,
    args: apiServerArguments({ directory, port, etcdUrl: backend.etcdUrl, etcdPrefix: `/cluster-${index}` }),
    logFile: join(directory, 'kube-apiserver.log'),
  });
  const programs: Record<string, ManagedProcess> = { etcd: backend.etcd, 'kube-apiserver': apiserver };
  try {
    const access = await whenReady({ directory, port, apiserver, token: tokens.admin });
    const kubeconfigPath = join(directory, 'kubeconfig.json');
    writeKubeconfig(kubeconfigPath, access, tokens);
    if (options.controllerManager !== false) {
      programs['kube-controller-manager'] = await startProcess({
        command: backend.binary,
        args: controllerManagerArguments(directory, kubeconfigPath),
        logFile: join(directory, 'kube-controller-manager.log'),
      });
    }
    const info = {
      ...access,
      adminToken: tokens.admin,
      tokens,
      kubeconfigPath,
      auditLogPath: join(directory, 'audit.log'),
      pids: Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, program.pid])),
    };
    const cluster = describeCluster({ info, programs, backend, isFirst: index === 0 });
    await finishCluster(cluster, options);
    return cluster;
  } catch (error) {
    const tails = tailsOf(programs);
    await killAll(programs, index === 0);
    throw new Error(`the control plane did not start: ${String(error)}\n${tails}`, { cause: error });
  }
}

function prepareFiles(directory: string): Record<ClusterUser, string> {
  mkdirSync(directory, { recursive: true });
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const token = () => randomBytes(16).toString('hex');
  const tokens = Object.fromEntries(CLUSTER_USERS.map((user) => [user, token()])) as Record<ClusterUser, string>;
  const lines = Object.entries(tokens).map(([user, secret]) => `${secret},${user},${user},"system:masters"`);
  const files = {
    'sa.key': privateKey,
    'sa.pub': publicKey,
    'tokens.csv': `${lines.join('\n')}\n`,
    'audit-policy.json': AUDIT_POLICY,
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content, { mode: 0o600 });
  }
  return tokens;
}

interface Waiting {
  readonly directory: string;
  readonly port: number;
  readonly apiserver: ManagedProcess;
  readonly token: string;
}

/** Waits until /readyz answers under the server's self-signed certificate, which is read anew each time: it may be half written. */
async function whenReady({ directory, port, apiserver, token }: Waiting): Promise<ClusterAccess & { caData: string }> {
  const server = `https://127.0.0.1:${port}`;
  const certificate = join(directory, 'apiserver.crt');
  const ask = async () => {
    const access = { server, caData: readFileSync(certificate).toString('base64'), token };
    const client = createKubeClient(access);
    try {
      await client.get('/readyz');
      return access;
    } finally {
      await client.close();
    }
  };
  const ended = apiserver.exited.then((how) => {
    throw new Error(`kube-apiserver ended (${how})`);
  });
  ended.catch(() => undefined); // it ends one day, also after it was ready
  const options = { description: 'kube-apiserver', timeoutMs: 90_000, intervalMs: 50 };
  const access = await Promise.race([eventually(ask, options), ended]);
  copyFileSync(certificate, join(directory, 'ca.crt'));
  return access;
}

async function finishCluster(cluster: ControlPlane, options: ControlPlaneOptions): Promise<void> {
  const admin = cluster.client('admin');
  if (options.customResources !== false) {
    await installCustomResources(admin);
  }
  if (options.controllerManager !== false) {
    const path = '/api/v1/namespaces/default/serviceaccounts/default';
    await eventually(() => admin.get(path), { description: 'kube-controller-manager creates ServiceAccounts' });
  }
}

interface ClusterParts {
  readonly info: ControlPlaneInfo;
  readonly programs: Programs;
  readonly backend: Backend;
  readonly isFirst: boolean;
}

function describeCluster({ info, programs, backend, isFirst }: ClusterParts): ControlPlane {
  const clients: KubeClient[] = [];
  const others: ControlPlane[] = [];
  return {
    ...info,
    client: (user = 'tiphys-test') => {
      const client = createKubeClient({ ...info, token: info.tokens[user] });
      clients.push(client);
      return client;
    },
    startSecondCluster: async (options = {}) => {
      const other = await startCluster(backend, options);
      others.push(other);
      return other;
    },
    logTails: () => tailsOf(programs),
    stop: async () => {
      await Promise.all([...others.map((other) => other.stop()), ...clients.map((client) => client.close())]);
      await killAll(programs, isFirst);
      if (isFirst) {
        removeDirectory(backend.directory);
      }
    },
  };
}

async function killAll(programs: Programs, withEtcd: boolean): Promise<void> {
  const chosen = Object.entries(programs).filter(([name]) => withEtcd || name !== 'etcd');
  await Promise.all(chosen.map(([, program]) => program.kill()));
}

function tailsOf(programs: Programs): string {
  return Object.entries(programs)
    .map(([name, program]) => `--- ${name}\n${program.logTail()}`)
    .join('\n');
}
