/** The connection of a destination cluster from the data of its Secret (H01-H03). Files on our disk can never be named by it (S10). */
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { DEFAULT_EXEC_COMMANDS, GitOpsError } from '@tiphys/model';
import { checkOutboundHost, type OutboundPolicy, outboundPolicy } from '@tiphys/runtime';
import type { ClusterConnection } from '../ports.js';
import { type CredentialOptions, credentialsOf } from './credentials.js';

/** The `config` key of a cluster Secret, parsed. Field names are Argo CD's. */
export interface ClusterConfig {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly tlsClientConfig?: {
    readonly insecure?: boolean;
    readonly serverName?: string;
    /** Base64 of PEM, as in the Secret. */
    readonly caData?: string;
    readonly certData?: string;
    readonly keyData?: string;
  };
  readonly awsAuthConfig?: { readonly clusterName?: string; readonly roleARN?: string; readonly profile?: string };
  readonly execProviderConfig?: {
    readonly command?: string;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly apiVersion?: string;
    readonly installHint?: string;
  };
  readonly proxyUrl?: string;
  /** Accepted; Tiphys never asks for compressed answers. */
  readonly disableCompression?: boolean;
}

export interface ClusterSecret {
  readonly name: string;
  readonly server: string;
  readonly namespaces?: readonly string[];
  readonly clusterResources?: boolean;
  readonly config: ClusterConfig;
}

export interface ClusterSecretOptions extends CredentialOptions {
  /** Plugin commands that a cluster Secret may run: bare names found on PATH. Others are refused (S10). */
  readonly allowedExecCommands?: readonly string[];
  readonly userAgent?: string;
  /** Which addresses may be connected to (S26); default that of the process. */
  readonly outbound?: OutboundPolicy;
}

const EXEC_API_VERSION = 'client.authentication.k8s.io/v1beta1';

/** @throws GitOpsError InvalidSpec when the Secret cannot give a safe connection. */
export async function connectionFromClusterSecret(
  secret: ClusterSecret,
  options: ClusterSecretOptions = {},
): Promise<ClusterConnection> {
  const { proxyUrl } = secret.config;
  const { outbound = outboundPolicy() } = options;
  const server = serverUrl(secret);
  checkOutboundHost(new URL(proxyUrl || server).hostname, outbound);
  return {
    server,
    outbound,
    name: secret.name,
    ...tlsOf(secret),
    ...(proxyUrl ? { proxyUrl } : {}),
    ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
    ...(secret.namespaces === undefined ? {} : { namespaces: secret.namespaces }),
    ...(secret.clusterResources === undefined ? {} : { clusterResources: secret.clusterResources }),
    ...(await credentialsOf(userOf(secret, options), options)),
  };
}

function tlsOf(secret: ClusterSecret): Partial<ClusterConnection> {
  const { insecure, serverName, caData, certData, keyData } = secret.config.tlsClientConfig ?? {};
  if (insecure === true && caData) {
    throw invalid(secret, 'tlsClientConfig has both insecure and caData; remove one of them');
  }
  return {
    ...(caData ? { caData: fromBase64(caData) } : {}),
    ...(certData ? { certData: fromBase64(certData) } : {}),
    ...(keyData ? { keyData: fromBase64(keyData) } : {}),
    ...(insecure === true ? { insecureSkipVerify: true } : {}),
    ...(serverName ? { tlsServerName: serverName } : {}),
  };
}

function userOf(secret: ClusterSecret, options: ClusterSecretOptions): User {
  const { username, password, bearerToken } = secret.config;
  return {
    name: secret.name,
    exec: execOf(secret, options.allowedExecCommands ?? DEFAULT_EXEC_COMMANDS),
    ...(bearerToken ? { token: bearerToken } : {}),
    ...(username ? { username, password: password ?? '' } : {}),
  };
}

function execOf(secret: ClusterSecret, allowed: readonly string[]): object | undefined {
  const { awsAuthConfig, execProviderConfig } = secret.config;
  if (awsAuthConfig !== undefined) {
    const { clusterName = '', roleARN, profile } = awsAuthConfig;
    const role = roleARN ? ['--role-arn', roleARN] : [];
    const args = ['aws', '--cluster-name', clusterName, ...role, ...(profile ? ['--profile', profile] : [])];
    return { apiVersion: EXEC_API_VERSION, command: 'argocd-k8s-auth', args };
  }
  if (execProviderConfig === undefined) return undefined;
  const { command = '', args = [], env = {}, apiVersion, installHint } = execProviderConfig;
  if (!allowed.includes(command)) {
    throw invalid(
      secret,
      `execProviderConfig runs "${command}", which is not allowed here; use one of ${allowed.join(', ')}`,
    );
  }
  return {
    apiVersion: apiVersion ?? EXEC_API_VERSION,
    command,
    args: [...args],
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
    installHint,
  };
}

function serverUrl(secret: ClusterSecret): string {
  const url = URL.canParse(secret.server) ? new URL(secret.server) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(secret, `"${secret.server}" is not the URL of an API server; use https://host:port`);
  }
  return secret.server.replace(/\/$/, '');
}

function fromBase64(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}

function invalid(secret: ClusterSecret, problem: string): GitOpsError {
  return new GitOpsError('InvalidSpec', `cluster Secret of ${secret.name || secret.server}: ${problem}`);
}
