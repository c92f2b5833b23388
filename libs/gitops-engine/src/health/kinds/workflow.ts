/** Health of argoproj.io/Workflow (E04), whatever its version. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { textAt } from '../fields.js';
import { health } from '../health-result.js';

export function workflowHealth(live: KubernetesObject): HealthStatus {
  const message = textAt(live, 'status', 'message') ?? '';
  switch (textAt(live, 'status', 'phase') ?? '') {
    case '':
    case 'Pending':
    case 'Running':
      return health('Progressing', message);
    case 'Succeeded':
      return health('Healthy', message);
    case 'Failed':
    case 'Error':
      return health('Degraded', message);
    default:
      return health('Unknown', message);
  }
}
