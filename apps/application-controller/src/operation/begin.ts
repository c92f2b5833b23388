/** From `.operation` to the first operation state, and the questions a resumed operation asks of it. */
import type { Application, Operation, OperationState } from '@tiphys/model';
import { kubernetesTime } from '../time.js';

/** True when `.operation` is already recorded as running: a crash or a wait lies behind us, not a new request. */
export function operationRunning(app: Application): boolean {
  const state = app.status?.operationState;
  return state !== undefined && (state.phase === 'Running' || state.phase === 'Terminating');
}

/** A new operation; what it deploys is fixed by its first render. */
export function beginState(app: Application, now: Date): OperationState {
  const operation: Operation = app.operation ?? {};
  return { operation, phase: 'Running', startedAt: kubernetesTime(now), message: 'waiting to start', retryCount: 0 };
}
