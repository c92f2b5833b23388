/** Health of batch/CronJob and policy/PodDisruptionBudget: what their status can tell, in Argo CD's words (E08). */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { conditionsOf, isFields, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';

/** Degraded only when the last execution is known to have failed: none runs, and the last success is older than the last start. */
export function cronJobHealth(live: KubernetesObject): HealthStatus {
  if (valueAt(live, 'spec', 'suspend') === true) return health('Healthy', 'CronJob is Suspended');
  const status = valueAt(live, 'status');
  if (!isFields(status)) return health('Progressing', 'Waiting for CronJob');
  const started = textAt(status, 'lastScheduleTime');
  const succeeded = textAt(status, 'lastSuccessfulTime');
  if (started === undefined) return health('Healthy', 'CronJob has not been scheduled yet');
  if (succeeded === undefined) {
    return health('Healthy', 'The CronJob never completed successfully. It may not be healthy');
  }
  const active = valueAt(status, 'active');
  if (Array.isArray(active) && active.length > 0) {
    return health('Healthy', 'The job is running. Its last execution may not have been successful');
  }
  return succeeded < started
    ? health('Degraded', 'CronJob has not completed its last execution successfully')
    : health('Healthy', 'CronJob has completed its last execution successfully');
}

/** Too few pods to disrupt one may be what was wanted. */
export function podDisruptionBudgetHealth(live: KubernetesObject): HealthStatus {
  const conditions = conditionsOf(live);
  const failed = conditions.find(({ status, reason }) => status === 'False' && reason !== 'InsufficientPods');
  const shown = failed ?? conditions.at(-1);
  if (shown === undefined) return health('Progressing', 'Waiting for status');
  return health(failed === undefined ? 'Healthy' : 'Degraded', `PodDisruptionBudget has ${shown.reason}`);
}
