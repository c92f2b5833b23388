/** Health of apps/Deployment (E04): the rollout, judged as `kubectl rollout status` does. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { conditionsOf, numberAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';

export function deploymentHealth(live: KubernetesObject): HealthStatus {
  if (valueAt(live, 'spec', 'paused') === true) return health('Suspended', 'Deployment is paused');
  if ((live.metadata.generation ?? 0) > (numberAt(live, 'status', 'observedGeneration') ?? 0)) {
    return health(
      'Progressing',
      'Waiting for rollout to finish: observed deployment generation less than desired generation',
    );
  }
  const progressing = conditionsOf(live).find((condition) => condition.type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    return health('Degraded', `Deployment "${live.metadata.name ?? ''}" exceeded its progress deadline`);
  }
  const waiting = rollout(live);
  return waiting === undefined
    ? health('Healthy')
    : health('Progressing', `Waiting for rollout to finish: ${waiting}...`);
}

function rollout(live: KubernetesObject): string | undefined {
  const wanted = numberAt(live, 'spec', 'replicas');
  const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
  const total = numberAt(live, 'status', 'replicas') ?? 0;
  const available = numberAt(live, 'status', 'availableReplicas') ?? 0;
  if (wanted !== undefined && updated < wanted) {
    return `${updated} out of ${wanted} new replicas have been updated`;
  }
  if (total > updated) return `${total - updated} old replicas are pending termination`;
  if (available < updated) return `${available} of ${updated} updated replicas are available`;
  return undefined;
}
