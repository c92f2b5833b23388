/** Kinds of delivery tools: Argo, Flux, Tekton, Crossplane, OLM. The page of the documented conditions stands above each entry. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { conditionsOf, listAt, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { byConditions, byPhase, codes, firstOf, judge, outdated, suspended, why } from './patterns.js';
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

/** A rollout of another workload (`workloadRef`) has a generation of its own. */
function outdatedWorkload(live: KubernetesObject): HealthStatus | undefined {
  const wanted = Number(live.metadata.annotations?.['rollout.argoproj.io/workload-generation'] ?? 0);
  const observed = Number(textAt(live, 'status', 'workloadObservedGeneration') ?? wanted);
  return observed < wanted ? health('Progressing', 'Waiting for rollout spec update to be observed') : undefined;
}

/** Before 1.0 a Rollout had no phase: it is done when its newest pods are the stable ones and all are there. */
function rolloutWithoutPhase(live: KubernetesObject): HealthStatus | undefined {
  if (textAt(live, 'status', 'phase') !== undefined || valueAt(live, 'status') === undefined) return undefined;
  const wanted = numberAt(live, 'spec', 'replicas') ?? 1;
  const updated = numberAt(live, 'status', 'updatedReplicas') ?? 0;
  const available = numberAt(live, 'status', 'availableReplicas') ?? 0;
  if (updated < wanted)
    return health('Progressing', 'Waiting for roll out to finish: More replicas need to be updated');
  if (available < updated)
    return health('Progressing', 'Waiting for roll out to finish: updated replicas are still becoming available');
  const current = textAt(live, 'status', 'currentPodHash') ?? '';
  const stable = [
    textAt(live, 'status', 'stableRS'),
    textAt(live, 'status', 'canary', 'stableRS'),
    textAt(live, 'status', 'blueGreen', 'activeSelector'),
  ];
  return current !== '' && stable.includes(current)
    ? health('Healthy')
    : health('Progressing', 'Waiting for roll out to finish');
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

const FLUX_REASONS = codes({ Progressing: ['Progressing', 'DependencyNotReady', 'Init', 'Reconciling'] });

/**
 * https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status: Stalled, Ready, Reconciling. What failed and is
 * tried again is Degraded, although it is Reconciling too.
 */
const fluxConditions = byConditions({
  suspendedBy: ['spec', 'suspend'],
  whenTrue: { Stalled: 'Degraded' },
  ready: ['Ready'],
  reasons: FLUX_REASONS,
});
const flux: HealthCheck = (live) => {
  const found = fluxConditions(live);
  const reconciling = conditionsOf(live).find(({ type, status }) => type === 'Reconciling' && status === 'True');
  return found?.status === 'Healthy' && reconciling !== undefined ? health('Progressing', reconciling.message) : found;
};
/** https://fluxcd.io/flux/components/source/helmrepositories/#helm-oci-repository : such a repository has no status */
const helmRepository: HealthCheck = (live) => (textAt(live, 'spec', 'type') === 'oci' ? health('Healthy') : flux(live));
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
const crossplanePackage = firstOf(
  (live) => {
    const failed = conditionsOf(live).find(
      ({ reason, message }) => reason === 'UnpackingPackage' && /^cannot/.test(message),
    );
    return failed === undefined ? undefined : health('Degraded', failed.message);
  },
  byConditions({
    ready: ['Installed', 'Healthy'],
    reasons: codes({ Progressing: ['UnpackingPackage', 'InactivePackageRevision', 'UnknownPackageRevisionHealth'] }),
  }),
);

const tektonRun = firstOf(
  (live) =>
    textAt(live, 'spec', 'status')?.endsWith('Pending') === true
      ? health('Suspended', `${live.kind} is pending until somebody starts it`)
      : undefined,
  byConditions({ ready: ['Succeeded'] }),
);

/** https://olm.operatorframework.io/docs/concepts/crds/subscription/ */
const subscription: HealthCheck = (live) => {
  const state = textAt(live, 'status', 'state');
  const named = (type: string) => conditionsOf(live).find((found) => found.type === type && found.status === 'True');
  const bad = named('CatalogSourcesUnhealthy') ?? named('InstallPlanFailed') ?? named('ResolutionFailed');
  if (bad !== undefined) return health('Degraded', why(bad));
  if (state === 'AtLatestKnown') return health('Healthy', state);
  const pending = named('InstallPlanPending') ?? named('InstallPlanMissing');
  if (pending?.reason === 'RequiresApproval') return awaitsApproval(live);
  return health('Progressing', pending === undefined ? (state ?? 'Waiting for status.state') : why(pending));
};

/** An upgrade may wait as long as it likes; a first installation is not there. */
function awaitsApproval(live: KubernetesObject): HealthStatus {
  const isInstalled = textAt(live, 'status', 'installedCSV') !== undefined;
  return health(isInstalled ? 'Healthy' : 'Suspended', 'An install plan waits for approval');
}

export const DELIVERY_CHECKS: readonly CheckEntry[] = [
  // https://argo-rollouts.readthedocs.io/en/stable/features/kubectl-plugin/ and features/specification
  [
    'argoproj.io/Rollout',
    firstOf(invalidRollout, pausedRollout, outdatedWorkload, outdated, rolloutWithoutPhase, rolloutPhase),
  ],
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
  ['source.toolkit.fluxcd.io/HelmRepository', helmRepository],
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
