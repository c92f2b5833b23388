/** The one place where repositories and templates become answers: what is not named here is not shown (S21). */
import type { RepoCredsBody, RepositoryBody, RepositoryConnectionState } from '@tiphys/api-contract';
import { credentialsFor, type Repository, type RepositoryCredentials } from '@tiphys/settings';

/** Of a repository that was not tested. */
export const UNTESTED: RepositoryConnectionState = { status: '', message: '', attemptedAt: null };

export interface Inherited {
  /** What the repository is opened with. */
  readonly credentials: RepositoryCredentials;
  /** The credentials are a template's. */
  readonly inherited: boolean;
}

export function inheritedBy(repository: Repository, repositories: readonly Repository[]): Inherited {
  const { url, project } = repository;
  const write = repository.secretType === 'repository-write';
  const request = { url, write, ...(project === undefined ? {} : { project }) };
  const { credentials, template } = credentialsFor(request, repositories);
  return { credentials, inherited: template !== undefined && Object.keys(credentials).length > 0 };
}

export function repositoryBody(repository: Repository, { credentials, inherited }: Inherited): RepositoryBody {
  const { url, name, project, insecure, enableLfs, depth } = repository;
  return {
    repo: withoutPassword(url),
    ...(name === undefined ? {} : { name }),
    ...(project === undefined ? {} : { project }),
    ...(insecure ? { insecure } : {}),
    ...(enableLfs ? { enableLfs } : {}),
    ...(depth === undefined ? {} : { depth }),
    ...(inherited ? { inheritedCreds: true } : {}),
    ...connectionBody(repository, credentials),
    connectionState: UNTESTED,
  };
}

export function templateBody(template: Repository): RepoCredsBody {
  return { url: withoutPassword(template.url), ...connectionBody(template, template.credentials) };
}

function connectionBody(repository: Repository, { username, githubApp, azure }: RepositoryCredentials) {
  const { type, enableOci, insecureOciForceHttp, forceHttpBasicAuth, proxy, noProxy } = repository;
  return {
    type,
    ...(username === undefined ? {} : { username }),
    ...(enableOci ? { enableOCI: true } : {}),
    ...(insecureOciForceHttp ? { insecureOCIForceHttp: true } : {}),
    ...(forceHttpBasicAuth ? { forceHttpBasicAuth } : {}),
    ...(proxy === undefined ? {} : { proxy: withoutPassword(proxy) }),
    ...(noProxy === undefined ? {} : { noProxy }),
    ...(githubApp === undefined ? {} : githubAppBody(githubApp)),
    ...(azure === undefined ? {} : azureBody(azure)),
  };
}

function githubAppBody({ id, installationId, enterpriseBaseUrl }: NonNullable<RepositoryCredentials['githubApp']>) {
  return {
    githubAppID: id,
    ...(installationId === undefined ? {} : { githubAppInstallationID: installationId }),
    ...(enterpriseBaseUrl === undefined ? {} : { githubAppEnterpriseBaseUrl: withoutPassword(enterpriseBaseUrl) }),
  };
}

function azureBody(azure: NonNullable<RepositoryCredentials['azure']>) {
  const { useWorkloadIdentity, clientId, tenantId, activeDirectoryEndpoint } = azure;
  return {
    ...(useWorkloadIdentity ? { useAzureWorkloadIdentity: true } : {}),
    ...(clientId === undefined ? {} : { azureServicePrincipalClientId: clientId }),
    ...(tenantId === undefined ? {} : { azureServicePrincipalTenantId: tenantId }),
    ...(activeDirectoryEndpoint === undefined ? {} : { azureActiveDirectoryEndpoint: activeDirectoryEndpoint }),
  };
}

/** `https://user:***@host`: addresses of repositories and proxies may carry passwords. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/\s:@]*):[^/\s]*@/i, '$1:***@');
}
