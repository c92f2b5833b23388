/** A repository as the repo-server takes it: URL and what the project may use to reach it (G09, G10). */
import { CONFIG_OBJECTS } from '@tiphys/model';
import type { RepoServerClient } from '@tiphys/proto';
import { credentialsFor, tlsCertForUrl } from '@tiphys/settings';
import type { LiveSettings } from '../kube/config-objects.js';

export type RepositoryMessage = NonNullable<Parameters<RepoServerClient['resolveRevision']>[0]['repository']>;
export type RepositoryAccess = (url: string, project: string) => RepositoryMessage;

export function createRepositoryAccess(settings: Pick<LiveSettings, 'repositories' | 'configMap'>): RepositoryAccess {
  return (url, project) => {
    const { repository, credentials, options } = credentialsFor({ url, project }, settings.repositories());
    const { username, password, bearerToken, sshPrivateKey, tlsClientCertData, tlsClientCertKey } = credentials;
    return {
      ...{ url, project, type: repository?.type ?? 'git', name: repository?.name ?? '' },
      ...{ username: username ?? '', password: password ?? '', bearerToken: bearerToken ?? '' },
      ...{ sshPrivateKey: sshPrivateKey ?? '', insecure: options.insecure },
      ...{ tlsClientCertData: tlsClientCertData ?? '', tlsClientCertKey: tlsClientCertKey ?? '' },
      ...{ proxy: options.proxy ?? '', noProxy: options.noProxy ?? '' },
      forceHttpBasicAuth: options.forceHttpBasicAuth,
      sshKnownHosts: settings.configMap(CONFIG_OBJECTS.sshKnownHosts)['ssh_known_hosts'] ?? '',
      tlsCaData: tlsCertForUrl(url, settings.configMap(CONFIG_OBJECTS.tlsCerts)) ?? '',
    };
  };
}
