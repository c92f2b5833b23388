/**
 * The REST surface of Argo CD (N01-N16): all 106 operations with the names of their query parameters and of the fields of
 * their bodies, from its service definitions. A client that was written for Argo CD relies on each of these names.
 */

export interface ArgoCdOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  /** Fields of a body that is an object with fields of its own; undefined: no body, or a custom resource or text. */
  readonly body: readonly string[] | undefined;
}

const SCOPE = 'appNamespace project';
const APPLICATIONS = 'name refresh projects resourceVersion selector repo';
const RESOURCE = `namespace resourceName version group kind ${SCOPE}`;
const RESOURCES = `namespace name version group kind ${SCOPE}`;
const REVISION = `${SCOPE} sourceIndex versionId`;
const LOGS = `namespace container sinceSeconds sinceTime.seconds sinceTime.nanos tailLines follow untilTime filter kind group resourceName previous matchCase ${SCOPE}`;
const CERTIFICATES = 'hostNamePattern certType certSubType';
const REPOSITORY = 'forceRefresh appProject';
const CREDENTIALS =
  'username password sshPrivateKey insecure tlsClientCertData tlsClientCertKey type name enableOci githubAppPrivateKey githubAppID githubAppInstallationID githubAppEnterpriseBaseUrl proxy project gcpServiceAccountKey forceHttpBasicAuth useAzureWorkloadIdentity bearerToken insecureOciForceHttp azureServicePrincipalClientId azureServicePrincipalClientSecret azureServicePrincipalTenantId azureActiveDirectoryEndpoint';
const TEMPLATE =
  'url username password sshPrivateKey tlsClientCertData tlsClientCertKey githubAppPrivateKey githubAppID githubAppInstallationID githubAppEnterpriseBaseUrl enableOCI type gcpServiceAccountKey proxy forceHttpBasicAuth noProxy useAzureWorkloadIdentity bearerToken insecureOCIForceHttp azureServicePrincipalClientId azureServicePrincipalClientSecret azureServicePrincipalTenantId azureActiveDirectoryEndpoint';
const REPOSITORY_BODY = `${TEMPLATE.replace('url ', 'repo ')} insecureIgnoreHostKey insecure enableLfs name project depth`;
const CLUSTER = 'server name config namespaces shard clusterResources project labels annotations';

/** `service`, then one line for each operation: method, path below /api/v1, name, and after `?` the query, after `!` the body. */
const SURFACE: Readonly<Record<string, string>> = {
  AccountService: `
    GET /account ListAccounts
    GET /account/can-i/{resource}/{action}/{subresource} CanI
    PUT /account/password UpdatePassword ! newPassword currentPassword name
    GET /account/{name} GetAccount
    POST /account/{name}/token CreateToken ! name expiresIn id
    DELETE /account/{name}/token/{id} DeleteToken`,
  ApplicationService: `
    GET /applications List ? ${APPLICATIONS} ${SCOPE}
    POST /applications Create ? upsert validate
    POST /applications/manifestsWithFiles GetManifestsWithFiles ! query chunk
    GET /applications/{appName}/server-side-diff ServerSideDiff ? ${SCOPE} targetManifests
    PUT /applications/{application.metadata.name} Update ? validate project
    GET /applications/{applicationName}/managed-resources ManagedResources ? ${RESOURCES}
    GET /applications/{applicationName}/resource-tree ResourceTree ? ${RESOURCES}
    GET /applications/{name} Get ? ${APPLICATIONS.replace('name ', '')} ${SCOPE}
    DELETE /applications/{name} Delete ? cascade propagationPolicy ${SCOPE}
    PATCH /applications/{name} Patch ! name patch patchType ${SCOPE}
    GET /applications/{name}/events ListResourceEvents ? resourceNamespace resourceName resourceUID ${SCOPE}
    GET /applications/{name}/links ListLinks ? namespace project
    GET /applications/{name}/logs PodLogs2 ? podName ${LOGS}
    GET /applications/{name}/manifests GetManifests ? revision ${SCOPE} sourcePositions revisions noCache
    DELETE /applications/{name}/operation TerminateOperation ? ${SCOPE}
    GET /applications/{name}/pods/{podName}/logs PodLogs ? ${LOGS}
    GET /applications/{name}/resource GetResource ? ${RESOURCE}
    POST /applications/{name}/resource PatchResource ? ${RESOURCE} patchType
    DELETE /applications/{name}/resource DeleteResource ? ${RESOURCE} force orphan
    GET /applications/{name}/resource/actions ListResourceActions ? ${RESOURCE}
    POST /applications/{name}/resource/actions RunResourceAction ? ${RESOURCE}
    POST /applications/{name}/resource/actions/v2 RunResourceActionV2 ! name action resourceActionParameters ${RESOURCE}
    GET /applications/{name}/resource/links ListResourceLinks ? ${RESOURCE}
    GET /applications/{name}/revisions/{revision}/chartdetails RevisionChartDetails ? ${REVISION}
    GET /applications/{name}/revisions/{revision}/metadata RevisionMetadata ? ${REVISION}
    GET /applications/{name}/revisions/{revision}/ocimetadata GetOCIMetadata ? ${REVISION}
    POST /applications/{name}/rollback Rollback ! name id dryRun prune ${SCOPE}
    PUT /applications/{name}/spec UpdateSpec ? validate ${SCOPE}
    POST /applications/{name}/sync Sync ! name revision dryRun prune strategy resources manifests infos retryStrategy syncOptions sourcePositions revisions ${SCOPE}
    GET /applications/{name}/syncwindows GetApplicationSyncWindows ? ${SCOPE}
    GET /stream/applications Watch ? ${APPLICATIONS} ${SCOPE}
    GET /stream/applications/{applicationName}/resource-tree WatchResourceTree ? ${RESOURCES}`,
  ApplicationSetService: `
    GET /applicationsets List ? projects selector appsetNamespace
    POST /applicationsets Create ? upsert dryRun
    POST /applicationsets/generate Generate ! applicationSet
    GET /applicationsets/{name} Get ? appsetNamespace
    DELETE /applicationsets/{name} Delete ? appsetNamespace
    GET /applicationsets/{name}/events ListResourceEvents ? appsetNamespace
    GET /applicationsets/{name}/resource-tree ResourceTree ? appsetNamespace
    GET /stream/applicationsets Watch ? name projects selector appSetNamespace resourceVersion`,
  CertificateService: `
    GET /certificates ListCertificates ? ${CERTIFICATES}
    POST /certificates CreateCertificate ? upsert ! metadata items
    DELETE /certificates DeleteCertificate ? ${CERTIFICATES}`,
  ClusterService: `
    GET /clusters List ? server name id.type id.value
    POST /clusters Create ? upsert ! ${CLUSTER}
    GET /clusters/{id.value} Get ? server name id.type
    PUT /clusters/{id.value} Update ? updatedFields id.type ! ${CLUSTER}
    DELETE /clusters/{id.value} Delete ? server name id.type
    POST /clusters/{id.value}/invalidate-cache InvalidateCache
    POST /clusters/{id.value}/rotate-auth RotateAuth`,
  GPGKeyService: `
    GET /gpgkeys List ? keyID
    POST /gpgkeys Create ? upsert ! keyID fingerprint owner trust subType keyData
    DELETE /gpgkeys Delete ? keyID
    GET /gpgkeys/{keyID} Get`,
  NotificationService: `
    GET /notifications/services ListServices
    GET /notifications/templates ListTemplates
    GET /notifications/triggers ListTriggers`,
  ProjectService: `
    GET /projects List ? name
    POST /projects Create ! project upsert
    GET /projects/{name} Get
    DELETE /projects/{name} Delete
    GET /projects/{name}/detailed GetDetailedProject
    GET /projects/{name}/events ListEvents
    GET /projects/{name}/globalprojects GetGlobalProjects
    GET /projects/{name}/links ListLinks
    GET /projects/{name}/syncwindows GetSyncWindowsState
    PUT /projects/{project.metadata.name} Update ! project
    POST /projects/{project}/roles/{role}/token CreateToken ! project description role expiresIn id
    DELETE /projects/{project}/roles/{role}/token/{iat} DeleteToken ? id`,
  RepoCredsService: `
    GET /repocreds ListRepositoryCredentials ? url
    POST /repocreds CreateRepositoryCredentials ? upsert ! ${TEMPLATE}
    PUT /repocreds/{creds.url} UpdateRepositoryCredentials ! ${TEMPLATE}
    DELETE /repocreds/{url} DeleteRepositoryCredentials
    GET /write-repocreds ListWriteRepositoryCredentials ? url
    POST /write-repocreds CreateWriteRepositoryCredentials ? upsert ! ${TEMPLATE}
    PUT /write-repocreds/{creds.url} UpdateWriteRepositoryCredentials ! ${TEMPLATE}
    DELETE /write-repocreds/{url} DeleteWriteRepositoryCredentials`,
  RepositoryService: `
    GET /repositories ListRepositories ? repo ${REPOSITORY}
    POST /repositories CreateRepository ? upsert credsOnly ! ${REPOSITORY_BODY}
    PUT /repositories/{repo.repo} UpdateRepository ! ${REPOSITORY_BODY}
    GET /repositories/{repo} Get ? ${REPOSITORY}
    DELETE /repositories/{repo} DeleteRepository ? ${REPOSITORY}
    GET /repositories/{repo}/apps ListApps ? revision appName appProject
    GET /repositories/{repo}/helmcharts GetHelmCharts ? ${REPOSITORY}
    GET /repositories/{repo}/oci-tags ListOCITags ? ${REPOSITORY}
    GET /repositories/{repo}/refs ListRefs ? ${REPOSITORY}
    POST /repositories/{repo}/validate ValidateAccess ? ${CREDENTIALS}
    POST /repositories/{source.repoURL}/appdetails GetAppDetails ! source appName appProject sourceIndex versionId
    GET /write-repositories ListWriteRepositories ? repo ${REPOSITORY}
    POST /write-repositories CreateWriteRepository ? upsert credsOnly ! ${REPOSITORY_BODY}
    PUT /write-repositories/{repo.repo} UpdateWriteRepository ! ${REPOSITORY_BODY}
    GET /write-repositories/{repo} GetWrite ? ${REPOSITORY}
    DELETE /write-repositories/{repo} DeleteWriteRepository ? ${REPOSITORY}
    POST /write-repositories/{repo}/validate ValidateWriteAccess ? ${CREDENTIALS}`,
  SessionService: `
    POST /session Create ! username password token
    DELETE /session Delete
    GET /session/userinfo GetUserInfo`,
  SettingsService: `
    GET /settings Get
    GET /settings/plugins GetPlugins`,
  VersionService: `
    GET /api/version Version`,
};

export const ARGO_CD_OPERATIONS: readonly ArgoCdOperation[] = Object.entries(SURFACE).flatMap(([service, lines]) =>
  lines
    .trim()
    .split('\n')
    .map((line) => operationOf(service, line.trim())),
);

function operationOf(service: string, line: string): ArgoCdOperation {
  const [, method = '', path = '', name = '', query, body] =
    /^(\S+) (\S+) (\S+)(?: \? ([^!]+?))?(?: ! (.+))?$/.exec(line) ?? [];
  return {
    operationId: `${service}_${name}`,
    method,
    path: path.startsWith('/api/') ? path : `/api/v1${path}`,
    query: query?.split(' ') ?? [],
    body: body?.split(' '),
  };
}
