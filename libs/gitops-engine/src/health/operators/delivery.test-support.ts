/** Cases of `delivery.ts`: what a controller writes, and what it means. */
import { type Cases, c, conditions, no, phase, ready, state } from './cases.test-support.js';

export const DELIVERY_CASES: Cases = {
  'argoproj.io/Rollout': [
    [{ status: { phase: 'Healthy' } }, 'Healthy'],
    [
      { status: { phase: 'Progressing', message: 'more replicas need to be updated' } },
      'Progressing',
      'more replicas need to be updated',
    ],
    [
      { status: { phase: 'Paused', message: 'CanaryPauseStep', pauseConditions: [{}] } },
      'Suspended',
      'Rollout is paused',
    ],
    [{ spec: { paused: true }, status: { phase: 'Healthy' } }, 'Suspended'],
    [{ status: { phase: 'Degraded', message: 'RolloutAborted' } }, 'Degraded', 'RolloutAborted'],
    [{ metadata: { generation: 2 }, status: { phase: 'Healthy', observedGeneration: '1' } }, 'Progressing'],
    [conditions(c('InvalidSpec', 'True', 'InvalidSpec', 'no template')), 'Degraded', 'no template'],
    [conditions(no('Progressing', 'ProgressDeadlineExceeded', 'too late')), 'Degraded', 'too late'],
  ],
  'argoproj.io/Rollout ': [
    [
      {
        metadata: { annotations: { 'rollout.argoproj.io/workload-generation': '3' } },
        status: { phase: 'Healthy', workloadObservedGeneration: '2' },
      },
      'Progressing',
    ],
    [
      {
        spec: { replicas: 2 },
        status: { updatedReplicas: 2, availableReplicas: 2, currentPodHash: 'a', stableRS: 'a' },
      },
      'Healthy',
    ],
    [{ spec: { replicas: 2 }, status: { updatedReplicas: 1 } }, 'Progressing'],
    [{ spec: { replicas: 2 }, status: { updatedReplicas: 2, availableReplicas: 1 } }, 'Progressing'],
    [
      {
        spec: { replicas: 2 },
        status: { updatedReplicas: 2, availableReplicas: 2, currentPodHash: 'a', stableRS: 'b' },
      },
      'Progressing',
    ],
  ],
  'argoproj.io/AnalysisRun': [
    [phase('Running'), 'Progressing'],
    [phase('Successful'), 'Healthy'],
    [{ status: { phase: 'Failed', message: 'metric assessed Failed' } }, 'Degraded', 'metric assessed Failed'],
    [phase('Inconclusive'), 'Unknown'],
  ],
  'argoproj.io/Experiment': [
    [phase('Pending'), 'Progressing'],
    [phase('Successful'), 'Healthy'],
  ],
  'argoproj.io/CronWorkflow': [
    [{}, 'Healthy'],
    [conditions(c('SpecError', 'True', '', 'bad cron')), 'Degraded', 'bad cron'],
    [{ spec: { suspend: true } }, 'Suspended'],
  ],
  'argoproj.io/ApplicationSet': [
    [conditions(no('ErrorOccurred'), c('ResourcesUpToDate')), 'Healthy'],
    [conditions(c('ErrorOccurred', 'True', '', 'no generator')), 'Degraded', 'no generator'],
    [conditions(c('RolloutProgressing'), c('ResourcesUpToDate')), 'Progressing'],
    [{}, 'Progressing'],
  ],
  'argoproj.io/ArgoCD': [
    [phase('Available'), 'Healthy'],
    [phase('Pending'), 'Progressing'],
    [phase('Failed'), 'Degraded'],
  ],
  'argoproj.io/EventSource': [
    [conditions(c('Deployed'), c('SourcesProvided')), 'Healthy'],
    [conditions(c('Deployed'), no('SourcesProvided', '', 'no port')), 'Degraded', 'no port'],
    [{}, 'Progressing'],
  ],
  'argoproj.io/Sensor': [[conditions(c('DependenciesProvided'), c('Deployed'), c('TriggersProvided')), 'Healthy']],
  'argoproj.io/EventBus': [[conditions(c('Configured'), c('Deployed', 'Unknown')), 'Progressing']],
  'kustomize.toolkit.fluxcd.io/Kustomization': [
    ...ready,
    [{ spec: { suspend: true }, ...conditions(c('Ready')) }, 'Suspended'],
    [conditions(no('Ready', 'DependencyNotReady')), 'Progressing'],
    [conditions(no('Ready', 'BuildFailed'), c('Reconciling', 'True', 'ProgressingWithRetry')), 'Degraded'],
    [
      conditions(no('Ready', 'BuildFailed'), c('Stalled', 'True', 'InvalidPath', 'no such path')),
      'Degraded',
      'no such path',
    ],
    [{ metadata: { generation: 3 }, status: { observedGeneration: 2, conditions: [c('Ready')] } }, 'Progressing'],
  ],
  'source.toolkit.fluxcd.io/GitRepository': [
    [conditions(c('Ready'), c('Reconciling', 'True', 'NewGeneration', 'on its way')), 'Progressing', 'on its way'],
    ...ready,
  ],
  'source.toolkit.fluxcd.io/HelmRepository': [[{ spec: { type: 'oci' } }, 'Healthy'], ...ready],
  'helm.toolkit.fluxcd.io/HelmRelease': [[conditions(no('Ready', 'InstallFailed', 'x')), 'Degraded', 'x'], ...ready],
  'image.toolkit.fluxcd.io/ImagePolicy': ready,
  'notification.toolkit.fluxcd.io/Alert': [
    [{}, 'Healthy'],
    [{ spec: { suspend: true } }, 'Suspended'],
    [conditions(no('Ready')), 'Degraded'],
  ],
  'tekton.dev/PipelineRun': [
    [conditions(c('Succeeded', 'True', 'Completed')), 'Healthy'],
    [conditions(c('Succeeded', 'Unknown', 'Running')), 'Progressing', 'Running'],
    [conditions(no('Succeeded', 'Failed', 'tests failed')), 'Degraded', 'tests failed'],
    [{ spec: { status: 'PipelineRunPending' } }, 'Suspended'],
  ],
  'operator.tekton.dev/TektonConfig': [
    [conditions(c('Ready')), 'Healthy'],
    [conditions(no('Ready', 'Installing')), 'Progressing'],
    [conditions(no('Ready', 'Error', 'x')), 'Degraded'],
  ],
  'operators.coreos.com/ClusterServiceVersion': [
    [phase('Succeeded'), 'Healthy'],
    [{ status: { phase: 'Failed', message: 'timeout' } }, 'Degraded', 'timeout'],
    [phase('Installing'), 'Progressing'],
  ],
  'operators.coreos.com/InstallPlan': [
    [phase('Complete'), 'Healthy'],
    [phase('RequiresApproval'), 'Suspended'],
    [phase('Failed'), 'Degraded'],
  ],
  'operators.coreos.com/Subscription': [
    [state('AtLatestKnown'), 'Healthy'],
    [state('UpgradePending'), 'Progressing'],
    [conditions(c('ResolutionFailed', 'True', '', 'conflict')), 'Degraded', 'conflict'],
    [conditions(c('InstallPlanPending', 'True', 'RequiresApproval')), 'Suspended'],
    [
      { status: { installedCSV: 'a.v1', conditions: [c('InstallPlanPending', 'True', 'RequiresApproval')] } },
      'Healthy',
    ],
    [{ status: { state: 'AtLatestKnown', conditions: [c('InstallPlanMissing')] } }, 'Healthy'],
    [conditions(c('InstallPlanMissing', 'True', 'ReferencedInstallPlanNotFound')), 'Progressing'],
    [conditions(c('InstallPlanPending', 'True', 'Installing')), 'Progressing'],
  ],
  'operators.coreos.com/CatalogSource': [
    [{ status: { connectionState: { lastObservedState: 'READY' } } }, 'Healthy'],
    [{ status: { connectionState: { lastObservedState: 'TRANSIENT_FAILURE' } } }, 'Degraded'],
  ],
  'pkg.crossplane.io/Provider': [
    [conditions(c('Installed'), c('Healthy')), 'Healthy'],
    [conditions(c('Installed')), 'Progressing'],
    [conditions(no('Installed', 'UnpackingPackage')), 'Progressing'],
    [conditions(no('Installed', 'UnpackingPackage', 'cannot unpack package')), 'Degraded', 'cannot unpack package'],
    [conditions(no('Installed', 'UnhealthyPackage', 'no image')), 'Degraded', 'no image'],
  ],
  's3.aws.crossplane.io/Bucket': [
    [conditions(c('Synced'), c('Ready', 'True', 'Available')), 'Healthy'],
    [conditions(c('Synced'), no('Ready', 'Creating')), 'Progressing', 'Creating'],
    [conditions(c('Synced'), no('Ready', 'Unavailable')), 'Degraded'],
    [conditions(no('Synced', 'ReconcileError', 'denied')), 'Degraded', 'denied'],
    [{}, 'Progressing'],
  ],
  'aws.upbound.io/ProviderConfig': [[{}, 'Healthy']],
  'apiextensions.crossplane.io/Composition': [[{}, 'Healthy']],
  'apiextensions.crossplane.io/CompositeResourceDefinition': [[conditions(c('Established'), c('Offered')), 'Healthy']],
};
