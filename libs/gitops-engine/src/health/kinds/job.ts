/** Health of batch/Job (E04): finished, failed, suspended or still running. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { conditionsOf } from '../fields.js';
import { health } from '../health-result.js';

export function jobHealth(live: KubernetesObject): HealthStatus {
  const conditions = conditionsOf(live);
  const failed = conditions.findLast((condition) => condition.type === 'Failed');
  if (failed !== undefined) return health('Degraded', failed.message);
  const ended = conditions.findLast((condition) => condition.type === 'Complete' || condition.type === 'Suspended');
  if (ended === undefined) return health('Progressing');
  const suspended = conditions.some((condition) => condition.type === 'Suspended' && condition.status === 'True');
  return suspended ? health('Suspended') : health('Healthy', ended.message);
}
