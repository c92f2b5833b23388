/** Everything one turn of an operation carries from step to step. */
import type { SyncProgress, SyncTask } from '@tiphys/gitops-engine';
import type { Application, OperationState } from '@tiphys/model';
import type { DestinationCluster } from '../ports.js';

export interface RunningOperation {
  readonly app: Application;
  /** Operation, revision and sources; the results are in `progress`. */
  readonly state: OperationState;
  readonly cluster: DestinationCluster;
  readonly tasks: readonly SyncTask[];
  readonly progress: SyncProgress;
}
