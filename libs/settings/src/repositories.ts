/** Repository and repo-creds Secrets (G01-G10) and the choice of credentials for one URL and project. */
import { isSameGitUrl, LABELS, normalizeGitUrl, type SecretType } from '@tiphys/model';
import { isUrlPrefix } from './git-url.js';
import { compact, createReader, type Parsed, type SettingsReader } from './reader.js';
import type { SecretRecord } from './secret.js';

/** What a connection may need; the fields that libs/git and the Helm and OCI clients take. */
export interface RepositoryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly sshPrivateKey?: string;
  readonly tlsClientCertData?: string;
  readonly tlsClientCertKey?: string;
  readonly githubApp?: GithubApp;
  readonly gcpServiceAccountKey?: string;
  readonly azure?: AzureIdentity;
}

export interface GithubApp {
  readonly id: number;
  /** Found through the API when undefined. */
  readonly installationId?: number;
  readonly privateKey: string;
  readonly enterpriseBaseUrl?: string;
}

export interface AzureIdentity {
  readonly useWorkloadIdentity: boolean;
  readonly clientId?: string;
  readonly tenantId?: string;
  readonly clientSecret?: string;
  readonly activeDirectoryEndpoint?: string;
}

export interface Repository {
  readonly secretName: string;
  readonly secretType: RepositorySecretType;
  readonly url: string;
  readonly type: 'git' | 'helm' | 'oci';
  readonly name?: string;
  /** Only applications of this project may use the Secret (G10); undefined: every project. */
  readonly project?: string;
  readonly credentials: RepositoryCredentials;
  readonly insecure: boolean;
  readonly enableOci: boolean;
  readonly insecureOciForceHttp: boolean;
  readonly forceHttpBasicAuth: boolean;
  readonly enableLfs: boolean;
  readonly depth?: number;
  readonly proxy?: string;
  readonly noProxy?: string;
}

export type RepositorySecretType = Extract<
  SecretType,
  'repository' | 'repo-creds' | 'repository-write' | 'repo-write-creds'
>;

const SECRET_TYPES: readonly RepositorySecretType[] = [
  'repository',
  'repo-creds',
  'repository-write',
  'repo-write-creds',
];

/** All repository and template Secrets, sorted by Secret name; Secrets of other types are skipped. */
export function parseRepositories(secrets: readonly SecretRecord[]): Parsed<readonly Repository[]> {
  const problems: { key: string; message: string }[] = [];
  const settings = [...secrets]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((secret): readonly Repository[] => {
      const secretType = SECRET_TYPES.find((type) => type === secret.labels[LABELS.secretType]);
      if (secretType === undefined) return [];
      const reader = createReader(secret.data);
      const repository = parseRepository(reader, secret, secretType);
      problems.push(...reader.problems.map(({ key, message }) => ({ key: `${secret.name}/${key}`, message })));
      return repository === undefined ? [] : [repository];
    });
  return { settings, problems };
}

function parseRepository(
  reader: SettingsReader,
  secret: SecretRecord,
  secretType: RepositorySecretType,
): Repository | undefined {
  const url = reader.text('url');
  if (url === undefined) {
    reader.problem('url', 'is missing; the Secret is ignored');
    return undefined;
  }
  return {
    secretName: secret.name,
    secretType,
    url,
    type: reader.oneOf('type', ['git', 'helm', 'oci'], 'git'),
    ...compact<Pick<Repository, 'name' | 'project' | 'proxy' | 'noProxy'>>({
      name: reader.text('name'),
      project: reader.text('project'),
      proxy: reader.text('proxy'),
      noProxy: reader.text('noProxy'),
    }),
    credentials: parseCredentials(reader),
    insecure: reader.flag('insecure', false) || reader.flag('insecureIgnoreHostKey', false),
    enableOci: reader.flag('enableOCI', false),
    insecureOciForceHttp: reader.flag('insecureOCIForceHttp', false),
    forceHttpBasicAuth: reader.flag('forceHttpBasicAuth', false),
    enableLfs: reader.flag('enableLfs', false),
    ...(reader.text('depth') === undefined ? {} : { depth: Math.min(reader.count('depth', 0), WHOLE_HISTORY) }),
  };
}

/** What git takes for no limit at all (git-fetch, --depth); the wire knows no larger one. */
const WHOLE_HISTORY = 2_147_483_647;

function parseCredentials(reader: SettingsReader): RepositoryCredentials {
  // Passwords and keys as they are: white space may belong to them.
  const raw = (key: string) => reader.data[key];
  return compact<RepositoryCredentials>({
    username: raw('username'),
    password: raw('password'),
    bearerToken: raw('bearerToken'),
    sshPrivateKey: raw('sshPrivateKey'),
    tlsClientCertData: raw('tlsClientCertData'),
    tlsClientCertKey: raw('tlsClientCertKey'),
    githubApp: parseGithubApp(reader),
    gcpServiceAccountKey: raw('gcpServiceAccountKey'),
    azure: parseAzure(reader),
  });
}

function parseGithubApp(reader: SettingsReader): GithubApp | undefined {
  const privateKey = reader.data['githubAppPrivateKey'];
  if (privateKey === undefined || privateKey === '') return undefined;
  const installation = reader.count('githubAppInstallationID', 0);
  return {
    id: reader.count('githubAppID', 0, 1),
    privateKey,
    ...compact<Pick<GithubApp, 'installationId' | 'enterpriseBaseUrl'>>({
      installationId: installation === 0 ? undefined : installation,
      enterpriseBaseUrl: reader.text('githubAppEnterpriseBaseUrl'),
    }),
  };
}

function parseAzure(reader: SettingsReader): AzureIdentity | undefined {
  const useWorkloadIdentity = reader.flag('useAzureWorkloadIdentity', false);
  const clientId = reader.text('azureServicePrincipalClientId');
  if (!useWorkloadIdentity && clientId === undefined) return undefined;
  return {
    useWorkloadIdentity,
    ...compact<Omit<AzureIdentity, 'useWorkloadIdentity'>>({
      clientId,
      tenantId: reader.text('azureServicePrincipalTenantId'),
      clientSecret: reader.data['azureServicePrincipalClientSecret'],
      activeDirectoryEndpoint: reader.text('azureActiveDirectoryEndpoint'),
    }),
  };
}

export interface RepositoryAccess {
  /** The Secret of exactly this URL, if there is one. */
  readonly repository: Repository | undefined;
  /** The template whose credentials are used, when the repository has none of its own. */
  readonly template: Repository | undefined;
  readonly credentials: RepositoryCredentials;
  /** Merged connection options of repository and template. */
  readonly options: Pick<Repository, 'insecure' | 'forceHttpBasicAuth' | 'insecureOciForceHttp' | 'proxy' | 'noProxy'>;
}

export interface RepositoryRequest {
  readonly url: string;
  /** Project of the application; undefined finds only Secrets without a project. */
  readonly project?: string;
  /** Credentials of the manifest hydrator instead of the reading ones (A34). */
  readonly write?: boolean;
}

/**
 * The project's own Secret for the URL, else the one without a project; a repository without credentials takes them
 * from the template with the longest matching prefix (G09, G10). A Secret of another project is never used.
 */
export function credentialsFor(request: RepositoryRequest, repositories: readonly Repository[]): RepositoryAccess {
  const { url, project, write = false } = request;
  const own = repositories.filter(
    (candidate) =>
      candidate.secretType === (write ? 'repository-write' : 'repository') && isSameGitUrl(candidate.url, url),
  );
  const repository =
    own.find((candidate) => project !== undefined && candidate.project === project) ??
    own.find((candidate) => candidate.project === undefined);
  const hasOwn = repository !== undefined && Object.keys(repository.credentials).length > 0;
  const template = hasOwn ? undefined : templateFor(request, repositories);
  const credentials = hasOwn ? repository.credentials : (template?.credentials ?? {});
  return { repository, template, credentials, options: connectionOptions(repository, template) };
}

function templateFor({ url, project, write }: RepositoryRequest, repositories: readonly Repository[]) {
  return repositories
    .filter(
      (candidate) =>
        candidate.secretType === (write === true ? 'repo-write-creds' : 'repo-creds') &&
        (candidate.project === undefined || candidate.project === project) &&
        isUrlPrefix(candidate.url, url),
    )
    .sort((left, right) => normalizeGitUrl(right.url).length - normalizeGitUrl(left.url).length)
    .at(0);
}

function connectionOptions(
  repository: Partial<Repository> = {},
  template: Partial<Repository> = {},
): RepositoryAccess['options'] {
  return {
    // Whether a host is verified is decided by the repository's own Secret alone, as in Argo CD.
    insecure: repository.insecure === true,
    insecureOciForceHttp: repository.insecureOciForceHttp === true,
    forceHttpBasicAuth: repository.forceHttpBasicAuth === true || template.forceHttpBasicAuth === true,
    ...compact<Pick<Repository, 'proxy' | 'noProxy'>>({
      proxy: repository.proxy ?? template.proxy,
      noProxy: repository.noProxy ?? template.noProxy,
    }),
  };
}
