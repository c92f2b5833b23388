/** Cluster Secrets (H01-H07): connection data, scope and labels of each registered cluster. */
import { DEFAULT_EXEC_COMMANDS, decodeBase64Text, IN_CLUSTER_NAME, IN_CLUSTER_SERVER, LABELS } from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';
import {
  compact,
  createReader,
  isRecord,
  type Parsed,
  type SettingsData,
  type SettingsReader,
  splitList,
  stringsOf,
} from './reader.js';
import type { SecretRecord } from './secret.js';

/** `execProviderConfig` (H03): a command that prints a client-go ExecCredential. */
export interface ExecProvider {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly installHint?: string;
}

/** `awsAuthConfig` (H03): a token for EKS, signed with the pod's AWS identity. */
export interface AwsAuth {
  readonly clusterName: string;
  readonly roleArn?: string;
  readonly profile?: string;
}

export type ClusterAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'inCluster' }
  | { readonly kind: 'bearerToken'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'clientCertificate' }
  | { readonly kind: 'exec'; readonly exec: ExecProvider }
  | { readonly kind: 'aws'; readonly aws: AwsAuth }
  /** The Secret asks for something that is not allowed; the cluster must be shown as failed with this reason. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface ClusterTls {
  readonly insecure: boolean;
  readonly serverName?: string;
  /** PEM text, as the other two. */
  readonly caData?: string;
  readonly certData?: string;
  readonly keyData?: string;
}

export interface Cluster {
  /** Undefined for the implicit in-cluster entry. */
  readonly secretName: string | undefined;
  readonly server: string;
  readonly name: string;
  /** Its owners manage the cluster; with `permitOnlyProjectScopedClusters` the project deploys nowhere else (F07). */
  readonly project?: string;
  /** Empty: all namespaces (H04). */
  readonly namespaces: readonly string[];
  /** With `namespaces`: cluster-scoped kinds are managed, too. */
  readonly clusterResources: boolean;
  readonly shard?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Every application of the cluster is paused (H07). */
  readonly skipReconcile: boolean;
  readonly auth: ClusterAuth;
  readonly tls: ClusterTls;
  readonly proxyUrl?: string;
  readonly disableCompression: boolean;
}

export interface ClusterOptions {
  /** `cluster.inClusterEnabled` (H05); default true: the control-plane cluster is registered without a Secret. */
  readonly inClusterEnabled?: boolean;
  /** Base names of commands that `execProviderConfig` may name; see DEFAULT_EXEC_COMMANDS of the model (S10). */
  readonly allowedExecCommands?: readonly string[];
}

const SKIP_RECONCILE = 'argocd.argoproj.io/skip-reconcile';

/** All clusters, sorted by server; the implicit in-cluster entry is added when no Secret names it. */
export function parseClusters(
  secrets: readonly SecretRecord[],
  options: ClusterOptions = {},
): Parsed<readonly Cluster[]> {
  const { inClusterEnabled = true } = options;
  const problems: { key: string; message: string }[] = [];
  const registered = secrets.flatMap((secret): readonly Cluster[] => {
    if (secret.labels[LABELS.secretType] !== 'cluster') return [];
    const reader = createReader(secret.data);
    const cluster = parseCluster(reader, secret, options.allowedExecCommands ?? DEFAULT_EXEC_COMMANDS);
    problems.push(...reader.problems.map(({ key, message }) => ({ key: `${secret.name}/${key}`, message })));
    return cluster === undefined ? [] : [cluster];
  });
  const all = registered.filter(({ server }) => inClusterEnabled || server !== IN_CLUSTER_SERVER);
  if (inClusterEnabled && !all.some(({ server }) => server === IN_CLUSTER_SERVER)) all.push(IN_CLUSTER);
  return { settings: all.sort((left, right) => (left.server < right.server ? -1 : 1)), problems };
}

const IN_CLUSTER: Cluster = {
  secretName: undefined,
  server: IN_CLUSTER_SERVER,
  name: IN_CLUSTER_NAME,
  namespaces: [],
  clusterResources: true,
  labels: {},
  annotations: {},
  skipReconcile: false,
  auth: { kind: 'inCluster' },
  tls: { insecure: false },
  disableCompression: false,
};

/** The cluster of a destination: by server URL (a trailing slash does not matter), or else by name. */
export function findCluster(
  clusters: readonly Cluster[],
  destination: { readonly server?: string; readonly name?: string },
): Cluster | undefined {
  const { server = '', name = '' } = destination;
  if (server !== '') return clusters.find((cluster) => cluster.server === trimServer(server));
  return name === '' ? undefined : clusters.find((cluster) => cluster.name === name);
}

const trimServer = (server: string) => server.replace(/\/+$/, '');

function parseCluster(
  reader: SettingsReader,
  secret: SecretRecord,
  allowedExecCommands: readonly string[],
): Cluster | undefined {
  const server = trimServer(reader.text('server') ?? '');
  if (server === '') {
    reader.problem('server', 'is missing; the cluster is ignored');
    return undefined;
  }
  const config = parseConfig(reader);
  const tls = parseTls(reader, config['tlsClientConfig']);
  const namespaces = splitList(reader.text('namespaces') ?? '');
  return {
    secretName: secret.name,
    server,
    name: reader.text('name') ?? server,
    namespaces,
    clusterResources: namespaces.length === 0 || reader.flag('clusterResources', false),
    labels: secret.labels,
    annotations: secret.annotations,
    skipReconcile: secret.annotations[SKIP_RECONCILE] === 'true',
    auth: parseAuth({ reader, config, tls, server, allowedExecCommands }),
    tls,
    disableCompression: config['disableCompression'] === true,
    ...compact<Pick<Cluster, 'project' | 'proxyUrl' | 'shard'>>({
      project: reader.text('project'),
      proxyUrl: textOf(config['proxyUrl']),
      shard: reader.text('shard') === undefined ? undefined : reader.count('shard', 0),
    }),
  };
}

function parseConfig(reader: SettingsReader): Readonly<Record<string, unknown>> {
  const text = reader.text('config');
  if (text === undefined) return {};
  try {
    const value: unknown = parseJson(text);
    if (isRecord(value)) return value;
  } catch {
    // reported below: the parser's message could quote the credentials
  }
  reader.problem('config', 'is not a JSON object');
  return {};
}

function parseTls(reader: SettingsReader, value: unknown): ClusterTls {
  const tls = isRecord(value) ? value : {};
  const pem = (field: string) => {
    const encoded = textOf(tls[field]);
    const decoded = encoded === undefined ? undefined : decodeBase64Text(encoded);
    if (encoded !== undefined && decoded === undefined) {
      reader.problem('config', `tlsClientConfig.${field} is not base64 of a PEM text`);
    }
    return decoded;
  };
  return {
    insecure: tls['insecure'] === true,
    ...compact<Omit<ClusterTls, 'insecure'>>({
      serverName: textOf(tls['serverName']),
      caData: pem('caData'),
      certData: pem('certData'),
      keyData: pem('keyData'),
    }),
  };
}

interface AuthInput {
  readonly reader: SettingsReader;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tls: ClusterTls;
  readonly server: string;
  readonly allowedExecCommands: readonly string[];
}

/** Order of client-go and Argo CD: cloud helpers first, then token, password, certificate. */
function parseAuth({ reader, config, tls, server, allowedExecCommands }: AuthInput): ClusterAuth {
  const aws = config['awsAuthConfig'];
  if (isRecord(aws)) return { kind: 'aws', aws: parseAws(aws) };
  const exec = config['execProviderConfig'];
  if (isRecord(exec)) return parseExec(reader, exec, allowedExecCommands);
  const token = textOf(config['bearerToken']);
  if (token !== undefined) return { kind: 'bearerToken', token };
  const username = textOf(config['username']);
  if (username !== undefined) return { kind: 'basic', username, password: textOf(config['password']) ?? '' };
  if (tls.certData !== undefined && tls.keyData !== undefined) return { kind: 'clientCertificate' };
  return server === IN_CLUSTER_SERVER ? { kind: 'inCluster' } : { kind: 'none' };
}

function parseAws(aws: Readonly<Record<string, unknown>>): AwsAuth {
  return {
    clusterName: textOf(aws['clusterName']) ?? '',
    ...compact<Omit<AwsAuth, 'clusterName'>>({ roleArn: textOf(aws['roleARN']), profile: textOf(aws['profile']) }),
  };
}

function parseExec(
  reader: SettingsReader,
  exec: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
): ClusterAuth {
  const command = textOf(exec['command']) ?? '';
  if (!isAllowedCommand(command, allowed)) {
    const reason = `execProviderConfig.command "${command}" is not one of ${allowed.join(', ')}`;
    reader.problem('config', reason);
    return { kind: 'refused', reason };
  }
  const env = isRecord(exec['env']) ? exec['env'] : {};
  return {
    kind: 'exec',
    exec: {
      command,
      args: stringsOf(exec['args']),
      env: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => textOf(entry[1]) !== undefined),
      ),
      apiVersion: textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
      ...compact<Pick<ExecProvider, 'installHint'>>({ installHint: textOf(exec['installHint']) }),
    },
  };
}

/** Base names are looked up on PATH; a path is allowed only when it is listed as it is. */
export function isAllowedCommand(command: string, allowed: readonly string[] = DEFAULT_EXEC_COMMANDS): boolean {
  return command !== '' && allowed.includes(command);
}

/**
 * What a kubeconfig from outside (an upload, a Secret) may not hold (S10): commands, auth providers and paths to files
 * of this machine. Returns the offending fields; empty means safe.
 */
export function refusedKubeconfigFields(kubeconfig: unknown): readonly string[] {
  const config = isRecord(kubeconfig) ? kubeconfig : {};
  const entries = (list: string, field: string) =>
    (Array.isArray(config[list]) ? config[list] : []).flatMap((entry: unknown, index) => {
      const value = isRecord(entry) ? entry[field] : undefined;
      return isRecord(value)
        ? Object.keys(value).map((key) => ({ path: `${list}[${index}].${field}.${key}`, key }))
        : [];
    });
  const refused = new Set([
    'exec',
    'auth-provider',
    'tokenFile',
    'client-certificate',
    'client-key',
    'certificate-authority',
  ]);
  return [...entries('clusters', 'cluster'), ...entries('users', 'user')]
    .filter(({ key }) => refused.has(key))
    .map(({ path }) => path);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `cluster.inClusterEnabled` of argocd-cm (H05). */
export function isInClusterEnabled(argocdCm: SettingsData): boolean {
  return createReader(argocdCm).flag('cluster.inClusterEnabled', true);
}
