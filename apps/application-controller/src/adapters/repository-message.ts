/** A repository as the repo-server takes it: URL, the credentials the project may use, known hosts and CA. */
import { GitOpsError } from '@tiphys/model';
import type { RepoServerClient } from '@tiphys/proto';
import { credentialsFor, tlsCertForUrl } from '@tiphys/settings';
import type { SettingsSnapshot } from './settings-source.js';

export type RepositoryMessage = NonNullable<Parameters<RepoServerClient['resolveRevision']>[0]['repository']>;

export function repositoryMessage(url: string, project: string, settings: SettingsSnapshot): RepositoryMessage {
  const { repository, credentials, options } = credentialsFor({ url, project }, settings.repositories);
  if (credentials.githubApp !== undefined || credentials.gcpServiceAccountKey !== undefined || credentials.azure !== undefined) {
    throw new GitOpsError('InvalidSpec', `the credentials of ${url} are of a kind that this version cannot use; give the repository Secret a username and password, a bearer token or an SSH key`);
  }
  return {
    url,
    type: repository?.type ?? 'git',
    name: repository?.name ?? '',
    project,
    username: credentials.username ?? '',
    password: credentials.password ?? '',
    bearerToken: credentials.bearerToken ?? '',
    sshPrivateKey: credentials.sshPrivateKey ?? '',
    tlsClientCertData: credentials.tlsClientCertData ?? '',
    tlsClientCertKey: credentials.tlsClientCertKey ?? '',
    insecure: options.insecure,
    forceHttpBasicAuth: options.forceHttpBasicAuth,
    proxy: options.proxy ?? '',
    noProxy: options.noProxy ?? '',
    sshKnownHosts: settings.knownHosts,
    tlsCaData: tlsCertForUrl(url, settings.tlsCerts) ?? '',
  };
}
