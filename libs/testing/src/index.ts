/** Real control plane, Redis, git servers and kubelet stand-in for tests. */
export { type AuditFilter, type AuditWrite, auditPosition, auditWrites } from './audit.js';
export { startBrowser } from './browser.js';
export {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
  type LeafOptions,
  writeTlsDir,
} from './certificates.js';
export {
  CLUSTER_USERS,
  type ClusterUser,
  type ControlPlane,
  type ControlPlaneInfo,
  type ControlPlaneOptions,
  startControlPlane,
} from './control-plane.js';
export { installCustomResources } from './custom-resources.js';
export { type DexServer, startDex } from './dex.js';
export { type EventuallyOptions, eventually } from './eventually.js';
export { createRandom, type FuzzPlan, fuzzPlan, type Random } from './fuzz.js';
export { type CommitOptions, type FileContent, type Files, filesOf, type GitRepository } from './git-repository.js';
export {
  type GitRequest,
  type GitRequestKind,
  type GitServer,
  type GitServerFaults,
  type GitServerOptions,
  startGitServer,
} from './git-server.js';
export {
  type Installation,
  type InstallationCluster,
  type InstallationOptions,
  type InstallationPeers,
  startInstallation,
} from './installation.js';
export {
  type ApplyOptions,
  type ClusterAccess,
  createKubeClient,
  type KubeClient,
  KubeError,
  type KubeMetadata,
  type KubeObject,
  type KubeRequest,
  type WatchEvent,
} from './kube-client.js';
export { readKubeconfig, writeKubeconfig } from './kubeconfig.js';
export { type Kubelet, type KubeletOptions, startKubelet } from './kubelet.js';
export {
  type KubeletExecRequest,
  type KubeletLogRequest,
  type KubeletLogs,
  type KubeletLogsOptions,
  startKubeletLogs,
} from './kubelet-logs.js';
export { type LoginWalk, type LoginWalkEnd, walkLogin } from './login-walk.js';
export { type MetricShape, metricSamples, metricShapes } from './metric-shapes.js';
export type { OidcClient, OidcUser } from './oidc-core.js';
export {
  type OidcProviderFaults,
  type OidcProviderOptions,
  type OidcProviderServer,
  startOidcProvider,
} from './oidc-provider.js';
export { keycloakShape } from './oidc-shapes.js';
export {
  type OtlpAttribute,
  type OtlpBody,
  type OtlpCollector,
  type OtlpSpan,
  otlpAttributes,
  startOtlpCollector,
} from './otlp-collector.js';
export {
  freePort,
  type ManagedProcess,
  type ProcessOptions,
  removeDirectory,
  startProcess,
  temporaryDirectory,
} from './process.js';
export { type RedisInfo, type RedisOptions, type RedisServer, redisCommand, startRedis } from './redis.js';
export { type PushedArtifact, type Registry, type RegistryOptions, startRegistry } from './registry.js';
export { type RepoServer, type RepoServerOptions, startRepoServer } from './repo-server.js';
export { type FuzzOptions, type FuzzResult, fuzz } from './schemathesis.js';
export type { ServiceName, ServiceProcess } from './service-process.js';
export { type SharedControlPlane, type SharedRedis, sharedControlPlane, sharedRedis, uniqueName } from './shared.js';
export { createGpgSigner, createSshSigner, type Signer } from './signing.js';
export { type SshGitServer, startSshGitServer } from './ssh-git-server.js';
export { type TarMember, tarArchive, tarGzip } from './tar.js';
export { toolPath } from './tools.js';
export { type WatchOptions, watchObjects } from './watch.js';
