/** The sync plan and its step machine. An operation is a sequence of turns: read live, plan, next step, do, record. */
import type {
  HookDeletePolicy,
  HookType,
  KubernetesObject,
  OperationPhase,
  ResourceKey,
  ResourceKeyString,
  ResourceSyncResult,
  ResultCode,
  SyncPhase,
} from '@tiphys/model';
import type { TrackingSettings } from '../compare/tracking.js';
import type { ManagedResource } from '../compare/types.js';
import type { HealthOverrides } from '../health/assess-health.js';
import type { IgnoreRules } from '../normalize/ignore-differences.js';

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
  readonly serverSideApply: boolean | undefined;
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
  /**
   * False: nothing is written, because it is equal already or because it must not be pruned. It still counts in its
   * wave's health gate and in the results. Steps never carry such a task.
   */
  readonly changed: boolean;
  /** Result of a task that is not written: what it counts as and the message shown. */
  readonly unchangedResult: { readonly code: ResultCode; readonly message: string } | undefined;
  /** `Prune=confirm` and nobody has confirmed since the operation began (D19). */
  readonly awaitsConfirmation: boolean;
  /** The application's namespace, created before the dry run of everything else (D30). */
  readonly beforeDryRun: boolean;
  /** A dry run would fail for a reason that the sync itself removes (CRD or namespace not there yet, old hook object). */
  readonly skipDryRun: boolean;
  /** `FailOnSharedResource=true` and another application, named here, tracks the live object (D28): the sync fails. */
  readonly sharedWith: string | undefined;
  /** The whole operation is a dry run (D33): no step writes this task. */
  readonly dryRunOnly: boolean;
}

/** What the caller asked of the whole operation. */
export interface SyncPlanRequest {
  /**
   * Name of the application as in tracking ids: the plan never prunes an object whose tracking id names another one,
   * whatever the comparison said.
   */
  readonly instanceName: string;
  /** How objects are marked (A26): an owner that only a label names counts too. */
  readonly tracking?: TrackingSettings;
  /** Revision shown in the names of `generateName` hooks (D04). */
  readonly revision?: string;
  /**
   * Number of the attempt (`retryCount`). Given, hooks carry a mark of the attempt that created them, and a worker that
   * takes over after a crash adopts a hook of its own attempt instead of running it again (R6).
   */
  readonly attempt?: number;
  readonly prune: boolean;
  readonly dryRun: boolean;
  /** `apply` strategy: no hooks. */
  readonly applyOnly: boolean;
  readonly force: boolean;
  readonly syncOptions: readonly string[];
  /** Selective sync: undefined means everything. */
  readonly selects: ((key: ResourceKey) => boolean) | undefined;
  readonly destinationNamespace: string;
  /** Compiled rules of the application and of the system, for `RespectIgnoreDifferences` (D29). */
  readonly ignoreRules?: IgnoreRules;
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
  /** Objects as last read, for health gates; at least as new as our own writes. Must hold every task's key that exists. */
  readonly live: ReadonlyMap<ResourceKeyString, KubernetesObject>;
  /** The wave that was applied last and the time it is still given before the next one begins (D11); absent: none. */
  readonly appliedWave?: AppliedWave;
  /** Configured health checks (E05); the built-in ones otherwise. */
  readonly healthOverrides?: HealthOverrides;
}

export interface AppliedWave {
  readonly phase: SyncPhase;
  readonly wave: number;
  readonly delayLeftMs: number;
}

/** What happened to one task of a step. `live`: the object as the API server answered. */
export interface TaskOutcome {
  readonly task: SyncTask;
  readonly code: ResultCode;
  readonly message: string;
  readonly live?: KubernetesObject;
}

export type SyncStep =
  /** Ask the API server whether it would take the tasks; nothing is written. */
  | { readonly kind: 'dryRun'; readonly tasks: readonly SyncTask[] }
  /** Write the tasks in the order given: prunes first. `applyGroups` says what may run in parallel. */
  | { readonly kind: 'apply'; readonly phase: SyncPhase; readonly wave: number; readonly tasks: readonly SyncTask[] }
  /** Remove our finalizer from the hook objects and delete them. Objects that are gone already are no failure. */
  | { readonly kind: 'deleteHooks'; readonly tasks: readonly SyncTask[] }
  /** Remove our finalizer (D06) from hooks that have completed; they stay. */
  | { readonly kind: 'releaseHooks'; readonly tasks: readonly SyncTask[] }
  /** `forMs`: nothing but time is waited for (D11). */
  | {
      readonly kind: 'wait';
      readonly reason: string;
      readonly tasks: readonly SyncTask[];
      readonly forMs?: number;
    }
  | {
      readonly kind: 'complete';
      readonly phase: Exclude<OperationPhase, 'Running' | 'Terminating'>;
      readonly message: string;
    };

/** A step and the progress with what was observed on the way to it: hooks that completed, waves that are healthy. */
export interface SyncTurn {
  readonly step: SyncStep;
  readonly progress: SyncProgress;
}

/** Result key in {@link SyncProgress}. */
export type SyncResultKey = string;

export interface PlanSyncInput {
  readonly resources: readonly ManagedResource[];
  readonly request: SyncPlanRequest;
}
