/** What the repository handlers work with, and what tells reading credentials from those of the manifest hydrator. */
import type { RepoServerClient } from '@tiphys/proto';
import type { Clock, Logger } from '@tiphys/runtime';
import type { RepositorySecretType } from '@tiphys/settings';
import type { ApplicationDeps } from '../../applications/deps.js';
import type { RepositoryAccess } from '../../applications/repository-access.js';
import type { Authorizer } from '../../auth/authorize.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { CredentialSecrets } from './secret-store.js';

export interface RepositoryDeps {
  readonly namespace: string;
  readonly settings: Pick<LiveSettings, 'repositories' | 'configMap'>;
  readonly secrets: CredentialSecrets;
  readonly authorizer: Authorizer;
  readonly repoServer: Pick<
    RepoServerClient,
    'testRepository' | 'listRefs' | 'listApps' | 'listCharts' | 'getAppDetails' | 'listPlugins'
  >;
  readonly repositoryAccess: RepositoryAccess;
  readonly applications: Pick<ApplicationDeps, 'store' | 'projects'>;
  /** Of the control plane's cluster. */
  readonly kubeVersion: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Credentials for reading, or those with which the hydrator writes (A34). */
export interface CredentialKind {
  readonly resource: 'repositories' | 'write-repositories';
  readonly write: boolean;
  readonly repository: SecretKind;
  readonly template: SecretKind;
}

export interface SecretKind {
  readonly type: RepositorySecretType;
  /** How the names of its Secrets begin. */
  readonly prefix: string;
}

export const READING: CredentialKind = {
  resource: 'repositories',
  write: false,
  repository: { type: 'repository', prefix: 'repo' },
  template: { type: 'repo-creds', prefix: 'creds' },
};

export const WRITING: CredentialKind = {
  resource: 'write-repositories',
  write: true,
  repository: { type: 'repository-write', prefix: 'repo-write' },
  template: { type: 'repo-write-creds', prefix: 'creds-write' },
};
