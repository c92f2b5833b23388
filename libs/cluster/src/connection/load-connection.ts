/** The connection of the control-plane cluster: a kubeconfig file, else the service account of the pod Tiphys runs in (H05). */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  type Cluster,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { GitOpsError, IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from '@tiphys/model';
import { load } from 'js-yaml';
import type { ClusterConnection } from '../ports.js';
import { type CredentialOptions, credentialsOf, tokenFromFile } from './credentials.js';

export interface LoadConnectionOptions extends CredentialOptions {
  /** `KUBECONFIG`; undefined or empty: in-cluster. Of several paths (`a:b`) the first is read. */
  readonly kubeconfig?: string | undefined;
  /** Instead of the file's current context. */
  readonly context?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Folder of the service account's files, for tests. */
  readonly serviceAccountDir?: string | undefined;
}

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws GitOpsError InvalidSpec that names the file and what is wrong with it. */
export async function loadClusterConnection(options: LoadConnectionOptions = {}): Promise<ClusterConnection> {
  const agent = options.userAgent === undefined ? {} : { userAgent: options.userAgent };
  const file = options.kubeconfig?.split(':').find((path) => path !== '');
  const connection = file === undefined ? await inCluster(options) : await fromKubeconfig(file, options);
  return { ...connection, ...agent };
}

async function inCluster(options: LoadConnectionOptions): Promise<ClusterConnection> {
  const directory = options.serviceAccountDir ?? SERVICE_ACCOUNT_DIR;
  const tokenFile = `${directory}/token`;
  const caData = await readConnectionFile(
    `${directory}/ca.crt`,
    'Tiphys runs outside a pod: set KUBECONFIG to a kubeconfig file',
  );
  return { server: IN_CLUSTER_SERVER, name: IN_CLUSTER_NAME, caData, authorization: tokenFromFile(tokenFile) };
}

async function fromKubeconfig(file: string, options: LoadConnectionOptions): Promise<ClusterConnection> {
  const { cluster, user } = selectContext(file, await parseKubeconfig(file), options.context);
  const base = dirname(file);
  const [caData, certData, keyData, credentials] = await Promise.all([
    pemOf(cluster.caData, cluster.caFile, base),
    pemOf(user.certData, user.certFile, base),
    pemOf(user.keyData, user.keyFile, base),
    credentialsOf(user, options),
  ]);
  return {
    server: cluster.server,
    name: IN_CLUSTER_NAME,
    ...(caData === undefined ? {} : { caData }),
    ...(certData === undefined ? {} : { certData }),
    ...(keyData === undefined ? {} : { keyData }),
    ...(cluster.skipTLSVerify ? { insecureSkipVerify: true } : {}),
    ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
    ...(cluster.proxyUrl ? { proxyUrl: cluster.proxyUrl } : {}),
    ...(user.impersonateUser ? { impersonateUser: user.impersonateUser } : {}),
    ...credentials,
  };
}

interface RawKubeconfig {
  readonly clusters?: unknown;
  readonly users?: unknown;
  readonly contexts?: unknown;
  readonly 'current-context'?: string;
}

async function parseKubeconfig(file: string): Promise<RawKubeconfig> {
  const text = await readConnectionFile(file, 'set KUBECONFIG to a readable kubeconfig file');
  try {
    return (load(text) ?? {}) as RawKubeconfig;
  } catch (cause) {
    throw invalid(file, 'is not YAML', cause);
  }
}

function selectContext(
  file: string,
  raw: RawKubeconfig,
  contextName: string | undefined,
): { cluster: Cluster; user: User } {
  const name = contextName ?? raw['current-context'];
  try {
    const context = newContexts(raw.contexts).find((entry) => entry.name === name);
    if (context === undefined) throw invalid(file, `has no context "${name ?? ''}"`);
    const cluster = newClusters(raw.clusters).find((entry) => entry.name === context.cluster);
    const user = newUsers(raw.users).find((entry) => entry.name === context.user);
    if (cluster === undefined) throw invalid(file, `has no cluster "${context.cluster}"`);
    return { cluster, user: user ?? { name: context.user } };
  } catch (error) {
    if (error instanceof GitOpsError) throw error;
    throw invalid(file, error instanceof Error ? error.message : String(error), error);
  }
}

async function pemOf(base64: string | undefined, file: string | undefined, base: string): Promise<string | undefined> {
  if (base64) return Buffer.from(base64, 'base64').toString('utf8');
  return file ? readConnectionFile(resolve(base, file), 'the kubeconfig names it; put it there') : undefined;
}

async function readConnectionFile(file: string, hint: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new GitOpsError('InvalidSpec', `cannot read ${file}: ${(cause as Error).message}; ${hint}`, { cause });
  }
}

function invalid(file: string, problem: string, cause?: unknown): GitOpsError {
  return new GitOpsError('InvalidSpec', `the kubeconfig ${file} ${problem}; correct it or choose another context`, {
    cause,
  });
}
