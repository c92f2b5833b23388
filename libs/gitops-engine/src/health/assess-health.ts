/** Health of one live object (E01-E11): configured checks first, then the built-in ones, then the common conventions. */
import {
  FINALIZERS,
  type GroupKindString,
  groupKindString,
  groupVersionKindOf,
  type HealthStatus,
  type KubernetesObject,
} from '@tiphys/model';
import { health } from './health-result.js';
import { apiServiceHealth, customResourceDefinitionHealth } from './kinds/api-extensions.js';
import { applicationHealth } from './kinds/application.js';
import { conventionalHealth } from './kinds/conventional.js';
import { ingressHealth, persistentVolumeClaimHealth, serviceHealth } from './kinds/core.js';
import { cronJobHealth, podDisruptionBudgetHealth } from './kinds/cron-job.js';
import { daemonSetHealth } from './kinds/daemon-set.js';
import { deploymentHealth } from './kinds/deployment.js';
import { horizontalPodAutoscalerHealth } from './kinds/horizontal-pod-autoscaler.js';
import { jobHealth } from './kinds/job.js';
import { podHealth } from './kinds/pod.js';
import { replicaSetHealth } from './kinds/replica-set.js';
import { statefulSetHealth } from './kinds/stateful-set.js';
import { workflowHealth } from './kinds/workflow.js';
import { operatorCheckFor } from './operators/index.js';

export type HealthCheck = (live: KubernetesObject) => HealthStatus | undefined;

/**
 * Configured checks (E05, E07), asked first: `undefined` leaves the object to the built-in checks, `none` says that it has no
 * health.
 */
export type HealthOverrides = (live: KubernetesObject) => HealthStatus | 'none' | undefined;

const none: HealthCheck = () => undefined;

const CHECKS: ReadonlyMap<GroupKindString, HealthCheck> = new Map<GroupKindString, HealthCheck>([
  ['apps/Deployment', deploymentHealth],
  ['apps/ReplicaSet', replicaSetHealth],
  ['apps/StatefulSet', statefulSetHealth],
  ['apps/DaemonSet', daemonSetHealth],
  ['/Pod', podHealth],
  ['/PersistentVolumeClaim', persistentVolumeClaimHealth],
  ['/Service', serviceHealth],
  ['networking.k8s.io/Ingress', ingressHealth],
  ['extensions/Ingress', ingressHealth],
  ['batch/Job', jobHealth],
  ['batch/CronJob', cronJobHealth],
  ['policy/PodDisruptionBudget', podDisruptionBudgetHealth],
  ['autoscaling/HorizontalPodAutoscaler', horizontalPodAutoscalerHealth],
  ['apiregistration.k8s.io/APIService', apiServiceHealth],
  ['apiextensions.k8s.io/CustomResourceDefinition', customResourceDefinitionHealth],
  ['argoproj.io/Workflow', workflowHealth],
  ['argoproj.io/Application', applicationHealth],
  // Its Ready condition is the kubelet's; a node is never an application's resource to wait for.
  ['/Node', none],
]);

/**
 * Health of a live object; `undefined` when its kind has none. An object that is being deleted is Progressing, except a
 * hook that only our own finalizer keeps. Never throws: a check that cannot read its object says Unknown.
 */
export function assessHealth(live: KubernetesObject, overrides?: HealthOverrides): HealthStatus | undefined {
  const keptHook = live.metadata.finalizers?.includes(FINALIZERS.hook) === true;
  if (live.metadata.deletionTimestamp !== undefined && !keptHook) return health('Progressing', 'Pending deletion');
  const configured = overrides?.(live);
  if (configured !== undefined) return configured === 'none' ? undefined : configured;
  const groupKind = groupVersionKindOf(live);
  const check = CHECKS.get(groupKindString(groupKind)) ?? operatorCheckFor(groupKind) ?? conventionalHealth;
  return check(live);
}
