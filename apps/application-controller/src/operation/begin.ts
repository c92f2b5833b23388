/** From `.operation` to the first operation state, and the questions a resumed operation asks of it. */
import { type Application, kubernetesTime, type Operation, type OperationState } from '@tiphys/model';
import type { AppEvent } from '../ports.js';

/** True when `.operation` is already recorded as running: a crash or a wait lies behind us, not a new request. */
export function operationRunning(app: Application): boolean {
  const state = app.status?.operationState;
  return state !== undefined && (state.phase === 'Running' || state.phase === 'Terminating');
}

/** A new operation, with the fields that Argo CD gives one (A20); what it deploys is fixed by its first render. */
export function beginState(operation: Operation, now: Date): OperationState {
  return { operation, phase: 'Running', startedAt: kubernetesTime(now) };
}

/** The Event that says who started what. */
export function startedEvent({ initiatedBy, sync }: Operation): AppEvent {
  const who =
    initiatedBy?.automated === true
      ? 'Initiated automated sync'
      : `${initiatedBy?.username ?? 'Unknown user'} initiated sync`;
  const revision = sync?.revision ?? sync?.revisions?.join(', ') ?? 'the target revision';
  return { type: 'Normal', reason: 'OperationStarted', message: `${who} to ${revision}` };
}
