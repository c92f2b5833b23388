/** Whether a cluster answers: asked before a registration is written, and remembered for answers. */
import { type ClusterConfig, connectionFromClusterSecret, createKubeClient, type KubeClient } from '@tiphys/cluster';
import { type ClusterInfo, clusterInfoCacheKey, IN_CLUSTER_SERVER } from '@tiphys/model';
import { ApiError } from '../../errors.js';
import type { ClusterDeps } from './deps.js';
import type { ClusterRecord } from './record.js';

export interface ClusterCheck {
  readonly serverVersion: string;
  readonly status: 'Successful' | 'Failed';
  readonly message: string;
  /** RFC 3339. */
  readonly attemptedAt: string;
}

const CHECK_TIMEOUT_MS = 15_000;
/** As long as Argo CD keeps what it knows of a cluster. */
const REMEMBERED_MS = 24 * 60 * 60_000;
const keyOf = (server: string) => `cluster:check:${server}`;

type Target = Pick<ClusterRecord, 'server' | 'name' | 'config'>;

/** Asks the cluster for its version. Throws `failedPrecondition` with what went wrong. */
export async function checkConnection(deps: ClusterDeps, target: Target, signal: AbortSignal): Promise<ClusterCheck> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
  try {
    const serverVersion = await withClient(deps, target, (client) => versionOf(client, bounded));
    return { serverVersion, status: 'Successful', message: '', attemptedAt: deps.clock.now().toISOString() };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const text = `cluster ${target.name} at ${target.server} cannot be used with this registration: ${reason}`;
    throw new ApiError('failedPrecondition', text);
  }
}

/** With a client of the cluster that lives as long as the work. */
export async function withClient<T>(
  { kube }: ClusterDeps,
  { server, name, config }: Target,
  work: (client: KubeClient) => Promise<T>,
): Promise<T> {
  if (server === IN_CLUSTER_SERVER && !hasCredentials(config)) return work(kube);
  const client = createKubeClient(await connectionFromClusterSecret({ name, server, config }));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

function hasCredentials({ tlsClientConfig, ...config }: ClusterConfig): boolean {
  const { username, bearerToken, awsAuthConfig, execProviderConfig } = config;
  const parts = [username, bearerToken, awsAuthConfig, execProviderConfig, tlsClientConfig?.certData];
  return parts.some((part) => part !== undefined && part !== '');
}

/** `1.36`, as Argo CD shows it. */
async function versionOf(client: Pick<KubeClient, 'request'>, signal: AbortSignal): Promise<string> {
  const answer = (await client.request('GET', '/version', { signal })) as
    | { readonly major?: string; readonly minor?: string }
    | undefined;
  const { major = '', minor = '' } = answer ?? {};
  if (!/^\d+$/.test(major)) throw new Error('it does not answer as a Kubernetes API server');
  return `${major}.${minor.replace(/\D+$/, '')}`;
}

export async function rememberCheck({ cache, log }: ClusterDeps, server: string, check: ClusterCheck): Promise<void> {
  try {
    await cache.setJson(keyOf(server), check, REMEMBERED_MS);
  } catch (error) {
    log.warn('the state of a cluster is not remembered', { server, error });
  }
}

/** Undefined when nobody asked the cluster lately. */
export async function lastCheck({ cache, log }: ClusterDeps, server: string): Promise<ClusterCheck | undefined> {
  try {
    return await cache.getJson(keyOf(server), (value) => value as ClusterCheck);
  } catch (error) {
    log.warn('the state of a cluster cannot be read', { server, error });
    return undefined;
  }
}

/** Undefined when the controller has not told of it lately. */
export async function lastSeen({ cache, log }: ClusterDeps, server: string): Promise<ClusterInfo | undefined> {
  try {
    return await cache.getJson(clusterInfoCacheKey(server), (value) => value as ClusterInfo);
  } catch (error) {
    log.warn('what the controller knows of a cluster cannot be read', { server, error });
    return undefined;
  }
}
