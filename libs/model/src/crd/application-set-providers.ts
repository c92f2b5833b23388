/** Provider options of the SCM and pull-request generators (I10, I11, I14, I15). */
import { type Static, Type } from 'typebox';
import { count, flag, text, textMap, texts } from './fields.js';

export const SecretRefSchema = Type.Object({ secretName: Type.String(), key: Type.String() });
export const ConfigMapKeyRefSchema = Type.Object({ configMapName: Type.String(), key: Type.String() });

const secretRef = () => Type.Optional(SecretRefSchema);
const caRef = () => Type.Optional(ConfigMapKeyRefSchema);
const basicAuth = () => Type.Optional(Type.Object({ username: Type.String(), passwordRef: SecretRefSchema }));
const bearerToken = () => Type.Optional(Type.Object({ tokenRef: SecretRefSchema }));

export const ScmProviderFilterSchema = Type.Object({
  repositoryMatch: text(),
  pathsExist: texts(),
  pathsDoNotExist: texts(),
  labelMatch: text(),
  branchMatch: text(),
});

/** The providers of `scmProvider`, one of them set. */
export const scmProviders = {
  github: Type.Optional(
    Type.Object({
      organization: Type.String(),
      api: text(),
      tokenRef: secretRef(),
      appSecretName: text(),
      allBranches: flag(),
      excludeArchivedRepos: flag(),
    }),
  ),
  gitlab: Type.Optional(
    Type.Object({
      group: Type.String(),
      includeSubgroups: flag(),
      api: text(),
      tokenRef: secretRef(),
      allBranches: flag(),
      insecure: flag(),
      includeSharedProjects: flag(),
      topic: text(),
      caRef: caRef(),
      includeArchivedRepos: flag(),
    }),
  ),
  bitbucket: Type.Optional(
    Type.Object({ owner: Type.String(), user: Type.String(), appPasswordRef: SecretRefSchema, allBranches: flag() }),
  ),
  bitbucketServer: Type.Optional(
    Type.Object({
      project: Type.String(),
      api: Type.String(),
      basicAuth: basicAuth(),
      allBranches: flag(),
      bearerToken: bearerToken(),
      insecure: flag(),
      caRef: caRef(),
    }),
  ),
  gitea: Type.Optional(
    Type.Object({
      owner: Type.String(),
      api: Type.String(),
      tokenRef: secretRef(),
      allBranches: flag(),
      insecure: flag(),
      excludeArchivedRepos: flag(),
    }),
  ),
  azureDevOps: Type.Optional(
    Type.Object({
      organization: Type.String(),
      api: text(),
      teamProject: Type.String(),
      accessTokenRef: SecretRefSchema,
      allBranches: flag(),
    }),
  ),
  awsCodeCommit: Type.Optional(
    Type.Object({
      tagFilters: Type.Optional(Type.Array(Type.Object({ key: Type.String(), value: text() }))),
      role: text(),
      region: text(),
      allBranches: flag(),
    }),
  ),
  filters: Type.Optional(Type.Array(ScmProviderFilterSchema)),
  cloneProtocol: text(),
  requeueAfterSeconds: count(),
  values: textMap(),
};

export const PullRequestFilterSchema = Type.Object({
  branchMatch: text(),
  targetBranchMatch: text(),
  titleMatch: text(),
});

/** The providers of `pullRequest`, one of them set. */
export const pullRequestProviders = {
  github: Type.Optional(
    Type.Object({
      owner: Type.String(),
      repo: Type.String(),
      api: text(),
      tokenRef: secretRef(),
      appSecretName: text(),
      labels: texts(),
    }),
  ),
  gitlab: Type.Optional(
    Type.Object({
      project: Type.String(),
      api: text(),
      tokenRef: secretRef(),
      labels: texts(),
      pullRequestState: text(),
      insecure: flag(),
      caRef: caRef(),
    }),
  ),
  gitea: Type.Optional(
    Type.Object({
      owner: Type.String(),
      repo: Type.String(),
      api: Type.String(),
      tokenRef: secretRef(),
      insecure: flag(),
      labels: texts(),
    }),
  ),
  bitbucketServer: Type.Optional(
    Type.Object({
      project: Type.String(),
      repo: Type.String(),
      api: Type.String(),
      basicAuth: basicAuth(),
      bearerToken: bearerToken(),
      insecure: flag(),
      caRef: caRef(),
    }),
  ),
  bitbucket: Type.Optional(
    Type.Object({
      owner: Type.String(),
      repo: Type.String(),
      api: text(),
      basicAuth: basicAuth(),
      bearerToken: bearerToken(),
    }),
  ),
  azuredevops: Type.Optional(
    Type.Object({
      organization: Type.String(),
      project: Type.String(),
      repo: Type.String(),
      api: text(),
      tokenRef: secretRef(),
      labels: texts(),
    }),
  ),
  filters: Type.Optional(Type.Array(PullRequestFilterSchema)),
  requeueAfterSeconds: count(),
  values: textMap(),
  continueOnRepoNotFoundError: flag(),
};

export type SecretRef = Static<typeof SecretRefSchema>;
export type ConfigMapKeyRef = Static<typeof ConfigMapKeyRefSchema>;
export type ScmProviderFilter = Static<typeof ScmProviderFilterSchema>;
export type PullRequestFilter = Static<typeof PullRequestFilterSchema>;
