/** Kubernetes I/O: clients, discovery, watch cache, apply, prune, events. */
export { applyResource } from './apply/apply-resource.js';
export { createNamespace, type NamespaceRequest } from './apply/create-namespace.js';
export { type DeleteOutcome, type DeleteRequest, deleteResource } from './apply/delete-resource.js';
export type { ApplyOptions, ApplyRequest, ApplyResult } from './apply/types.js';
export { type ClusterCacheOptions, createClusterCache } from './cache/cluster-cache.js';
export { isExcludedByDefault } from './cache/exclusions.js';
export { isExpired, type KubeStatus, KubeStatusError, kubeStatusOf } from './client/errors.js';
export { createHealthCheck } from './client/health-check.js';
export { createKubeClient, type KubeClientOptions } from './client/kube-client.js';
export { createKubectlMetrics, type KubectlMetrics } from './client/kubectl-metrics.js';
export type { ClientObserver, RequestReport } from './client/observer.js';
export { describeRequest, spanOfRequest } from './client/request-words.js';
export {
  type ClusterConfig,
  type ClusterSecret,
  type ClusterSecretOptions,
  connectionFromClusterSecret,
} from './connection/cluster-secret.js';
export { type LoadConnectionOptions, loadClusterConnection } from './connection/load-connection.js';
export { createDiscovery } from './discovery/discovery.js';
export {
  createEventRecorder,
  type EventEntry,
  type EventRecorder,
  type EventRecorderOptions,
} from './events/event-recorder.js';
export { createSettingsReport, type SettingsReport } from './events/settings-report.js';
export { createInformer, type Informer, type InformerEvent, type InformerOptions } from './informer/informer.js';
export { compareResourceVersions } from './informer/resource-version.js';
export type * from './ports.js';
export { RESOURCES } from './resources.js';
