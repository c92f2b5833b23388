/** Kinds of delivery tools: Argo, Flux, Tekton, Crossplane, OLM. The page of the documented conditions stands above each entry. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { conditionsOf, listAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { byConditions, byPhase, codes, firstOf, judge, suspended } from './patterns.js';
import type { CheckEntry, GroupCheck } from './types.js';

const ANALYSIS_PHASES = codes({
  Healthy: ['Successful'],
  Progressing: ['Pending', 'Running'],
  Degraded: ['Failed', 'Error'],
  Unknown: ['Inconclusive'],
});

/** A rollout that waits at a pause step waits for somebody. */
function pausedRollout(live: KubernetesObject): HealthStatus | undefined {
  const isPaused = listAt(live, 'status', 'pauseConditions').length > 0 || valueAt(live, 'spec', 'paused') === true;
  return isPaused && valueAt(live, 'status', 'abort') !== true ? health('Suspended', 'Rollout is paused') : undefined;
}

function invalidRollout(live: KubernetesObject): HealthStatus | undefined {
  const broken = conditionsOf(live).find(
    ({ type, status, reason }) =>
      (type === 'InvalidSpec' && status === 'True') ||
      (type === 'Progressing' && ['RolloutAborted', 'ProgressDeadlineExceeded'].includes(reason)),
  );
  return broken === undefined ? undefined : health('Degraded', broken.message);
}

const rolloutPhase = byPhase({
  phase: ['status', 'phase'],
  message: ['status', 'message'],
  codes: { Healthy: 'Healthy', Progressing: 'Progressing', Paused: 'Suspended', Degraded: 'Degraded' },
});

/** All of an event source's conditions count, whatever their names. */
const allConditions: HealthCheck = (live) => {
  const conditions = conditionsOf(live);
  return judge(conditions, { ready: [...new Set(conditions.map(({ type }) => type))] });
};

const FLUX_REASONS = codes({
  Progressing: ['Progressing', 'ProgressingWithRetry', 'DependencyNotReady', 'Init', 'Reconciling'],
});

/** https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status: Stalled, Reconciling, Ready */
const flux = byConditions({
  suspendedBy: ['spec', 'suspend'],
  whenTrue: { Stalled: 'Degraded', Reconciling: 'Progressing' },
  ready: ['Ready'],
  reasons: FLUX_REASONS,
});
/** Alert and Provider v1beta3 have no status: https://fluxcd.io/flux/components/notification/ */
const fluxPassive: HealthCheck = (live) =>
  suspended(live, ['spec', 'suspend']) ?? (conditionsOf(live).length === 0 ? health('Healthy') : flux(live));

/** https://docs.crossplane.io/latest/managed-resources/managed-resources/#conditions */
const crossplane: HealthCheck = (live) => {
  const conditions = conditionsOf(live);
  if (conditions.length === 0) {
    const isReported =
      /^(Composition|CompositionRevision|DeploymentRuntimeConfig|ControllerConfig|EnvironmentConfig|Environment|.*(ProviderConfig|ProviderConfigUsage|StoreConfig|Usage|ManagedResourceActivationPolicy))$/;
    return isReported.test(live.kind) ? health('Healthy') : health('Progressing', 'Waiting for the first conditions');
  }
  const failed = conditions.find(
    ({ type, status }) => status === 'False' && ['LastAsyncOperation', 'Synced'].includes(type),
  );
  if (failed !== undefined) return health('Degraded', failed.message || failed.reason);
  const ready = conditions.find(({ type }) => ['Ready', 'Healthy', 'Offered', 'Established'].includes(type));
  if (ready === undefined) return health('Progressing', 'Waiting for the condition Ready');
  if (ready.status === 'True') return health('Healthy');
  const isFailure = ready.status === 'False' && /^(Unavailable|Unhealthy\w*|\w*Error)$/.test(ready.reason);
  return health(isFailure ? 'Degraded' : 'Progressing', ready.message || ready.reason);
};
/** https://docs.crossplane.io/latest/packages/providers/#provider-conditions */
const crossplanePackage = byConditions({
  ready: ['Installed', 'Healthy'],
  reasons: codes({ Progressing: ['UnpackingPackage', 'InactivePackageRevision', 'UnknownPackageRevisionHealth'] }),
});

const tektonRun = firstOf(
  (live) =>
    textAt(live, 'spec', 'status')?.endsWith('Pending') === true
      ? health('Suspended', `${live.kind} is pending until somebody starts it`)
      : undefined,
  byConditions({ ready: ['Succeeded'] }),
);

/** https://olm.operatorframework.io/docs/concepts/crds/subscription/ */
const subscription: HealthCheck = (live) => {
  const bad = conditionsOf(live).find(
    ({ type, status }) =>
      status === 'True' &&
      ['CatalogSourcesUnhealthy', 'InstallPlanFailed', 'InstallPlanMissing', 'ResolutionFailed'].includes(type),
  );
  if (bad !== undefined) return health('Degraded', bad.message || bad.reason);
  const pending = conditionsOf(live).find(({ type, status }) => type === 'InstallPlanPending' && status === 'True');
  if (pending?.reason === 'RequiresApproval') return health('Suspended', 'An install plan waits for approval');
  if (pending !== undefined) return health('Progressing', pending.message || pending.reason);
  const state = textAt(live, 'status', 'state');
  if (state === 'AtLatestKnown') return health('Healthy', state);
  return health('Progressing', state ?? 'Waiting for status.state');
};

export const DELIVERY_CHECKS: readonly CheckEntry[] = [
  // https://argo-rollouts.readthedocs.io/en/stable/features/kubectl-plugin/ and features/specification
  ['argoproj.io/Rollout', firstOf(invalidRollout, pausedRollout, rolloutPhase)],
  // https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
  [
    'argoproj.io/AnalysisRun',
    byPhase({ phase: ['status', 'phase'], message: ['status', 'message'], codes: ANALYSIS_PHASES }),
  ],
  [
    'argoproj.io/Experiment',
    byPhase({ phase: ['status', 'phase'], message: ['status', 'message'], codes: ANALYSIS_PHASES }),
  ],
  // https://argo-workflows.readthedocs.io/en/latest/fields/#cronworkflowstatus
  [
    'argoproj.io/CronWorkflow',
    byConditions({
      suspendedBy: ['spec', 'suspend'],
      whenTrue: { SubmissionError: 'Degraded', SpecError: 'Degraded' },
      ready: [],
      absent: 'Healthy',
    }),
  ],
  // https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/
  [
    'argoproj.io/ApplicationSet',
    byConditions({
      whenTrue: { ErrorOccurred: 'Degraded', RolloutProgressing: 'Progressing' },
      ready: ['ResourcesUpToDate'],
    }),
  ],
  // https://argocd-operator.readthedocs.io/en/latest/reference/argocd/
  [
    'argoproj.io/ArgoCD',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({ Healthy: ['Available'], Progressing: ['Pending'], Degraded: ['Failed', 'Unknown'] }),
    }),
  ],
  // https://argoproj.github.io/argo-events/concepts/architecture/
  ['argoproj.io/EventSource', allConditions],
  ['argoproj.io/Sensor', allConditions],
  ['argoproj.io/EventBus', allConditions],
  ['notification.toolkit.fluxcd.io/Alert', fluxPassive],
  ['notification.toolkit.fluxcd.io/Provider', fluxPassive],
  // https://tekton.dev/docs/pipelines/pipelineruns/#monitoring-execution-status
  ['tekton.dev/PipelineRun', tektonRun],
  ['tekton.dev/TaskRun', tektonRun],
  ['tekton.dev/CustomRun', tektonRun],
  // https://olm.operatorframework.io/docs/concepts/crds/clusterserviceversion/
  [
    'operators.coreos.com/ClusterServiceVersion',
    byPhase({
      phase: ['status', 'phase'],
      message: ['status', 'message'],
      codes: codes({
        Healthy: ['Succeeded'],
        Progressing: ['Pending', 'InstallReady', 'Installing', 'Replacing', 'Deleting'],
        Degraded: ['Failed', 'Unknown'],
      }),
    }),
  ],
  // https://olm.operatorframework.io/docs/concepts/crds/installplan/
  [
    'operators.coreos.com/InstallPlan',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({
        Healthy: ['Complete'],
        Progressing: ['Planning', 'Installing'],
        Suspended: ['RequiresApproval'],
        Degraded: ['Failed'],
      }),
    }),
  ],
  ['operators.coreos.com/Subscription', subscription],
  // https://olm.operatorframework.io/docs/concepts/crds/catalogsource/
  [
    'operators.coreos.com/CatalogSource',
    byPhase({
      phase: ['status', 'connectionState', 'lastObservedState'],
      codes: codes({
        Healthy: ['READY'],
        Progressing: ['CONNECTING', 'IDLE'],
        Degraded: ['TRANSIENT_FAILURE', 'SHUTDOWN'],
      }),
    }),
  ],
];

export const DELIVERY_GROUPS: readonly GroupCheck[] = [
  ['.toolkit.fluxcd.io', flux],
  ['pkg.crossplane.io', crossplanePackage],
  ['.crossplane.io', crossplane],
  ['.upbound.io', crossplane],
  // https://tekton.dev/docs/operator/
  ['operator.tekton.dev', byConditions({ ready: ['Ready'], whenFalse: 'Progressing', reasons: { Error: 'Degraded' } })],
];
