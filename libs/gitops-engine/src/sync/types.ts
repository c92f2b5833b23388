/** The sync plan and its step machine. An operation is a sequence of turns: read live, plan, next step, do, record. */
import type {
  HookDeletePolicy,
  HookType,
  KubernetesObject,
  OperationPhase,
  ResourceKey,
  ResourceKeyString,
  ResourceSyncResult,
  SyncPhase,
} from '@tiphys/model';
import type { ManagedResource } from '../compare/types.js';

/** Options of one resource after merging application and resource level (D18-D31). */
export interface SyncOptions {
  readonly validate: boolean;
  readonly prune: boolean | 'confirm';
  readonly delete: boolean | 'confirm';
  readonly pruneLast: boolean;
  readonly prunePropagationPolicy: 'foreground' | 'background' | 'orphan';
  readonly replace: boolean;
  readonly force: boolean;
  /** `undefined`: the installation default, which is server-side apply. */
  readonly serverSideApply: boolean;
  readonly clientSideApplyMigration: boolean;
  readonly applyOutOfSyncOnly: boolean;
  readonly skipDryRunOnMissingResource: boolean;
  readonly failOnSharedResource: boolean;
  readonly respectIgnoreDifferences: boolean;
  readonly createNamespace: boolean;
}

export interface SyncTask {
  readonly key: ResourceKey;
  readonly version: string;
  readonly phase: SyncPhase;
  readonly wave: number;
  readonly kind: 'apply' | 'prune';
  /** The object to apply; for a prune the live object. */
  readonly object: KubernetesObject;
  readonly live: KubernetesObject | undefined;
  readonly options: SyncOptions;
  readonly hookType: HookType | undefined;
  readonly hookDeletePolicies: readonly HookDeletePolicy[];
  /** False: equal already, nothing is written. It still counts in its wave's health gate and in the results. */
  readonly changed: boolean;
}

/** What the caller asked of the whole operation. */
export interface SyncPlanRequest {
  readonly prune: boolean;
  readonly dryRun: boolean;
  /** `apply` strategy: no hooks. */
  readonly applyOnly: boolean;
  readonly force: boolean;
  readonly syncOptions: readonly string[];
  /** Selective sync: undefined means everything. */
  readonly selects: ((key: ResourceKey) => boolean) | undefined;
  readonly destinationNamespace: string;
  /** The namespace object to create first when `CreateNamespace=true` and Git has none; undefined otherwise. */
  readonly namespace: KubernetesObject | undefined;
  readonly namespaceLive: KubernetesObject | undefined;
  /** Approval time of `deletion-approved`, if any, RFC 3339. */
  readonly deletionApprovedAt: string | undefined;
  readonly operationStartedAt: string;
}

/** Progress of one operation; rebuilt from `status.operationState` after a crash, so it must be derivable from it. */
export interface SyncProgress {
  readonly dryRunDone: boolean;
  /** By resource key and phase (`<phase>/<key>`). */
  readonly results: ReadonlyMap<string, ResourceSyncResult>;
  readonly terminating: boolean;
  /** Objects as last read, for health gates. */
  readonly live: ReadonlyMap<ResourceKeyString, KubernetesObject>;
}

export type SyncStep =
  | { readonly kind: 'dryRun'; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'apply'; readonly phase: SyncPhase; readonly wave: number; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'deleteHooks'; readonly tasks: readonly SyncTask[] }
  | { readonly kind: 'wait'; readonly reason: string; readonly tasks: readonly SyncTask[] }
  | {
      readonly kind: 'complete';
      readonly phase: Exclude<OperationPhase, 'Running' | 'Terminating'>;
      readonly message: string;
    };

/** Result key in {@link SyncProgress}. */
export type SyncResultKey = string;

export interface PlanSyncInput {
  readonly resources: readonly ManagedResource[];
  readonly request: SyncPlanRequest;
}
