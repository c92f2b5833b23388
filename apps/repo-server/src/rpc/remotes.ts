/** Git repositories of requests, with everything that is needed to reach them (G03-G08). */
import type { AzureCredentials, GitCredentials, GithubAppCredentials, GitRemote } from '@tiphys/git';
import { GitOpsError, isRepositoryPermitted } from '@tiphys/model';
import type { AzureIdentity, GenerateManifestsRequest, GithubApp, Repository } from '@tiphys/proto';
import type { GitRights } from '../manifests/git-rights.js';

/** @throws GitOpsError InvalidSpec without a repository, ManifestGeneration for Helm and OCI repositories. */
export function toRemote(repository: Repository | undefined): GitRemote {
  if (repository === undefined || repository.url === '') {
    throw new GitOpsError('InvalidSpec', 'The source names no repository. Set spec.source.repoURL.');
  }
  if (repository.type !== '' && repository.type !== 'git') {
    const message = `Repositories of type "${repository.type}" hold charts: name one with spec.source.chart, or use a Git repository.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  const { url, depth, enableLfs } = repository;
  const credentials = toCredentials(repository);
  return { url, credentials, ...(depth === 0 ? {} : { depth }), ...(enableLfs ? { lfs: true } : {}) };
}

function toCredentials(repository: Repository): GitCredentials {
  const texts = {
    username: repository.username,
    password: repository.password,
    bearerToken: repository.bearerToken,
    sshPrivateKey: repository.sshPrivateKey,
    sshKnownHosts: repository.sshKnownHosts,
    tlsCaData: repository.tlsCaData,
    tlsClientCertData: repository.tlsClientCertData,
    tlsClientCertKey: repository.tlsClientCertKey,
    proxy: repository.proxy,
    noProxy: repository.noProxy,
    gcpServiceAccountKey: repository.gcpServiceAccountKey,
  };
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return {
    ...(Object.fromEntries(given) as Partial<typeof texts>),
    ...(repository.insecure ? { insecure: true } : {}),
    ...(repository.forceHttpBasicAuth ? { forceHttpBasicAuth: true } : {}),
    ...(repository.githubApp === undefined ? {} : { githubApp: toGithubApp(repository.githubApp) }),
    ...(repository.azure === undefined ? {} : { azure: toAzure(repository.azure) }),
  };
}

function toGithubApp({ id, installationId, privateKey, enterpriseBaseUrl }: GithubApp): GithubAppCredentials {
  return {
    ...{ id: Number(id), privateKey },
    ...(installationId === 0n ? {} : { installationId: Number(installationId) }),
    ...(enterpriseBaseUrl === '' ? {} : { enterpriseBaseUrl }),
  };
}

function toAzure({ useWorkloadIdentity, ...rest }: AzureIdentity): AzureCredentials {
  const { clientId, tenantId, clientSecret, activeDirectoryEndpoint } = rest;
  const texts = { clientId, tenantId, clientSecret, activeDirectoryEndpoint };
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return { useWorkloadIdentity, ...(Object.fromEntries(given) as Partial<typeof texts>) };
}

/** What the Git sources of a request may read beside themselves. */
export function toGitRights(request: GenerateManifestsRequest): GitRights {
  const { permittedSources, sourceIntegrity, gitRepositories, settings } = request;
  return {
    permits: permittedSources.length === 0 ? undefined : (url) => isRepositoryPermitted(permittedSources, url),
    integrity: sourceIntegrity,
    repositories: gitRepositories.map(toRemote),
    submodules: settings?.disableSubmodules !== true,
  };
}
