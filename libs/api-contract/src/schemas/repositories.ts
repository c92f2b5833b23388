/** Repositories and credential templates on the wire (N11, N12). Secrets are read, and never answered (S21). */
import { type Static, Type } from 'typebox';
import { flag, int64, ListMetaSchema, text } from './common.js';

const count = () => Type.Optional(int64());

/** What a connection may need; the names are those of the JSON of Argo CD and, but for the address, of the Secret. */
const connection = {
  type: Type.Optional(Type.String({ description: 'git (default), helm or oci.' })),
  username: text(),
  enableOCI: flag(),
  insecureOCIForceHttp: flag(),
  forceHttpBasicAuth: flag(),
  githubAppID: count(),
  githubAppInstallationID: count(),
  githubAppEnterpriseBaseUrl: text(),
  useAzureWorkloadIdentity: flag(),
  azureServicePrincipalClientId: text(),
  azureServicePrincipalTenantId: text(),
  azureActiveDirectoryEndpoint: text(),
  proxy: text(),
  noProxy: text(),
};

/** Only ever in requests. */
const secrets = {
  password: text(),
  bearerToken: text(),
  sshPrivateKey: text(),
  tlsClientCertData: text(),
  tlsClientCertKey: text(),
  githubAppPrivateKey: text(),
  gcpServiceAccountKey: text(),
  azureServicePrincipalClientSecret: text(),
};

const repository = {
  ...connection,
  name: text(),
  project: Type.Optional(Type.String({ description: 'Only applications of this project may use it.' })),
  insecure: flag(),
  insecureIgnoreHostKey: flag(),
  enableLfs: flag(),
  depth: count(),
};

export const RepositoryConnectionStateSchema = Type.Object({
  status: Type.String({ description: 'Successful, Failed or Unknown; empty where nothing was tested.' }),
  message: Type.String(),
  attemptedAt: Type.Union([Type.String(), Type.Null()]),
});

export const RepositoryInputSchema = Type.Object({
  repo: Type.String({ minLength: 1, maxLength: 2048, description: 'The address.' }),
  ...repository,
  ...secrets,
});
/** As in Argo CD, the address in the path of an update wins. */
export const RepositoryUpdateSchema = Type.Object({ ...RepositoryInputSchema.properties, repo: text() });
export const RepositoryBodySchema = Type.Object({
  repo: Type.String(),
  ...repository,
  inheritedCreds: Type.Optional(Type.Boolean({ description: 'The credentials are those of a template.' })),
  connectionState: RepositoryConnectionStateSchema,
});
export const RepositoryListSchema = Type.Object({
  metadata: Type.Optional(ListMetaSchema),
  items: Type.Array(RepositoryBodySchema),
});

export const RepoCredsInputSchema = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 2048, description: 'Repositories whose address begins so use it.' }),
  ...connection,
  ...secrets,
});
export const RepoCredsUpdateSchema = Type.Object({ ...RepoCredsInputSchema.properties, url: text() });
export const RepoCredsBodySchema = Type.Object({ url: Type.String(), ...connection });
export const RepoCredsListSchema = Type.Object({
  metadata: Type.Optional(ListMetaSchema),
  items: Type.Array(RepoCredsBodySchema),
});

/** Argo CD takes the credentials as query parameters, whose names differ a little. */
const { githubAppID: _id, githubAppInstallationID: _installation, ...shared } = repository;
export const ValidateQuerySchema = Type.Object({
  ...shared,
  ...secrets,
  githubAppID: count(),
  githubAppInstallationID: count(),
  enableOci: flag(),
  insecureOciForceHttp: flag(),
});
/** The address again, or the fields of a repository: credentials in a body are in no log of a proxy. */
export const ValidateBodySchema = Type.Union([
  Type.String(),
  Type.Null(),
  Type.Object({ ...repository, ...secrets, repo: text() }),
]);

export const AppInfoListSchema = Type.Object({ items: Type.Array(Type.Object({ type: text(), path: text() })) });
export const HelmChartListSchema = Type.Object({
  items: Type.Array(Type.Object({ name: text(), versions: Type.Optional(Type.Array(Type.String())) })),
});
export const RefListSchema = Type.Object({
  branches: Type.Optional(Type.Array(Type.String())),
  tags: Type.Optional(Type.Array(Type.String())),
});
export const AppDetailsQuerySchema = Type.Object({
  source: Type.Optional(
    Type.Object({ repoURL: text() }, { description: 'The source, as in the spec of an application.' }),
  ),
  appName: text(),
  appProject: text(),
  sourceIndex: Type.Optional(Type.Integer({ minimum: 0 })),
  versionId: Type.Optional(int64()),
});
/** `helm`, `kustomize`, `directory` or `plugin` says what can be set. */
export const AppDetailsSchema = Type.Object({ type: Type.String() });
export const PluginListSchema = Type.Object({ plugins: Type.Array(Type.Object({ name: Type.String() })) });

export type AppDetailsQuery = Static<typeof AppDetailsQuerySchema>;
export type AppDetails = Static<typeof AppDetailsSchema>;
export type RepositoryConnectionState = Static<typeof RepositoryConnectionStateSchema>;
export type RepositoryInput = Static<typeof RepositoryInputSchema>;
export type RepositoryBody = Static<typeof RepositoryBodySchema>;
export type RepoCredsInput = Static<typeof RepoCredsInputSchema>;
export type RepoCredsBody = Static<typeof RepoCredsBodySchema>;
export type ValidateQuery = Static<typeof ValidateQuerySchema>;
export type ValidateBody = Static<typeof ValidateBodySchema>;
