/** Kinds that say all of it in one condition or one field. */
import type { HealthCheck } from '../assess-health.js';
import { textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { byConditions, byPhase, codes, firstOf } from './patterns.js';
import type { CheckEntry, GroupCheck } from './types.js';

const ready = byConditions({ ready: ['Ready'] });

/** https://lifecycle.keptn.sh/docs/reference/api-reference/ */
const keptn = byPhase({
  phase: ['status', 'status'],
  codes: codes({ Healthy: ['Succeeded'], Progressing: ['Progressing', 'Pending'], Degraded: ['Failed', 'Deprecated'] }),
});

/** https://docs.altinity.com/altinitykubernetesoperator/ */
const clickhouse = byPhase({
  phase: ['status', 'status'],
  codes: codes({ Healthy: ['Completed'], Progressing: ['InProgress', 'Terminating'], Degraded: ['Failed', 'Aborted'] }),
});

/** https://library.humio.com/humio-operator/ */
const humio = byPhase({
  phase: ['status', 'state'],
  codes: codes({
    Healthy: ['Exists', 'Running'],
    Progressing: ['Restarting', 'Upgrading', 'Pending'],
    Missing: ['NotFound'],
    Degraded: ['ConfigError'],
  }),
});

/** https://docs.netapp.com/us-en/trident/ (protection of applications) */
const astra = byPhase({
  phase: ['status', 'state'],
  codes: codes({
    Healthy: ['Completed', 'available', 'Available'],
    Progressing: ['Running', 'Pending'],
    Degraded: ['Failed', 'failed', 'Error'],
  }),
  other: 'Progressing',
});

/** https://github.com/minio/operator/blob/master/docs/tenant_crd.adoc */
const MINIO_BROKEN = /not controlled by operator|already exists|not set properly|Different versions|Not Allowed/;
const minioTenant: HealthCheck = (live) => {
  const state = textAt(live, 'status', 'currentState');
  if (state === undefined) return health('Progressing', 'Waiting for status.currentState');
  if (state === 'Initialized') return health('Healthy', state);
  return health(MINIO_BROKEN.test(state) ? 'Degraded' : 'Progressing', state);
};

/** https://docs.victoriametrics.com/operator/resources/#status : `ignored` is not picked by any parent, which may be meant */
const victoriaMetrics = byPhase({
  phase: ['status', 'updateStatus'],
  message: ['status', 'reason'],
  codes: codes({
    Healthy: ['operational', 'ignored'],
    Progressing: ['expanding'],
    Suspended: ['paused'],
    Degraded: ['failed'],
  }),
});

/** https://cloud.google.com/config-connector/docs/reference/ (the operator's own kinds) */
const configConnectorOperator: HealthCheck = (live) => {
  const healthy = valueAt(live, 'status', 'healthy');
  if (healthy === undefined) return health('Progressing', 'Waiting for status.healthy');
  return healthy === true ? health('Healthy') : health('Degraded', `${live.kind} is not healthy`);
};

/** https://kserve.github.io/website/docs/reference/crd-api : a model that cannot be loaded is not tried again by itself */
const inferenceService = firstOf(
  (live) => {
    const transition = textAt(live, 'status', 'modelStatus', 'transitionStatus') ?? '';
    const isBlocked = transition === 'BlockedByFailedLoad' || transition === 'InvalidSpec';
    const reason = textAt(live, 'status', 'modelStatus', 'lastFailureInfo', 'message') ?? transition;
    return isBlocked ? health('Degraded', reason) : undefined;
  },
  byConditions({ whenTrue: { Stopped: 'Suspended' }, ready: ['Ready'], whenFalse: 'Progressing' }),
);

export const SIMPLE_CHECKS: readonly CheckEntry[] = [
  ['minio.min.io/Tenant', minioTenant],
  ['serving.kserve.io/InferenceService', inferenceService],
  // https://karpenter.sh/docs/concepts/nodeclasses/
  ['karpenter.k8s.aws/EC2NodeClass', ready],
  // https://developer.1password.com/docs/k8s/operator/
  ['onepassword.com/OnePasswordItem', ready],
  // https://camel.apache.org/camel-k/
  ['camel.apache.org/Integration', ready],
  // https://projectcontour.io/docs/main/config/api/
  ['projectcontour.io/ExtensionService', byConditions({ ready: ['Valid'] })],
  // https://docs.datadoghq.com/containers/guide/cluster_agent_autoscaling_metrics/
  ['datadoghq.com/DatadogMetric', byConditions({ ready: ['Valid'] })],
  // https://cluster-api.sigs.k8s.io/tasks/cluster-resource-set
  ['addons.cluster.x-k8s.io/ClusterResourceSet', byConditions({ ready: ['ResourcesApplied'] })],
  // https://kro.run/docs/concepts/resource-group-definitions
  ['kro.run/ResourceGraphDefinition', byConditions({ ready: ['Ready'] })],
  // https://istio.io/v1.23/docs/setup/install/operator/
  [
    'install.istio.io/IstioOperator',
    byPhase({
      phase: ['status', 'status'],
      codes: codes({
        Healthy: ['HEALTHY'],
        Progressing: ['UPDATING', 'RECONCILING', 'NONE'],
        Degraded: ['ERROR', 'ACTION_REQUIRED'],
      }),
    }),
  ],
  // https://docs.netapp.com/us-en/trident/trident-get-started/kubernetes-deploy-operator.html
  [
    'trident.netapp.io/TridentOrchestrator',
    byPhase({
      phase: ['status', 'status'],
      message: ['status', 'message'],
      codes: codes({
        Healthy: ['Installed'],
        Progressing: ['Installing', 'Updating', 'Uninstalling'],
        Degraded: ['Error', 'Failed'],
      }),
    }),
  ],
  ['clickhouse.altinity.com/ClickHouseInstallation', clickhouse],
  ['clickhouse-keeper.altinity.com/ClickHouseKeeperInstallation', clickhouse],
  // https://openkruise.io/docs/user-manuals/broadcastjob
  [
    'apps.kruise.io/BroadcastJob',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({ Healthy: ['completed'], Progressing: ['running'], Suspended: ['paused'], Degraded: ['failed'] }),
    }),
  ],
  ['k8s.mariadb.com/Backup', byConditions({ ready: ['Complete'] })],
  ['k8s.mariadb.com/Restore', byConditions({ ready: ['Complete'] })],
  // https://github.com/SAP/sap-btp-service-operator
  ['services.cloud.sap.com/ServiceInstance', byConditions({ ready: ['Succeeded'] })],
  ['services.cloud.sap.com/ServiceBinding', byConditions({ ready: ['Succeeded'] })],
  ['astra.netapp.io/Application', ready],
];

export const SIMPLE_GROUPS: readonly GroupCheck[] = [
  // https://projectcapsule.dev/docs/
  ['capsule.clastix.io', ready],
  ['addons.projectcapsule.dev', ready],
  // https://gitops-promoter.readthedocs.io/en/latest/crd-specs/
  ['promoter.argoproj.io', ready],
  ['operator.victoriametrics.com', victoriaMetrics],
  ['core.cnrm.cloud.google.com', configConnectorOperator],
  ['lifecycle.keptn.sh', keptn],
  ['core.humio.com', humio],
  ['astra.netapp.io', astra],
  // https://coralogix.com/docs/external/coralogix-operator/
  ['coralogix.com', byConditions({ ready: ['RemoteSynced'] })],
];
