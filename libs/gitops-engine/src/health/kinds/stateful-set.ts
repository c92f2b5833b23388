/** Health of apps/StatefulSet (E04): rolling, partitioned and on-delete updates. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { isFields, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';

export function statefulSetHealth(live: KubernetesObject): HealthStatus {
  const observed = numberAt(live, 'status', 'observedGeneration') ?? 0;
  if (observed === 0 || (live.metadata.generation ?? 0) > observed) {
    return health('Progressing', 'Waiting for statefulset spec update to be observed...');
  }
  const wanted = numberAt(live, 'spec', 'replicas');
  const ready = numberAt(live, 'status', 'readyReplicas') ?? 0;
  if (wanted !== undefined && ready < wanted) {
    return health('Progressing', `Waiting for ${wanted - ready} pods to be ready...`);
  }
  const strategy = textAt(live, 'spec', 'updateStrategy', 'type');
  if (strategy === 'RollingUpdate' && isFields(valueAt(live, 'spec', 'updateStrategy', 'rollingUpdate'))) {
    return partitionedHealth(live, wanted);
  }
  if (strategy === 'OnDelete') return health('Healthy', `statefulset has ${ready} ready pods`);
  return revisionHealth(live);
}

function partitionedHealth(live: KubernetesObject, wanted: number | undefined): HealthStatus {
  const partition = numberAt(live, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
  if (wanted !== undefined && partition !== undefined && updated < wanted - partition) {
    const message = `${updated} out of ${wanted - partition} new pods have been updated...`;
    return health('Progressing', `Waiting for partitioned roll out to finish: ${message}`);
  }
  return health('Healthy', `partitioned roll out complete: ${updated} new pods have been updated...`);
}

function revisionHealth(live: KubernetesObject): HealthStatus {
  const current = textAt(live, 'status', 'currentRevision') ?? '';
  const update = textAt(live, 'status', 'updateRevision') ?? '';
  if (current !== update) {
    const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
    return health(
      'Progressing',
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${update}...`,
    );
  }
  const replicas = numberAt(live, 'status', 'currentReplicas') ?? 0;
  return health('Healthy', `statefulset rolling update complete ${replicas} pods at revision ${current}...`);
}
