/** Health of apps/DaemonSet (E04). */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { numberAt, textAt } from '../fields.js';
import { health } from '../health-result.js';

export function daemonSetHealth(live: KubernetesObject): HealthStatus {
  if ((live.metadata.generation ?? 0) > (numberAt(live, 'status', 'observedGeneration') ?? 0)) {
    return health(
      'Progressing',
      'Waiting for rollout to finish: observed daemon set generation less than desired generation',
    );
  }
  const wanted = numberAt(live, 'status', 'desiredNumberScheduled') ?? 0;
  const updated = numberAt(live, 'status', 'updatedNumberScheduled') ?? 0;
  const available = numberAt(live, 'status', 'numberAvailable') ?? 0;
  if (textAt(live, 'spec', 'updateStrategy', 'type') === 'OnDelete') {
    return health('Healthy', `daemon set ${updated} out of ${wanted} new pods have been updated`);
  }
  const rollout = `Waiting for daemon set "${live.metadata.name ?? ''}" rollout to finish:`;
  if (updated < wanted) {
    return health('Progressing', `${rollout} ${updated} out of ${wanted} new pods have been updated...`);
  }
  if (available < wanted) {
    return health('Progressing', `${rollout} ${available} of ${wanted} updated pods are available...`);
  }
  return health('Healthy');
}
