/** What one turn of a deletion works with. */
import type { DeleteHookType } from '@tiphys/gitops-engine';
import { cascadeModeOf } from '@tiphys/gitops-engine';
import { type Application, type AppProject, FINALIZERS, isGitOpsError } from '@tiphys/model';
import type { ComparisonDeps } from '../comparison/compare-app.js';
import type {
  ApplicationStore,
  ControllerSettings,
  DestinationCluster,
  EventRecorder,
  ProjectReader,
} from '../ports.js';

export interface DeletionDeps extends Omit<ComparisonDeps, 'predictions' | 'versions'> {
  readonly applications: ApplicationStore;
  readonly projects: ProjectReader;
  readonly settings: () => Pick<ControllerSettings, 'comparison' | 'deleteLimits' | 'impersonation' | 'isExcluded'>;
  readonly events: EventRecorder;
}

export interface DeletionTurn {
  readonly app: Application;
  readonly cluster: DestinationCluster;
  readonly project: AppProject;
  readonly signal: AbortSignal;
}

/** Watch events of the vanishing objects wake us; this is the safety net. */
export const RECHECK_MS = 1_000;

export const CASCADE_FINALIZERS: readonly string[] = [
  FINALIZERS.resources,
  FINALIZERS.resourcesForeground,
  FINALIZERS.resourcesBackground,
];

/** Every finalizer that holds an Application until its deletion is done. */
export const OUR_FINALIZERS: readonly string[] = [
  ...CASCADE_FINALIZERS,
  FINALIZERS.preDelete,
  FINALIZERS.preDeleteCleanup,
  FINALIZERS.postDelete,
  FINALIZERS.postDeleteCleanup,
];

export type DeletionStage =
  | { readonly kind: 'hooks' | 'cleanup'; readonly type: DeleteHookType; readonly finalizers: readonly string[] }
  | { readonly kind: 'cascade'; readonly finalizers: readonly string[] };

/** The first stage that is not done: PreDelete hooks, the resources, PostDelete hooks (A22, A23). Undefined: none left. */
export function stageOf({ metadata }: Application): DeletionStage | undefined {
  const finalizers = metadata.finalizers ?? [];
  const stages: readonly DeletionStage[] = [
    { kind: 'hooks', type: 'PreDelete', finalizers: [FINALIZERS.preDelete] },
    { kind: 'cleanup', type: 'PreDelete', finalizers: [FINALIZERS.preDeleteCleanup] },
    { kind: 'cascade', finalizers: cascadeModeOf(finalizers) === undefined ? [] : CASCADE_FINALIZERS },
    { kind: 'hooks', type: 'PostDelete', finalizers: [FINALIZERS.postDelete] },
    { kind: 'cleanup', type: 'PostDelete', finalizers: [FINALIZERS.postDeleteCleanup] },
  ];
  return stages.find((stage) => stage.finalizers.some((finalizer) => finalizers.includes(finalizer)));
}

/** Undefined when nobody knows the destination any more: nothing can be deleted there (D51). */
export async function destinationOf(
  { clusters }: Pick<DeletionDeps, 'clusters'>,
  app: Application,
  signal: AbortSignal,
): Promise<DestinationCluster | undefined> {
  try {
    return await clusters.for(app.spec.destination, signal);
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'InvalidSpec') return undefined;
    throw error;
  }
}
