/** Health of autoscaling/HorizontalPodAutoscaler (E04): v1 keeps its conditions in an annotation. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import { asCondition, type Condition, conditionsOf, isFields } from '../fields.js';
import { health } from '../health-result.js';

const CONDITIONS_ANNOTATION = 'autoscaling.alpha.kubernetes.io/conditions';
const DEGRADED: ReadonlySet<string> = new Set([
  'AbleToScale/FailedGetScale',
  'AbleToScale/FailedUpdateScale',
  'ScalingActive/FailedGetResourceMetric',
  'ScalingActive/InvalidSelector',
]);

export function horizontalPodAutoscalerHealth(live: KubernetesObject): HealthStatus {
  const conditions = live.apiVersion === 'autoscaling/v1' ? annotatedConditions(live) : conditionsOf(live);
  if (conditions === undefined) return health('Unknown', `failed to parse the annotation ${CONDITIONS_ANNOTATION}`);
  for (const condition of conditions) {
    if (DEGRADED.has(`${condition.type}/${condition.reason}`)) return health('Degraded', condition.message);
    const able = condition.type === 'AbleToScale' || condition.type === 'ScalingLimited';
    if (able && condition.status === 'True') return health('Healthy', condition.message);
  }
  return health('Progressing', 'Waiting to Autoscale');
}

function annotatedConditions(live: KubernetesObject): readonly Condition[] | undefined {
  const text = live.metadata.annotations?.[CONDITIONS_ANNOTATION];
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isFields).map(asCondition) : undefined;
  } catch {
    return undefined;
  }
}
