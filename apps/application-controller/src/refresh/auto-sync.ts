/** The auto-sync decision as a part of the one write that ends a refresh: an operation, annotations, conditions. */
import {
  type ComparisonResult,
  type DeleteLimits,
  decideAutoSync,
  mergePatch,
  type WindowDecision,
} from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ApplicationCondition,
  type JsonObject,
  type Operation,
} from '@tiphys/model';
import type { ControllerSettings } from '../ports.js';

export interface NextAutoSync {
  readonly conditions: readonly Pick<ApplicationCondition, 'type' | 'message'>[];
  /** `operation` and annotations to write together with the status. */
  readonly patch: JsonObject | undefined;
  /** The operation that begins with this write. */
  readonly operation: Operation | undefined;
  readonly starts: 'new revision' | 'self-heal' | undefined;
  readonly retryAfterMs: number | undefined;
}

export interface Compared {
  readonly result: ComparisonResult;
  readonly revisions: readonly string[];
}

export interface AutoSyncContext {
  readonly settings: ControllerSettings;
  readonly window: WindowDecision;
  readonly pruneLimits: DeleteLimits;
  readonly now: Date;
}

export function nextAutoSync(
  app: Application,
  { result, revisions }: Compared,
  context: AutoSyncContext,
): NextAutoSync {
  const { settings, now, window, pruneLimits } = context;
  const decision = decideAutoSync({
    app,
    comparison: result,
    revisions,
    now,
    selfHealBackoff: settings.selfHealBackoff,
    window,
    pruneLimits,
  });
  const nothing: NextAutoSync = {
    conditions: [],
    patch: undefined,
    operation: undefined,
    starts: undefined,
    retryAfterMs: undefined,
  };
  switch (decision.kind) {
    case 'skip':
      return { ...nothing, conditions: [decision.condition ?? retryCondition(app)].filter((one) => one !== undefined) };
    case 'retryAfter':
      return { ...nothing, retryAfterMs: decision.ms };
    case 'start': {
      const clear = decision.clearHold ? { metadata: { annotations: { [ANNOTATIONS.rollbackHold]: null } } } : {};
      return {
        ...nothing,
        operation: decision.operation,
        starts: decision.reason,
        patch: { operation: operationPatch(app, decision.operation), ...clear },
      };
    }
  }
}

/** An automated sync that failed and waits for its next attempt: the user must not have to wait for the last one. */
function retryCondition({ operation, status }: Application): NextAutoSync['conditions'][number] | undefined {
  const { phase, finishedAt, message = '' } = status?.operationState ?? {};
  const waits = operation?.initiatedBy?.automated === true && phase === 'Running' && finishedAt !== undefined;
  return waits ? { type: 'SyncError', message } : undefined;
}

function operationPatch(app: Application, operation: Operation): JsonObject {
  return (mergePatch(app.operation ?? {}, operation) ?? {}) as JsonObject;
}
