/** All that is needed to reach one repository, flat: credentials, connection options, host keys and CA (G03-G12). */
import { CONFIG_OBJECTS, GitOpsError } from '@tiphys/model';
import { tlsCertForUrl } from './certificates.js';
import type { SettingsData } from './reader.js';
import {
  type AzureIdentity,
  credentialsFor,
  type GithubApp,
  type Repository,
  type RepositoryCredentials,
  type RepositoryRequest,
} from './repositories.js';

/** Field names are those of the repo-server's `Repository` message; an empty text means "not set". */
export interface RepositoryConnection {
  readonly url: string;
  readonly type: Repository['type'];
  readonly name: string;
  readonly project: string;
  readonly username: string;
  readonly password: string;
  readonly bearerToken: string;
  readonly sshPrivateKey: string;
  readonly tlsClientCertData: string;
  readonly tlsClientCertKey: string;
  readonly insecure: boolean;
  readonly insecureOciForceHttp: boolean;
  readonly forceHttpBasicAuth: boolean;
  readonly proxy: string;
  readonly noProxy: string;
  readonly sshKnownHosts: string;
  readonly tlsCaData: string;
  readonly githubApp?: { id: bigint; installationId: bigint; privateKey: string; enterpriseBaseUrl: string };
  readonly gcpServiceAccountKey: string;
  readonly azure?: Required<AzureIdentity>;
  readonly enableLfs: boolean;
  /** 0: the whole history. */
  readonly depth: number;
}

export interface ConnectionSources {
  readonly repositories: readonly Repository[];
  /** Data of a ConfigMap by name. */
  readonly configMap: (name: string) => SettingsData;
}

const TEXTS = [
  'username',
  'password',
  'bearerToken',
  'sshPrivateKey',
  'tlsClientCertData',
  'tlsClientCertKey',
] as const satisfies readonly (keyof RepositoryCredentials)[];
/** Identities that open Git repositories only. */
const GIT_ONLY = [
  'githubApp',
  'gcpServiceAccountKey',
  'azure',
] as const satisfies readonly (keyof RepositoryCredentials)[];

/** @throws GitOpsError InvalidSpec for a Helm or OCI repository with an identity that only Git repositories can have. */
export function repositoryConnection(request: RepositoryRequest, sources: ConnectionSources): RepositoryConnection {
  const { url, project = '' } = request;
  const { repository, credentials, options } = credentialsFor(request, sources.repositories);
  const { type, name, enableLfs, depth } = { ...UNREGISTERED, ...repository };
  if (type !== 'git') checkIdentities(url, credentials);
  const texts = Object.fromEntries(TEXTS.map((name) => [name, credentials[name] ?? '']));
  return {
    ...{ url, project, type, name, enableLfs, depth },
    ...(texts as Record<(typeof TEXTS)[number], string>),
    ...{ insecure: options.insecure, insecureOciForceHttp: options.insecureOciForceHttp },
    forceHttpBasicAuth: options.forceHttpBasicAuth,
    ...{ proxy: options.proxy ?? '', noProxy: options.noProxy ?? '' },
    sshKnownHosts: sources.configMap(CONFIG_OBJECTS.sshKnownHosts)['ssh_known_hosts'] ?? '',
    tlsCaData: tlsCertForUrl(url, sources.configMap(CONFIG_OBJECTS.tlsCerts)) ?? '',
    ...identities(credentials),
  };
}

/** What holds for a repository that has no Secret of its own. */
const UNREGISTERED = { type: 'git', name: '', enableLfs: false, depth: 0 } as const;

function checkIdentities(url: string, credentials: RepositoryCredentials): void {
  const unusable = GIT_ONLY.find((kind) => credentials[kind] !== undefined);
  if (unusable === undefined) return;
  const fix = 'give the repository Secret a username and password or a bearer token';
  throw new GitOpsError('InvalidSpec', `${unusable} of ${url} works for Git repositories only; ${fix}`);
}

function identities({ githubApp, gcpServiceAccountKey = '', azure }: RepositoryCredentials) {
  return {
    gcpServiceAccountKey,
    ...(githubApp === undefined ? {} : { githubApp: githubAppMessage(githubApp) }),
    ...(azure === undefined ? {} : { azure: { ...NO_AZURE, ...azure } }),
  };
}

const NO_AZURE = { clientId: '', tenantId: '', clientSecret: '', activeDirectoryEndpoint: '' };

function githubAppMessage({ id, installationId = 0, privateKey, enterpriseBaseUrl = '' }: GithubApp) {
  return { id: BigInt(id), installationId: BigInt(installationId), privateKey, enterpriseBaseUrl };
}
