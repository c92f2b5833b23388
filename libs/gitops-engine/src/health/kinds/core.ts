/** Health of PersistentVolumeClaim, Service and Ingress (E04): one phase or one list decides. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { listAt, textAt } from '../fields.js';
import { health } from '../health-result.js';

export function persistentVolumeClaimHealth(live: KubernetesObject): HealthStatus {
  switch (textAt(live, 'status', 'phase')) {
    case 'Lost':
      return health('Degraded');
    case 'Pending':
      return health('Progressing');
    case 'Bound':
      return health('Healthy');
    default:
      return health('Unknown');
  }
}

export function serviceHealth(live: KubernetesObject): HealthStatus {
  if (textAt(live, 'spec', 'type') !== 'LoadBalancer') return health('Healthy');
  return ingressHealth(live);
}

export function ingressHealth(live: KubernetesObject): HealthStatus {
  return health(listAt(live, 'status', 'loadBalancer', 'ingress').length > 0 ? 'Healthy' : 'Progressing');
}
