/** What the state routes need beyond the application handlers' parts. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { KubeClient } from '@tiphys/cluster';
import type { RepoServerClient } from '@tiphys/proto';
import type { ApplicationDeps } from '../../applications/deps.js';
import type { RepositoryAccess } from '../../applications/repository-access.js';
import type { LiveSettings } from '../../kube/config-objects.js';

/** Announces that the controller wrote a tree or managed resources. */
export interface TreeChanges {
  /** Called with every change of the instance and after gaps; returns how to stop. */
  subscribe(instanceName: string, listener: () => void): () => void;
}

export interface ApplicationStateDeps {
  readonly applications: ApplicationDeps;
  readonly cache: Pick<AuthenticatedCache, 'get'>;
  readonly treeChanges: TreeChanges;
  readonly repoServer: Pick<
    RepoServerClient,
    'generateManifests' | 'getChartMetadata' | 'getOciMetadata' | 'getRevisionMetadata'
  >;
  readonly repositoryAccess: RepositoryAccess;
  readonly settings: Pick<LiveSettings, 'clusters' | 'server'>;
  readonly kube: KubeClient;
  /** Of the control plane's cluster, remembered for some minutes: charts refuse versions that are too old for them. */
  readonly kubeVersion: (signal: AbortSignal) => Promise<string>;
}
