/** What the reconcilers need of the world; adapters implement it, reconcilers see nothing else. */

import type { ClusterCache } from '@tiphys/cluster';
import type {
  ApplicationTree,
  EffectiveProject,
  NodeSummary,
  SelfHealBackoff,
  TargetManifest,
} from '@tiphys/gitops-engine';
import type {
  AnnouncedRevision,
  AppKey,
  Application,
  ApplicationDestination,
  ApplicationSource,
  ComparisonSettings,
  GroupKind,
  JsonObject,
  KubernetesObject,
  ResourceKey,
} from '@tiphys/model';

/** Applications as the watch last showed them, our own writes included. */
export interface ApplicationStore {
  get(key: AppKey): Application | undefined;
  list(): readonly Application[];
  /** From the API server, for the moment after a conflict. */
  read(key: AppKey, signal: AbortSignal): Promise<Application | undefined>;
  /**
   * Merge patch with the resourceVersion of `app` as precondition: two writers cannot overwrite each other.
   * @throws GitOpsError Conflict when the application changed meanwhile.
   */
  patch(app: Application, patch: JsonObject, signal: AbortSignal): Promise<Application>;
}

export interface ProjectReader {
  /** With what it inherits and the clusters that belong to it. The empty name is the default project. */
  get(name: string): EffectiveProject | undefined;
}

export type CacheMode = 'normal' | 'resolve' | 'hard';

export interface RenderRequest {
  readonly app: Application;
  readonly sources: readonly ApplicationSource[];
  /** One per source; `undefined`: what the source's targetRevision names. */
  readonly revisions: readonly (string | undefined)[];
  readonly cacheMode: CacheMode;
  /** Unix ms; a cached resolution older than this is not used. 0: any. */
  readonly resolvedAfterMs: number;
  /** Of the destination cluster: what charts may ask for (B10). */
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
}

export interface RenderedManifests {
  readonly targets: readonly TargetManifest[];
  /** One commit per source. */
  readonly revisions: readonly string[];
  readonly sourceTypes: readonly string[];
  /** Equal hash, equal manifests. */
  readonly manifestHash: string;
  /** The Git host could not be asked: an older commit than asked for was used. */
  readonly stale?: boolean;
  readonly warnings: readonly string[];
}

/** What was deployed by one entry of the history. */
export interface DeployedManifests
  extends Pick<RenderedManifests, 'targets' | 'revisions' | 'sourceTypes' | 'manifestHash'> {
  readonly sources: readonly ApplicationSource[];
}

/** The manifests of the kept history entries, outside the Application: a rollback needs neither Git nor a renderer (design 9). */
export interface Deployments {
  /** Replaces what was kept under this id. @throws GitOpsError InvalidSpec when it is larger than is kept. */
  save(
    app: Application,
    deployment: { readonly id: number; readonly manifests: DeployedManifests },
    signal: AbortSignal,
  ): Promise<void>;
  /** Complete and unchanged, or undefined. */
  load(app: Application, id: number, signal: AbortSignal): Promise<DeployedManifests | undefined>;
  /** No error for ids of which nothing is kept. */
  drop(app: Application, ids: readonly number[], signal: AbortSignal): Promise<void>;
}

export interface ManifestSource {
  generate(request: RenderRequest, signal: AbortSignal): Promise<RenderedManifests>;
  /** Asks the Git host now. */
  resolveRevision(app: Application, source: ApplicationSource, signal: AbortSignal): Promise<string>;
}

/** What webhooks say about revisions: the Git host may announce a commit before all of its replicas serve it (J01). */
export interface AnnouncedRevisions {
  /** One for each source; undefined: nothing was announced lately. */
  read(sources: readonly ApplicationSource[]): Promise<readonly (AnnouncedRevision | undefined)[]>;
  /** It was waited for in vain. */
  missed(source: ApplicationSource, missed: MissedRevision): void;
}

export interface MissedRevision {
  readonly announced: AnnouncedRevision;
  /** What the host names instead. */
  readonly resolved: string;
}

/** A destination cluster, started: discovery done, every readable kind listed once. */
export interface DestinationCluster {
  readonly server: string;
  readonly name: string;
  readonly cache: ClusterCache<NodeSummary>;
}

export interface ClusterIdentity {
  readonly server: string;
  readonly name: string;
  /** Its applications are left alone for now (H07). */
  readonly skipReconcile?: boolean;
}

/** What is known of a registered cluster, whether it is watched or not (H06, G15). */
export interface ClusterState extends ClusterIdentity {
  /** `Unknown`: no application needs it; `Degraded`: some kinds cannot be read. */
  readonly status: 'Successful' | 'Degraded' | 'Failed' | 'Unknown';
  /** Why it is not `Successful`. */
  readonly message: string;
  /** `gitVersion`; empty when it was never reached. */
  readonly kubeVersion: string;
  /** Unix ms when the cache was filled, and of the last try. */
  readonly syncedAt: number | undefined;
  readonly attemptedAt: number | undefined;
  readonly cache: ClusterCache<NodeSummary> | undefined;
}

export interface Clusters {
  /** Server and name of the registered cluster that a destination means; undefined: none. */
  identify(destination: ApplicationDestination): ClusterIdentity | undefined;
  /** The application is gone: its pinned objects need not be kept any more. */
  forget(instance: string): void;
  /** @throws GitOpsError InvalidSpec for an unknown destination, Upstream when the cluster cannot be reached. */
  for(destination: ApplicationDestination, signal: AbortSignal): Promise<DestinationCluster>;
}

export interface ResourceViews {
  /** Tree and managed resources for the API server; written only when they changed. */
  publish(
    app: Application,
    views: { readonly tree: ApplicationTree; readonly managed: readonly unknown[] },
  ): Promise<void>;
  forget(app: { readonly namespace: string; readonly name: string }): Promise<void>;
}

export interface AppEvent {
  readonly type: 'Normal' | 'Warning';
  /** Argo CD's reasons: OperationStarted, OperationCompleted, ResourceUpdated, ResourceDeleted, StatusRefreshed. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorder {
  /** Never fails and never waits for the caller. */
  record(app: Application, event: AppEvent): void;
}

export interface ControllerSettings {
  readonly comparison: ComparisonSettings;
  /** Changes with any setting that changes a comparison. */
  readonly fingerprint: string;
  /** 0 disables polling. */
  readonly pollIntervalMs: number;
  readonly pollJitterMs: number;
  readonly hardRefreshAfterMs: number;
  readonly selfHealBackoff: SelfHealBackoff;
  /** 0 disables the limit. */
  readonly syncTimeoutMs: number;
  /** Outages of sources are not shown before they last this long (C26). */
  readonly repoErrorGraceMs: number;
  /** Of the installation, for the blast-radius guard (design 9). */
  readonly deleteLimits: { readonly prune: string | undefined; readonly cascade: string | undefined };
  /** Between two waves of a sync (D11). */
  readonly waveDelayMs: number;
  /** Whether syncs write as service accounts of the projects, and whether one must be named (D46). */
  readonly impersonation: { readonly enabled: boolean; readonly enforced: boolean };
  /** Kinds that are left alone in a cluster (C16). */
  readonly isExcluded: (groupKind: GroupKind, server: string) => boolean;
  /** Health of each resource inside the Application (E10). */
  readonly persistResourceHealth: boolean;
  /** Annotations of Secrets whose values are masked too (C15). */
  readonly sensitiveAnnotations: readonly string[];
}

/** What one apply or delete needs, in the words of the sync plan. */
export interface ResourceWriter {
  apply(cluster: DestinationCluster, object: KubernetesObject, options: ApplyRequest): Promise<KubernetesObject>;
  /** No error when it is gone already. */
  prune(cluster: DestinationCluster, key: ResourceKey, options: PruneRequest): Promise<void>;
  /** The object without the finalizer; undefined when it is gone. */
  removeFinalizer(
    cluster: DestinationCluster,
    key: ResourceKey,
    options: { readonly finalizer: string; readonly signal: AbortSignal },
  ): Promise<KubernetesObject | undefined>;
}

export interface ApplyRequest {
  readonly dryRun: boolean;
  readonly serverSide: boolean;
  readonly replace: boolean;
  readonly force: boolean;
  readonly validate: boolean;
  readonly migrateClientSideApply: boolean;
  readonly live: KubernetesObject | undefined;
  readonly signal: AbortSignal;
}

export interface PruneRequest {
  readonly propagation: 'foreground' | 'background' | 'orphan';
  readonly uid: string | undefined;
  readonly signal: AbortSignal;
}
