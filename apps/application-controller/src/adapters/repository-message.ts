/** A repository as the repo-server takes it: URL, the credentials the project may use, known hosts and CA. */
import { GitOpsError } from '@tiphys/model';
import type { RepoServerClient } from '@tiphys/proto';
import { credentialsFor, type RepositoryCredentials, tlsCertForUrl } from '@tiphys/settings';
import type { SettingsSnapshot } from './settings-source.js';

export type RepositoryMessage = NonNullable<Parameters<RepoServerClient['resolveRevision']>[0]['repository']>;

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

export function repositoryMessage(url: string, project: string, settings: SettingsSnapshot): RepositoryMessage {
  const { repository, credentials, options } = credentialsFor({ url, project }, settings.repositories);
  if (UNUSABLE.some((kind) => credentials[kind] !== undefined)) {
    throw new GitOpsError(
      'InvalidSpec',
      `the credentials of ${url} are of a kind that this version cannot use; give the repository Secret a username and password, a bearer token or an SSH key`,
    );
  }
  return {
    url,
    type: repository?.type ?? 'git',
    name: repository?.name ?? '',
    project,
    ...secretTexts(credentials),
    insecure: options.insecure,
    forceHttpBasicAuth: options.forceHttpBasicAuth,
    proxy: options.proxy ?? '',
    noProxy: options.noProxy ?? '',
    sshKnownHosts: settings.knownHosts,
    tlsCaData: tlsCertForUrl(url, settings.tlsCerts) ?? '',
  };
}

function secretTexts(credentials: RepositoryCredentials): Record<(typeof TEXTS)[number], string> {
  const entries = TEXTS.map((name) => [name, credentials[name] ?? ''] as const);
  return Object.fromEntries(entries) as Record<(typeof TEXTS)[number], string>;
}
