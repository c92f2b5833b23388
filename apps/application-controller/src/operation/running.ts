/** Everything one turn of an operation carries from step to step. */
import type { SyncProgress, SyncTask } from '@tiphys/gitops-engine';
import type { Application, OperationState } from '@tiphys/model';
import type { DestinationCluster, RenderedManifests } from '../ports.js';

export interface RunningOperation {
  readonly app: Application;
  /** Operation, revision and sources; the results are in `progress`. */
  readonly state: OperationState;
  readonly cluster: DestinationCluster;
  readonly rendered: RenderedManifests;
  readonly tasks: readonly SyncTask[];
  readonly progress: SyncProgress;
}
