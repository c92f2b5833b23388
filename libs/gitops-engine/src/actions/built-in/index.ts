/** Which built-in actions a kind has (E15). */
import { type GroupKind, type GroupKindString, groupKindString } from '@tiphys/model';
import type { BuiltInAction } from '../types.js';
import * as argo from './argo.js';
import * as operators from './operators.js';
import * as workloads from './workloads.js';

const FLUX_KINDS: readonly GroupKindString[] = [
  'helm.toolkit.fluxcd.io/HelmRelease',
  'image.toolkit.fluxcd.io/ImageRepository',
  'image.toolkit.fluxcd.io/ImageUpdateAutomation',
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'notification.toolkit.fluxcd.io/Receiver',
  'source.toolkit.fluxcd.io/Bucket',
  'source.toolkit.fluxcd.io/GitRepository',
  'source.toolkit.fluxcd.io/HelmChart',
  'source.toolkit.fluxcd.io/HelmRepository',
  'source.toolkit.fluxcd.io/OCIRepository',
];

const ACTIONS: ReadonlyMap<GroupKindString, readonly BuiltInAction[]> = new Map<
  GroupKindString,
  readonly BuiltInAction[]
>([
  ['apps/Deployment', workloads.DEPLOYMENT_ACTIONS],
  ['apps/StatefulSet', workloads.STATEFUL_SET_ACTIONS],
  ['apps/DaemonSet', workloads.DAEMON_SET_ACTIONS],
  ['batch/CronJob', workloads.CRON_JOB_ACTIONS],
  ['batch/Job', workloads.JOB_ACTIONS],
  ['argoproj.io/Application', argo.APPLICATION_ACTIONS],
  ['argoproj.io/Rollout', argo.ROLLOUT_ACTIONS],
  ['argoproj.io/AnalysisRun', argo.ANALYSIS_RUN_ACTIONS],
  ['argoproj.io/Workflow', argo.WORKFLOW_ACTIONS],
  ['argoproj.io/WorkflowTemplate', argo.WORKFLOW_TEMPLATE_ACTIONS],
  ['argoproj.io/CronWorkflow', argo.CRON_WORKFLOW_ACTIONS],
  ...FLUX_KINDS.map((kind) => [kind, operators.FLUX_ACTIONS] as const),
  ['notification.toolkit.fluxcd.io/Alert', operators.FLUX_PASSIVE_ACTIONS],
  ['notification.toolkit.fluxcd.io/Provider', operators.FLUX_PASSIVE_ACTIONS],
  ['external-secrets.io/ExternalSecret', operators.EXTERNAL_SECRET_ACTIONS],
  ['external-secrets.io/PushSecret', operators.PUSH_SECRET_ACTIONS],
  ['keda.sh/ScaledJob', operators.SCALED_JOB_ACTIONS],
  ['keda.sh/ScaledObject', operators.SCALED_OBJECT_ACTIONS],
  ['postgresql.cnpg.io/Cluster', operators.CNPG_CLUSTER_ACTIONS],
  ['core.strimzi.io/StrimziPodSet', operators.STRIMZI_POD_SET_ACTIONS],
  ['k8s.mariadb.com/MariaDB', operators.MARIADB_ACTIONS],
  ['numaflow.numaproj.io/Pipeline', operators.NUMAFLOW_PIPELINE_ACTIONS],
  ['numaflow.numaproj.io/MonoVertex', operators.NUMAFLOW_VERTEX_ACTIONS],
  ['numaflow.numaproj.io/InterStepBufferService', operators.NUMAFLOW_ISB_ACTIONS],
  ['numaplane.numaproj.io/ISBServiceRollout', operators.NUMAPLANE_ISB_SERVICE_ACTIONS],
  ['numaplane.numaproj.io/MonoVertexRollout', operators.NUMAPLANE_MONO_VERTEX_ACTIONS],
  ['numaplane.numaproj.io/PipelineRollout', operators.NUMAPLANE_PIPELINE_ACTIONS],
]);

export function builtInActionsOf(groupKind: GroupKind): readonly BuiltInAction[] {
  return ACTIONS.get(groupKindString(groupKind)) ?? [];
}

/** Every kind with built-in actions, for documentation. */
export function builtInActionKinds(): readonly (readonly [GroupKindString, readonly BuiltInAction[]])[] {
  return [...ACTIONS];
}
