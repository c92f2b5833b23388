/** What the rest of Tiphys may ask of a Kubernetes cluster. Implementations are in this folder; every call takes a signal. */
import type {
  GroupKind,
  GroupKindString,
  JsonObject,
  KubernetesObject,
  OwnerReference,
  ResourceKey,
  ResourceKeyString,
} from '@tiphys/model';
import type { OutboundPolicy } from '@tiphys/runtime';

/** PEM texts. */
export interface ClientCertificate {
  readonly certData: string;
  readonly keyData: string;
}

/** Connection data of one cluster, after settings and Secrets were read (H02, H03). */
export interface ClusterConnection {
  readonly server: string;
  readonly name: string;
  /** CA, certificate and key as PEM text, not base64. */
  readonly caData?: string;
  readonly insecureSkipVerify?: boolean;
  readonly tlsServerName?: string;
  readonly certData?: string;
  readonly keyData?: string;
  /** Called for every request: exec plugins and service account tokens rotate. */
  readonly authorization?: () => Promise<string | undefined>;
  /** Certificates that rotate (exec plugins); asked for every new TCP connection. Wins over certData and keyData. */
  readonly clientCertificate?: () => Promise<ClientCertificate | undefined>;
  /** HTTP(S) proxy between Tiphys and the API server. */
  readonly proxyUrl?: string;
  /** Impersonated user, from the kubeconfig's `as`. */
  readonly impersonateUser?: string;
  readonly userAgent?: string;
  /** Which addresses the server may have (S26); absent for the control plane's own cluster, which nobody but the operator names. */
  readonly outbound?: OutboundPolicy;
  /** Empty: all namespaces (H04). */
  readonly namespaces?: readonly string[];
  readonly clusterResources?: boolean;
}

export interface ApiResource extends GroupKind {
  readonly version: string;
  /** Plural name in URLs. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export type PatchType = 'apply' | 'merge' | 'json' | 'strategic';

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  /** What the server does with unknown and duplicate fields; the server's own default is `Warn`. */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  readonly signal: AbortSignal;
}

export interface DeleteOptions {
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

export interface ListPage {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
  readonly continueToken: string | undefined;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continueToken?: string;
  readonly resourceVersion?: string;
  readonly signal: AbortSignal;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** 410 Gone or any other Status object. */
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion: string;
  /** The server accepted the watch; events may be long in coming. */
  readonly onOpen?: () => void;
  readonly signal: AbortSignal;
}

/** Thin typed REST client; objects pass through untouched. Failures are GitOpsErrors (NotFound, Conflict, PermissionDenied, InvalidSpec for 422, Upstream). */
export interface KubeClient {
  readonly server: string;
  get(
    resource: ApiResource,
    key: { namespace: string; name: string },
    signal: AbortSignal,
  ): Promise<KubernetesObject | undefined>;
  list(resource: ApiResource, options: ListOptions): Promise<ListPage>;
  watch(resource: ApiResource, options: WatchOptions): AsyncIterable<WatchEvent>;
  create(resource: ApiResource, object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  replace(resource: ApiResource, object: KubernetesObject, options: WriteOptions): Promise<KubernetesObject>;
  /** `subresource` for example `status`. */
  patch(target: PatchTarget, body: unknown, options: WriteOptions): Promise<KubernetesObject>;
  delete(resource: ApiResource, key: { namespace: string; name: string }, options: DeleteOptions): Promise<void>;
  /** Any other path: version, openapi, subresources. */
  request(
    method: string,
    path: string,
    options: { body?: unknown; contentType?: string; accept?: string; signal: AbortSignal },
  ): Promise<unknown>;
  /** An answer as it arrives (logs of a pod): who reads slowly slows the server down. @throws GitOpsError when it does not begin. */
  stream(path: string, options: StreamOptions): Promise<AsyncIterable<Buffer>>;
  /** A websocket (exec in a pod). @throws GitOpsError when the server does not open it. */
  connect(path: string, options: SocketOptions): Promise<KubeSocket>;
  /**
   * The same client, over the same connections, whose requests the API server takes for those of this user (D46). Watches and
   * other streams stay the connection's own.
   */
  as(user: string): KubeClient;
  close(): Promise<void>;
}

export interface StreamOptions {
  /** The server may be silent for any time before it answers: logs that are followed have nothing to say yet. */
  readonly mayBeginLate?: boolean;
  /** Ends the answer, too. */
  readonly signal: AbortSignal;
}

export interface SocketOptions {
  /** In the order of preference. */
  readonly protocols: readonly string[];
  /** Closes the socket. */
  readonly signal: AbortSignal;
}

/** An open websocket. */
export interface KubeSocket {
  /** The one that the server chose. */
  readonly protocol: string;
  /** Ends with the socket; nothing more is read of the connection while nobody takes the next one. To be read once. */
  readonly messages: AsyncIterable<Buffer>;
  /** Resolves when the system has taken it. */
  send(data: Buffer): Promise<void>;
  close(): void;
}

export interface PatchTarget {
  readonly resource: ApiResource;
  readonly namespace: string;
  readonly name: string;
  readonly type: PatchType;
  readonly subresource?: string;
}

export interface Discovery {
  /** From the cache; refreshed when a kind is unknown or a CRD changed. */
  resolve(groupKind: GroupKind, version?: string): ApiResource | undefined;
  all(): readonly ApiResource[];
  /** Like resolve, after one refresh when the kind is unknown. @throws Upstream when the group's discovery failed: never 'no such kind' on half an answer (R16). */
  ensure(groupKind: GroupKind, signal: AbortSignal, version?: string): Promise<ApiResource | undefined>;
  refresh(signal: AbortSignal): Promise<void>;
  /** Called after a refresh that found other kinds than before. Returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  /** `gitVersion` of the server, for example `v1.36.1`; empty before the first refresh. */
  readonly kubeVersion: string;
  /** `group/version` and `group/version/Kind`, as Helm's APIVersions. */
  apiVersions(): readonly string[];
  /** Groups whose discovery failed (aggregated API down), with the reason. */
  readonly failed: ReadonlyMap<string, string>;
}

/** What a node contributes beside its identity; produced by a pure function that the application injects. */
export type Summary = JsonObject | object;

/** A live object as the cache keeps it: compact always, the full object only for managed ones. */
export interface CachedResource<S = unknown> {
  readonly key: ResourceKey;
  readonly version: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: string | undefined;
  readonly ownerReferences: readonly OwnerReference[];
  readonly summary: S;
  /** Instance name from the tracking id or label when the object is tracked. */
  readonly trackedBy: string | undefined;
  /** Present for managed (tracked or pinned) objects only. */
  readonly object: KubernetesObject | undefined;
}

/** `current` and `previous` both undefined: a kind that the instances were waiting for can now be read. */
export interface ClusterChange<S = unknown> {
  readonly type: 'upsert' | 'delete';
  readonly current: CachedResource<S> | undefined;
  readonly previous: CachedResource<S> | undefined;
  /** Instance names whose managed resources or trees contain the object (through owners). */
  readonly instances: readonly { readonly instance: string; readonly managed: boolean }[];
}

export interface ClusterCacheHooks<S> {
  /** Pure summary of one object (health, images, networking). */
  readonly summarize: (object: KubernetesObject) => S;
  /** Instance name (application) that tracks the object, if any and if the tracking id is self-referencing. */
  readonly trackedBy: (object: KubernetesObject) => string | undefined;
  /** At once for managed objects, at most once per object and 100 ms for others. Not called for the lists of `start`. Must not throw. */
  readonly onChange: (change: ClusterChange<S>) => void;
  /** Kinds never to watch (C16). */
  readonly excluded: (resource: ApiResource) => boolean;
  /** Field selector for the objects of a kind; those that it leaves out do not exist for the cache. */
  readonly fieldSelectorOf?: (resource: ApiResource) => string | undefined;
}

export interface ClusterCache<S = unknown> {
  /** Discovers, lists and watches; resolves when every readable kind was listed once. Rejects when the cluster cannot be reached: call it again; stop() in any case. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  readonly client: KubeClient;
  readonly discovery: Discovery;
  /** Kinds that cannot be read now, with the reason. */
  unreadable(): ReadonlyMap<GroupKindString, string>;
  /** Full objects tracked by `instance`, plus those at `wanted` keys (fetched and pinned when only compact nodes are held). */
  managedLiveState(
    instance: string,
    wanted: readonly ResourceKey[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ResourceKeyString, KubernetesObject>>;
  /** The instance is gone: its pins, its fingerprint and what they held are released. */
  forget(instance: string): void;
  /** Changes whenever a managed object of the instance, or the set of unreadable kinds, changes; cheap. Never repeats over restarts. Used to skip comparisons. */
  fingerprint(instance: string): string;
  get(key: ResourceKey): CachedResource<S> | undefined;
  /** Children (by owner references), recursively, of the given roots. */
  descendants(roots: readonly ResourceKey[]): readonly CachedResource<S>[];
  resourcesIn(namespace: string): readonly CachedResource<S>[];
  /** After our own write: put the answer in the cache (onChange is called), so that the next read sees it before the watch does. */
  observe(object: KubernetesObject): void;
  readonly stats: { readonly resources: number; readonly watches: number; readonly lastEventAt: number | undefined };
}
