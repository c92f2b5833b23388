/** Health of apps/ReplicaSet (E04). */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { conditionsOf, numberAt } from '../fields.js';
import { health } from '../health-result.js';

export function replicaSetHealth(live: KubernetesObject): HealthStatus {
  if ((live.metadata.generation ?? 0) > (numberAt(live, 'status', 'observedGeneration') ?? 0)) {
    return health(
      'Progressing',
      'Waiting for rollout to finish: observed replica set generation less than desired generation',
    );
  }
  const failure = conditionsOf(live).find((condition) => condition.type === 'ReplicaFailure');
  if (failure?.status === 'True') return health('Degraded', failure.message);
  const wanted = numberAt(live, 'spec', 'replicas');
  const available = numberAt(live, 'status', 'availableReplicas') ?? 0;
  if (wanted !== undefined && available < wanted) {
    return health(
      'Progressing',
      `Waiting for rollout to finish: ${available} out of ${wanted} new replicas are available...`,
    );
  }
  return health('Healthy');
}
