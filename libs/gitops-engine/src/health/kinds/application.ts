/**
 * Health of a child Application (E09). Argo CD has none since 1.8, so that waves of Applications wait for nothing; the same here
 * unless the child asks for it with `tiphys.dev/application-health: "true"`. Then it is Healthy only when its newest spec was
 * compared, is synced, and what it deployed is healthy.
 */
import {
  ANNOTATIONS,
  type Application,
  type HealthStatus,
  type KubernetesObject,
  type OperationState,
} from '@tiphys/model';
import { isSpecCompared } from '../../refresh/decide-refresh.js';
import { isFields, valueAt } from '../fields.js';
import { health } from '../health-result.js';

export function applicationHealth(live: KubernetesObject): HealthStatus | undefined {
  if (live.metadata.annotations?.[ANNOTATIONS.applicationHealth] !== 'true') return undefined;
  if (!isFields(valueAt(live, 'spec', 'destination'))) return health('Unknown', 'the Application has no destination');
  const app = live as unknown as Application;
  const running = runningOperation(app);
  if (running !== undefined) return health('Progressing', `Sync in progress: ${running}`);
  if (!isSpecCompared(app)) return health('Progressing', 'Waiting for the Application to be compared');
  return comparedHealth(app);
}

function runningOperation({ operation, status }: Application): string | undefined {
  const { phase, message } = status?.operationState ?? {};
  const isRunning = operation !== undefined || phase === 'Running' || phase === 'Terminating';
  return isRunning ? (message ?? 'waiting to start') : undefined;
}

function comparedHealth(app: Application): HealthStatus {
  const { sync, health: found, operationState } = app.status ?? {};
  if (sync?.status === 'OutOfSync') return outOfSyncHealth(app, operationState);
  if (sync?.status !== 'Synced') return health('Unknown', problemOf(app));
  const status = found?.status ?? 'Unknown';
  return health(
    status,
    found?.message ?? (status === 'Healthy' ? '' : `The resources of the Application are ${status}`),
  );
}

/** A failed sync is Degraded; without automated sync a person has to act. */
function outOfSyncHealth(app: Application, state: OperationState | undefined): HealthStatus {
  if (state?.phase === 'Failed' || state?.phase === 'Error')
    return health('Degraded', `Sync failed: ${state.message ?? ''}`);
  const automated = app.spec.syncPolicy?.automated;
  const syncsByItself = automated != null && automated.enabled !== false;
  return syncsByItself
    ? health('Progressing', 'Waiting for the automated sync')
    : health('Suspended', 'Waiting for somebody to sync the Application');
}

function problemOf(app: Application): string {
  const problem = app.status?.conditions?.find(({ type }) => type.endsWith('Error'));
  return problem === undefined ? 'The sync status of the Application is not known' : problem.message;
}
