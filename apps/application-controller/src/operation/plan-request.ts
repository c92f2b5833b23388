/** From an operation to the request that the pure planner understands. */
import {
  compileIgnoreDifferences,
  namespaceTarget,
  type SyncPlanRequest,
  type TrackingSettings,
} from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ComparisonSettings,
  type OperationState,
  type ResourceKey,
  type SyncOperation,
  type SyncResourceSelector,
} from '@tiphys/model';
import { type AppComparison, liveNamespace } from '../comparison/compare-app.js';
import { instanceOf } from '../identity.js';

export interface PlanContext {
  readonly state: OperationState;
  readonly comparison: AppComparison;
  readonly namespace: string;
  /** Tracking marks, and the ignored differences of the system besides the application's own. */
  readonly settings: TrackingSettings & Pick<ComparisonSettings, 'ignoreDifferences'>;
}

export function planRequest(
  app: Application,
  { state, comparison, namespace, settings }: PlanContext,
): SyncPlanRequest {
  const sync = state.operation.sync ?? {};
  const syncOptions = sync.syncOptions ?? app.spec.syncPolicy?.syncOptions ?? [];
  const destinationNamespace = app.spec.destination.namespace ?? '';
  const revision = state.syncResult?.revision ?? '';
  return {
    instanceName: instanceOf(app, namespace),
    tracking: settings,
    ...(revision === '' ? {} : { revision }),
    attempt: state.retryCount ?? 0,
    prune: sync.prune === true,
    dryRun: sync.dryRun === true,
    ...strategyOf(sync.syncStrategy),
    syncOptions,
    selects: selector(sync.resources),
    destinationNamespace,
    ignoreRules: compileIgnoreDifferences([...settings.ignoreDifferences, ...(app.spec.ignoreDifferences ?? [])]),
    ...namespaceToCreate(app, syncOptions, comparison),
    deletionApprovedAt: app.metadata.annotations?.[ANNOTATIONS.deletionApproved],
    operationStartedAt: state.startedAt,
  };
}

function strategyOf(strategy: SyncOperation['syncStrategy']): Pick<SyncPlanRequest, 'applyOnly' | 'force'> {
  const force = strategy?.apply?.force === true || strategy?.hook?.force === true;
  return { applyOnly: strategy?.apply !== undefined, force };
}

/** D30: the destination namespace with its managed metadata, when the application asks for it. */
function namespaceToCreate(
  app: Application,
  syncOptions: readonly string[],
  comparison: AppComparison,
): Pick<SyncPlanRequest, 'namespace' | 'namespaceLive'> {
  const name = app.spec.destination.namespace ?? '';
  if (name === '' || !syncOptions.includes('CreateNamespace=true'))
    return { namespace: undefined, namespaceLive: undefined };
  return {
    namespace: namespaceTarget(name, app.spec.syncPolicy?.managedNamespaceMetadata),
    namespaceLive: liveNamespace(comparison, name),
  };
}

/** D32: includes select, `exclude` entries take away; only excludes means everything else. */
function selector(resources: readonly SyncResourceSelector[] | undefined): ((key: ResourceKey) => boolean) | undefined {
  if (resources === undefined || resources.length === 0) return undefined;
  const included = resources.filter((resource) => resource.exclude !== true);
  const excluded = resources.filter((resource) => resource.exclude === true);
  const matches = (selected: SyncResourceSelector, key: ResourceKey): boolean =>
    (selected.group ?? '') === key.group &&
    selected.kind === key.kind &&
    selected.name === key.name &&
    (selected.namespace === undefined || selected.namespace === '' || selected.namespace === key.namespace);
  return (key) =>
    (included.length === 0 || included.some((entry) => matches(entry, key))) &&
    !excluded.some((entry) => matches(entry, key));
}
