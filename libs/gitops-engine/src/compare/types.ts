/** Inputs and results of a comparison: targetState against liveState. All data, no I/O. */
import type {
  ApplicationCondition,
  CompareWith,
  ComparisonSettings,
  GroupKind,
  GroupKindString,
  HealthStatus,
  HookType,
  JsonValue,
  KubernetesObject,
  RefreshType,
  ResourceIgnoreDifferences,
  ResourceKey,
  ResourceKeyString,
  SyncStatusCode,
} from '@tiphys/model';
import type { HealthOverrides } from '../health/assess-health.js';
import type { PreparedTargets } from './prepare-targets.js';

/** `undefined`: the cluster does not know the kind (yet). */
export type ScopeOf = (groupKind: GroupKind) => 'namespaced' | 'cluster' | undefined;

/** A manifest as rendered, before namespace defaulting and tracking. */
export interface TargetManifest {
  readonly object: KubernetesObject;
  /** File (and document) it came from. */
  readonly origin: string;
  readonly sourceIndex: number;
}

/** What a dry-run apply said the live object would become; `undefined` object: the API server refused (see error). */
export interface PredictedLive {
  readonly object: KubernetesObject | undefined;
  readonly error?: string;
}

/** Who changed a field that now differs (design 1.7). `time` is RFC 3339. */
export interface DriftAttribution {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly time: string | undefined;
  readonly fields: readonly string[];
}

/** One differing field: a path like `spec.template.spec.containers[name=app].image`. Missing side: `undefined`. */
export interface FieldDifference {
  readonly path: string;
  readonly target: JsonValue | undefined;
  readonly live: JsonValue | undefined;
}

export const DIFF_VERDICTS = ['equal', 'different', 'unsure'] as const;
export type DiffVerdict = (typeof DIFF_VERDICTS)[number];

export interface DiffResult {
  readonly verdict: DiffVerdict;
  readonly differences: readonly FieldDifference[];
  /** Why the verdict is `unsure`; empty otherwise. */
  readonly unsureBecause: readonly string[];
  readonly drift: readonly DriftAttribution[];
  readonly normalizedLive: KubernetesObject | undefined;
  /** Live with the target's fields laid over it. */
  readonly predictedLive: KubernetesObject | undefined;
}

/** One resource of the application: target, live or both, and everything decided about it. */
export interface ManagedResource {
  readonly key: ResourceKey;
  readonly version: string;
  /** Namespaced, tracked, with apply-time normalization; `undefined`: not in Git (to be pruned). */
  readonly target: KubernetesObject | undefined;
  readonly live: KubernetesObject | undefined;
  readonly origin: string | undefined;
  readonly status: SyncStatusCode;
  readonly health: HealthStatus | undefined;
  readonly diff: DiffResult;
  /** Hook types of the target or live object; empty for ordinary resources, those with `hook: Skip` included (D03). */
  readonly hooks: readonly HookType[];
  readonly syncWave: number;
  readonly requiresPruning: boolean;
  readonly requiresDeletionConfirmation: boolean;
  /** True when the kind could not be listed: never prunable, status Unknown (design 8). */
  readonly unreadable: boolean;
}

export interface ComparisonInput {
  /** Application name as in tracking ids (`<namespace>_<name>` outside the control-plane namespace). */
  readonly instanceName: string;
  readonly destinationNamespace: string;
  readonly targets: readonly TargetManifest[];
  /** What `prepareTargets` made of `targets`, when the caller has asked already; else it is asked here. */
  readonly prepared?: PreparedTargets;
  /** Every live object that is tracked by the application or matches a target. */
  readonly live: ReadonlyMap<ResourceKeyString, KubernetesObject>;
  readonly scopeOf: ScopeOf;
  /** Kinds that the installation leaves alone (C16); absent: none. */
  readonly isExcluded?: (groupKind: GroupKind) => boolean;
  readonly ignoreDifferences: readonly ResourceIgnoreDifferences[];
  readonly syncOptions: readonly string[];
  /** `compare-options` of the Application itself: `ServerSideDiff=true|false`, `IncludeMutationWebhook=true` (C03, C04). */
  readonly compareOptions?: readonly string[];
  readonly managedNamespaceMetadata:
    | { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
    | undefined;
  readonly settings: ComparisonSettings;
  /** Kinds that could not be read, with the reason shown to the user. */
  readonly unreadable: ReadonlyMap<GroupKindString, string>;
  /** Dry-run answers for resources whose verdict was `unsure` in a first pass. */
  readonly predicted: ReadonlyMap<ResourceKeyString, PredictedLive>;
  /** Health of the previous comparison, to keep lastTransitionTime. */
  readonly previousHealth: HealthStatus | undefined;
  /** The Application itself, in case it manages itself: then it does not judge its own health (E03). */
  readonly self: { readonly namespace: string; readonly name: string };
  /** RFC 3339; only used for transition times. */
  readonly now: string;
  /** Configured health checks (E05); the built-in ones otherwise. */
  readonly healthOverrides?: HealthOverrides | undefined;
}

export interface ComparisonResult {
  readonly syncStatus: SyncStatusCode;
  readonly health: HealthStatus;
  /** Sorted: the order of `status.resources` (group, kind, namespace, name). Hooks included, marked by `hooks`. */
  readonly resources: readonly ManagedResource[];
  /** Resources whose in-process verdict was `unsure` and for which `predicted` had no answer. */
  readonly unsure: readonly ResourceKey[];
  readonly conditions: readonly ApplicationCondition[];
}

/** What was asked of a refresh; requests are merged by maximum of both fields. */
export interface RefreshRequest {
  readonly compareWith: CompareWith;
  readonly refreshType: RefreshType;
}
