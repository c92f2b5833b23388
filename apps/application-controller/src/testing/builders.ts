/** Values that the unit tests of the controller start from. */
import { type ManagedResource, parseSyncOptions, type SyncTask } from '@tiphys/gitops-engine';
import {
  type Application,
  type ComparisonSettings,
  type KubernetesObject,
  type OperationState,
  resourceKeyOf,
  versionOf,
} from '@tiphys/model';
import type { ControllerSettings } from '../ports.js';

export const NAMESPACE = 'argocd';
export const SHA_A = 'a'.repeat(40);
export const SHA_B = 'b'.repeat(40);
/** `fakeClock` stands here. */
export const NOW = '2026-01-01T00:00:00Z';
export const SERVER = 'https://cluster.test';

export const COMPARISON: ComparisonSettings = {
  trackingMethod: 'annotation',
  instanceLabelKey: 'app.kubernetes.io/instance',
  installationId: undefined,
  fieldManager: 'argocd-controller',
  ignoreDifferences: [],
  ignoreResourceStatusField: 'all',
  ignoreAggregatedRoles: false,
};

export const SETTINGS: ControllerSettings = {
  comparison: COMPARISON,
  fingerprint: 'settings-1',
  pollIntervalMs: 180_000,
  pollJitterMs: 60_000,
  hardRefreshAfterMs: 0,
  selfHealBackoff: { timeoutMs: 2_000, factor: 3, capMs: 300_000 },
  syncTimeoutMs: 0,
  repoErrorGraceMs: 180_000,
  deleteLimits: { prune: undefined, cascade: undefined },
  waveDelayMs: 0,
  impersonation: { enabled: false, enforced: true },
  isExcluded: () => false,
  persistResourceHealth: false,
  sensitiveAnnotations: [],
};

export type AppParts = Partial<Pick<Application, 'spec' | 'status' | 'operation'>> & {
  readonly metadata?: Application['metadata'];
};

/** The application `argocd/guestbook`, with `parts` laid over it. */
export function application({ metadata, spec, ...parts }: AppParts = {}): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { namespace: NAMESPACE, name: 'guestbook', uid: 'uid-1', resourceVersion: '1', ...metadata },
    spec: spec ?? specOf(),
    ...parts,
  };
}

export function specOf(more: Partial<Application['spec']> = {}): Application['spec'] {
  const source = { repoURL: 'https://git.test/repo.git', path: 'guestbook', targetRevision: 'main' };
  return { project: 'default', source, destination: { server: SERVER, namespace: 'web' }, ...more };
}

export function operationState(more: Partial<OperationState> = {}): OperationState {
  return { operation: { sync: { revision: SHA_A } }, phase: 'Running', startedAt: NOW, retryCount: 0, ...more };
}

export function configMap(name: string, metadata: KubernetesObject['metadata'] = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'web', ...metadata }, data: { k: 'v' } };
}

/** As the API server has it: with uid and resourceVersion. */
export function stored(object: KubernetesObject, resourceVersion = '7'): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, uid: `uid-${object.metadata.name}`, resourceVersion } };
}

/** A resource that is missing in the cluster, unless `parts` says otherwise. */
export function managedResource(object: KubernetesObject, parts: Partial<ManagedResource> = {}): ManagedResource {
  return {
    key: resourceKeyOf(object),
    version: versionOf(object.apiVersion),
    target: object,
    live: undefined,
    origin: 'a.yaml',
    status: 'OutOfSync',
    health: undefined,
    diff: {
      ...{ verdict: 'different', differences: [], unsureBecause: [], drift: [] },
      ...{ normalizedLive: undefined, predictedLive: undefined },
    },
    hooks: [],
    syncWave: 0,
    requiresPruning: false,
    requiresDeletionConfirmation: false,
    unreadable: false,
    ...parts,
  };
}

export function syncTask(object: KubernetesObject, parts: Partial<SyncTask> = {}): SyncTask {
  return {
    key: resourceKeyOf(object),
    version: versionOf(object.apiVersion),
    phase: 'Sync',
    wave: 0,
    kind: 'apply',
    object,
    live: undefined,
    options: parseSyncOptions([], object),
    hookType: undefined,
    hookDeletePolicies: [],
    changed: true,
    unchangedResult: undefined,
    awaitsConfirmation: false,
    beforeDryRun: false,
    skipDryRun: false,
    sharedWith: undefined,
    dryRunOnly: false,
    ...parts,
  };
}
