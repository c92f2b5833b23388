/**
 * Health of every kind without a check of its own, by the conventions of kstatus: observedGeneration, Reconciling,
 * Stalled, Ready. A kind that follows none of them has no health, as in Argo CD.
 */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { type Condition, conditionsOf, numberAt } from '../fields.js';
import { health } from '../health-result.js';

/** `undefined`: the object says nothing about itself. */
export function conventionalHealth(live: KubernetesObject): HealthStatus | undefined {
  const conditions = conditionsOf(live);
  const named = (type: string) => conditions.find((condition) => condition.type === type);
  const ready = named('Ready');
  const stalled = named('Stalled');
  const reconciling = named('Reconciling');
  const follows = ready !== undefined || stalled !== undefined || reconciling !== undefined;
  if (follows && isOutdated(live)) return health('Progressing', 'Waiting for the newest generation to be observed');
  if (stalled?.status === 'True') return health('Degraded', why(stalled));
  if (reconciling?.status === 'True') return health('Progressing', why(reconciling));
  if (ready !== undefined) return readyHealth(ready);
  return follows ? health('Healthy') : undefined;
}

function isOutdated(live: KubernetesObject): boolean {
  const observed = numberAt(live, 'status', 'observedGeneration');
  return observed !== undefined && observed < (live.metadata.generation ?? 0);
}

/** kstatus: an object that is not Ready is still on its way unless it says Stalled. */
function readyHealth(ready: Condition): HealthStatus {
  return ready.status === 'True' ? health('Healthy', ready.message) : health('Progressing', why(ready));
}

function why({ reason, message }: Condition): string {
  return [reason, message].filter((part) => part !== '').join(': ');
}
