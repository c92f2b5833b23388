/** Every annotation, label, finalizer and well-known object name, once. Argo CD's names are the contract (A22-A29). */

export const GROUP = 'argoproj.io';
/** Of this build of Tiphys. */
export const PRODUCT_VERSION = '0.1.0';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const ANNOTATIONS = {
  trackingId: 'argocd.argoproj.io/tracking-id',
  installationId: 'argocd.argoproj.io/installation-id',
  refresh: 'argocd.argoproj.io/refresh',
  hydrate: 'argocd.argoproj.io/hydrate',
  skipReconcile: 'argocd.argoproj.io/skip-reconcile',
  manifestGeneratePaths: 'argocd.argoproj.io/manifest-generate-paths',
  managedByUrl: 'argocd.argoproj.io/managed-by-url',
  compareOptions: 'argocd.argoproj.io/compare-options',
  syncOptions: 'argocd.argoproj.io/sync-options',
  syncWave: 'argocd.argoproj.io/sync-wave',
  hook: 'argocd.argoproj.io/hook',
  hookDeletePolicy: 'argocd.argoproj.io/hook-delete-policy',
  deletionApproved: 'argocd.argoproj.io/deletion-approved',
  ignoreHealthcheck: 'argocd.argoproj.io/ignore-healthcheck',
  ignoreResourceUpdates: 'argocd.argoproj.io/ignore-resource-updates',
  ignoreRestartPolicy: 'argocd.argoproj.io/ignore-restart-policy',
  clientSideApplyMigrationManager: 'argocd.argoproj.io/client-side-apply-migration-manager',
  applicationSetRefresh: 'argocd.argoproj.io/application-set-refresh',
  lastApplied: 'kubectl.kubernetes.io/last-applied-configuration',
  helmHook: 'helm.sh/hook',
  helmHookWeight: 'helm.sh/hook-weight',
  helmHookDeletePolicy: 'helm.sh/hook-delete-policy',
  helmResourcePolicy: 'helm.sh/resource-policy',
  /** Ours: the revision that a rollback left; auto-sync pauses while the ref still resolves to it. */
  rollbackHold: 'tiphys.dev/rollback-hold',
  /** Ours, on Applications and AppProjects: share (`50%`), number or both that an automatic prune may delete without confirmation. */
  pruneLimit: 'tiphys.dev/prune-limit',
  /** Ours, on Applications and AppProjects: the same for the resources that are deleted with an Application; none unless set. */
  cascadeLimit: 'tiphys.dev/cascade-limit',
  /** Ours, on child Applications: `true` gives them a health, so that the waves of their parent wait for them (E09). */
  applicationHealth: 'tiphys.dev/application-health',
} as const;

export const LABELS = {
  instance: 'app.kubernetes.io/instance',
  secretType: 'argocd.argoproj.io/secret-type',
  partOf: 'app.kubernetes.io/part-of',
  /** Ours: the uid of the Application whose deployment a Secret keeps. */
  deploymentOf: 'tiphys.dev/deployment-of',
  /** On a cluster's Secret (H06): `true` asks for the one below. */
  autoLabelClusterInfo: 'argocd.argoproj.io/auto-label-cluster-info',
  kubernetesVersion: 'argocd.argoproj.io/kubernetes-version',
} as const;

/** Ours: type of the Secrets that keep the manifests of history entries; no settings, never shown in a tree. */
export const DEPLOYMENT_SECRET_TYPE = 'tiphys.dev/deployment';

/** Names of `operation.info` entries. */
export const OPERATION_INFO = {
  /** Ours: the history id that a rollback goes back to. */
  deployment: 'tiphys.dev/deployment',
} as const;

export const FINALIZERS = {
  resources: 'resources-finalizer.argocd.argoproj.io',
  resourcesForeground: 'resources-finalizer.argocd.argoproj.io/foreground',
  resourcesBackground: 'resources-finalizer.argocd.argoproj.io/background',
  preDelete: 'pre-delete-finalizer.argocd.argoproj.io',
  preDeleteCleanup: 'pre-delete-finalizer.argocd.argoproj.io/cleanup',
  postDelete: 'post-delete-finalizer.argocd.argoproj.io',
  postDeleteCleanup: 'post-delete-finalizer.argocd.argoproj.io/cleanup',
  hook: 'argocd.argoproj.io/hook-finalizer',
} as const;

/** Values of the `secret-type` label (G01). */
export const SECRET_TYPES = [
  'repository',
  'repo-creds',
  'repository-write',
  'repo-write-creds',
  'cluster',
  'scm-creds',
] as const;
export type SecretType = (typeof SECRET_TYPES)[number];

export const CONFIG_OBJECTS = {
  settings: 'argocd-cm',
  secret: 'argocd-secret',
  rbac: 'argocd-rbac-cm',
  parameters: 'argocd-cmd-params-cm',
  sshKnownHosts: 'argocd-ssh-known-hosts-cm',
  tlsCerts: 'argocd-tls-certs-cm',
  gpgKeys: 'argocd-gpg-keys-cm',
  notifications: 'argocd-notifications-cm',
  initialAdminSecret: 'argocd-initial-admin-secret',
  /** Certificate of the API server's public port. */
  serverTls: 'argocd-server-tls',
} as const;

/** Field manager of every apply; the same as Argo CD's, so that ownership carries over. */
export const FIELD_MANAGER = 'argocd-controller';
export const DEFAULT_PROJECT = 'default';
export const IN_CLUSTER_SERVER = 'https://kubernetes.default.svc';
export const IN_CLUSTER_NAME = 'in-cluster';

/**
 * Commands that a cluster Secret may name in `execProviderConfig` (H03, S10): credential helpers of the big clouds, and Argo CD's
 * own. Bare names, found on PATH; every other command is refused.
 */
export const DEFAULT_EXEC_COMMANDS: readonly string[] = [
  'argocd-k8s-auth',
  'aws',
  'aws-iam-authenticator',
  'gke-gcloud-auth-plugin',
  'kubelogin',
];
