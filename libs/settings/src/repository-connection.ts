/** All that is needed to reach one repository, flat: credentials, connection options, host keys and CA (G03-G12). */
import { CONFIG_OBJECTS, GitOpsError } from '@tiphys/model';
import { tlsCertForUrl } from './certificates.js';
import type { SettingsData } from './reader.js';
import { credentialsFor, type Repository, type RepositoryCredentials, type RepositoryRequest } from './repositories.js';

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
const UNUSABLE = [
  'githubApp',
  'gcpServiceAccountKey',
  'azure',
] as const satisfies readonly (keyof RepositoryCredentials)[];

/** @throws GitOpsError InvalidSpec when the credentials are of a kind that the repo-server cannot use. */
export function repositoryConnection(request: RepositoryRequest, sources: ConnectionSources): RepositoryConnection {
  const { url, project = '' } = request;
  const { repository, credentials, options } = credentialsFor(request, sources.repositories);
  const unusable = UNUSABLE.find((kind) => credentials[kind] !== undefined);
  if (unusable !== undefined) {
    const fix = 'give the repository Secret a username and password, a bearer token or an SSH key';
    throw new GitOpsError(
      'InvalidSpec',
      `the credentials of ${url} (${unusable}) cannot be used by this version; ${fix}`,
    );
  }
  const texts = Object.fromEntries(TEXTS.map((name) => [name, credentials[name] ?? '']));
  return {
    ...{ url, project, type: repository?.type ?? 'git', name: repository?.name ?? '' },
    ...(texts as Record<(typeof TEXTS)[number], string>),
    ...{ insecure: options.insecure, insecureOciForceHttp: options.insecureOciForceHttp },
    forceHttpBasicAuth: options.forceHttpBasicAuth,
    ...{ proxy: options.proxy ?? '', noProxy: options.noProxy ?? '' },
    sshKnownHosts: sources.configMap(CONFIG_OBJECTS.sshKnownHosts)['ssh_known_hosts'] ?? '',
    tlsCaData: tlsCertForUrl(url, sources.configMap(CONFIG_OBJECTS.tlsCerts)) ?? '',
  };
}
