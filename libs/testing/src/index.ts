/** Real control plane, Redis, git servers and kubelet stand-in for tests. */
export { auditPosition, auditWrites, type AuditFilter, type AuditWrite } from './audit.js';
export {
  CLUSTER_USERS,
  startControlPlane,
  type ClusterUser,
  type ControlPlane,
  type ControlPlaneInfo,
  type ControlPlaneOptions,
} from './control-plane.js';
export { installCustomResources } from './custom-resources.js';
export { eventually, type EventuallyOptions } from './eventually.js';
export { filesOf, type CommitOptions, type FileContent, type Files, type GitRepository } from './git-repository.js';
export {
  startGitServer,
  type GitRequest,
  type GitRequestKind,
  type GitServer,
  type GitServerFaults,
  type GitServerOptions,
} from './git-server.js';
export {
  createKubeClient,
  KubeError,
  type ApplyOptions,
  type ClusterAccess,
  type KubeClient,
  type KubeMetadata,
  type KubeObject,
  type KubeRequest,
  type WatchEvent,
} from './kube-client.js';
export { readKubeconfig, writeKubeconfig } from './kubeconfig.js';
export { startKubelet, type Kubelet, type KubeletOptions } from './kubelet.js';
export {
  freePort,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  type ManagedProcess,
  type ProcessOptions,
} from './process.js';
export { redisCommand, startRedis, type RedisInfo, type RedisOptions, type RedisServer } from './redis.js';
export { sharedControlPlane, sharedRedis, uniqueName, type SharedControlPlane, type SharedRedis } from './shared.js';
export { startSshGitServer, type SshGitServer } from './ssh-git-server.js';
export { toolPath } from './tools.js';
export { watchObjects, type WatchOptions } from './watch.js';
