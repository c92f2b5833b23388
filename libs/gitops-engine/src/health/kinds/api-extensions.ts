/** Health of the kinds that extend the API: APIService (E04) and CustomResourceDefinition (Established, D17). */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { type Condition, conditionsOf } from '../fields.js';
import { health } from '../health-result.js';

export function apiServiceHealth(live: KubernetesObject): HealthStatus {
  const available = conditionsOf(live).find((condition) => condition.type === 'Available');
  if (available === undefined) return health('Progressing', 'Waiting to be processed');
  const message = `${available.reason}: ${available.message}`;
  return health(available.status === 'True' ? 'Healthy' : 'Progressing', message);
}

/**
 * A new CRD is Established a moment after it is written (reason `Installing`); Argo CD calls that moment Degraded, which
 * fails a sync in waves for nothing, so it is Progressing here. Names that clash stay Degraded.
 */
export function customResourceDefinitionHealth(live: KubernetesObject): HealthStatus {
  const conditions = conditionsOf(live);
  if (conditions.length === 0) return health('Progressing', 'Status conditions not found');
  const named = (type: string) => conditions.find((condition) => condition.type === type);
  const terminating = named('Terminating');
  if (terminating?.status === 'True') return health('Progressing', `CRD is being terminated: ${terminating.message}`);
  const names = named('NamesAccepted');
  if (names?.status === 'False') return health('Degraded', `CRD names have not been accepted: ${names.message}`);
  const established = named('Established');
  if (established?.status !== 'True') return notEstablished(established);
  const schema = named('NonStructuralSchema');
  if (schema?.status === 'True') return health('Degraded', `Schema violations found: ${schema.message}`);
  return health('Healthy', 'CRD is healthy');
}

function notEstablished(established: Condition | undefined): HealthStatus {
  const code = established === undefined || established.reason === 'Installing' ? 'Progressing' : 'Degraded';
  return health(code, `CRD is not established: ${established?.message ?? ''}`);
}
