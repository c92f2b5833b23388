/** Kinds of networking, autoscaling, observability, machines and clouds. The page of the documented conditions stands above each entry. */
import type { HealthStatus, HealthStatusCode, KubernetesObject } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { asCondition, type Condition, conditionsOf, listAt, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { worse } from '../worse.js';
import { byConditions, byPhase, codes, firstOf, freshConditions, judge, outdated, suspended } from './patterns.js';
import type { CheckEntry, GroupCheck } from './types.js';

const PENDING = codes({ Progressing: ['Pending', 'Waiting', 'Reconciling', 'ProgrammingInProgress'] });
const worst = (found: readonly HealthStatus[]): HealthStatus | undefined =>
  found.length === 0 ? undefined : found.reduce((a, b) => (worse(codeOf(a), codeOf(b)) === a.status ? a : b));

/** Refused, or not resolved, is Degraded even when the rest is well. */
const ATTACHED = ['Accepted', 'ResolvedRefs', 'Programmed'];

/** Of these conditions, the ones that are there. */
function judgePresent(conditions: readonly Condition[], names: readonly string[]): HealthStatus {
  const present = names.filter((name) => conditions.some(({ type }) => type === name));
  return judge(conditions, { ready: present.length === 0 ? ['Accepted'] : present, reasons: PENDING });
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#gatewaystatus : its own conditions and those of its listeners */
const gateway: HealthCheck = (live) => {
  const own = freshConditions(live);
  const broken = judgePresent(own, ATTACHED);
  if (broken.status !== 'Healthy') return broken;
  const whole = judge(own, { ready: ['Accepted', 'Programmed'], reasons: PENDING });
  const listeners = listAt(live, 'status', 'listeners').map((listener) =>
    judgePresent(freshConditions(live, listener, 'conditions'), ATTACHED),
  );
  return worst([whole, ...listeners]) ?? whole;
};
const accepted = byConditions({ ready: ['Accepted'], reasons: PENDING });

/** A route counts for every Gateway that it is attached to: https://gateway-api.sigs.k8s.io/reference/spec/#routestatus */
function perParent(list: string): HealthCheck {
  return (live) => {
    const judged = listAt(live, 'status', list).flatMap((parent) => {
      const conditions = freshConditions(live, parent, 'conditions');
      return conditions.length === 0 ? [] : [judgePresent(conditions, ATTACHED)];
    });
    return worst(judged) ?? health('Progressing', 'Waiting for a Gateway to accept it');
  };
}

function codeOf({ status = 'Unknown' }: HealthStatus): HealthStatusCode {
  return status;
}
const route = perParent('parents');
const attachedPolicy = perParent('ancestors');

/** https://istio.io/latest/docs/reference/config/analysis/ (written when analysis runs in istiod) */
const istioConfig: HealthCheck = (live) => {
  const errors = listAt(live, 'status', 'validationMessages').filter((message) => textAt(message, 'level') === 'ERROR');
  if (errors.length > 0) {
    const names = errors.map((error) => textAt(error, 'type', 'name') ?? textAt(error, 'type', 'code') ?? 'error');
    return health('Degraded', `Istio's analysis found ${names.join(', ')}`);
  }
  const reconciled = conditionsOf(live).find(({ type }) => type === 'Reconciled');
  return reconciled?.status === 'False' ? health('Progressing', reconciled.message) : health('Healthy');
};
/** https://github.com/istio-ecosystem/sail-operator/blob/main/docs/api-reference/sailoperator.io.md */
const sail = byConditions({
  ready: ['Reconciled', 'Ready'],
  reasons: codes({ Progressing: ['IstiodNotReady', 'DaemonSetNotReady', 'NotReady'] }),
});

/** https://knative.dev/docs/serving/services/ : Ready is Unknown while it is on its way */
const knative = byConditions({ ready: ['Ready'] });

/** https://keda.sh/docs/latest/reference/scaledobject-spec/ and concepts/scaling-deployments/#pause-autoscaling */
const keda = byConditions({
  whenTrue: { Paused: 'Suspended', Fallback: 'Degraded' },
  ready: ['Ready'],
  reasons: { PartialTriggerError: 'Degraded' },
});

/** https://prometheus-operator.dev/docs/platform/troubleshooting/#conditions : Available may be `Degraded`, too */
const prometheus: HealthCheck = (live) => {
  if (valueAt(live, 'spec', 'paused') === true) return health('Suspended', `${live.kind} is paused`);
  const named = (type: string) => conditionsOf(live).find((condition) => condition.type === type);
  const reconciled = named('Reconciled');
  if (reconciled?.status === 'False') return health('Degraded', reconciled.message || reconciled.reason);
  const available = named('Available');
  if (available === undefined) return health('Progressing', 'Waiting for the condition Available');
  if (available.status === 'True') return health('Healthy');
  const starts = available.reason === 'SomePodsNotReady' || available.status === 'Unknown';
  return health(starts ? 'Progressing' : 'Degraded', available.message || available.reason);
};

/** https://grafana.github.io/grafana-operator/docs/ : `<Kind>Synchronized` */
const grafanaContent: HealthCheck = (live) => {
  const conditions = conditionsOf(live);
  const invalid = conditions.find(({ type, status }) => status === 'True' && /^(Invalid|NoMatching)/.test(type));
  if (invalid !== undefined) return health('Degraded', invalid.message || invalid.reason);
  const synced = conditions.find(({ type }) => type.endsWith('Synchronized') || type.endsWith('Synced'));
  if (synced === undefined) return health('Progressing', 'Waiting to be synchronized');
  return synced.status === 'True' ? health('Healthy') : health('Degraded', synced.message || synced.reason);
};
const grafana: HealthCheck = (live) => {
  const stage = textAt(live, 'status', 'stage') ?? '';
  const outcome = textAt(live, 'status', 'stageStatus') ?? '';
  const message = textAt(live, 'status', 'lastMessage') ?? '';
  if (outcome === 'failed') return health('Degraded', message || stage);
  return stage === 'complete' && outcome === 'success' ? health('Healthy') : health('Progressing', message || stage);
};

/** https://cluster-api.sigs.k8s.io/reference/api/ : older conditions have a severity, newer ones are positive or named *ing */
function clusterApi(live: KubernetesObject): HealthStatus {
  if (valueAt(live, 'spec', 'paused') === true) return health('Suspended', `${live.kind} is paused`);
  const phase = textAt(live, 'status', 'phase') ?? '';
  if (phase === 'Failed') return health('Degraded', textAt(live, 'status', 'failureMessage') ?? phase);
  const error = listAt(live, 'status', 'conditions').find(
    (condition) => textAt(condition, 'severity') === 'Error' && textAt(condition, 'status') === 'False',
  );
  if (error !== undefined) return health('Degraded', asCondition(error).message || asCondition(error).reason);
  if (['Pending', 'Provisioning', 'ScalingUp', 'ScalingDown', 'Deleting'].includes(phase))
    return health('Progressing', phase);
  const conditions = conditionsOf(live);
  const name = ['Available', 'Ready'].find((type) => conditions.some((condition) => condition.type === type));
  if (name === undefined && ['Running', 'Provisioned'].includes(phase)) return health('Healthy', phase);
  return judge(conditions, { ready: [name ?? 'Ready'], whenFalse: 'Progressing' });
}
/** https://cluster-api.sigs.k8s.io/tasks/automated-machine-management/healthchecking */
const machineHealthCheck: HealthCheck = (live) => {
  const expected = numberAt(live, 'status', 'expectedMachines') ?? 0;
  const current = numberAt(live, 'status', 'currentHealthy') ?? 0;
  return current >= expected ? health('Healthy') : health('Degraded', `${current} of ${expected} machines are healthy`);
};
const clusterApiCheck: HealthCheck = (live) => outdated(live) ?? clusterApi(live);

/** https://aws-controllers-k8s.github.io/community/docs/user-docs/resource-crud/ */
const ack = byConditions({
  whenTrue: { 'ACK.Terminal': 'Degraded', 'ACK.Recoverable': 'Degraded' },
  ready: ['ACK.ResourceSynced'],
  whenFalse: 'Progressing',
});
/** https://cloud.google.com/config-connector/docs/how-to/monitoring-your-resources#listing_all_resources */
const configConnector = byConditions({
  ready: ['Ready'],
  reasons: codes({ Progressing: ['Creating', 'Updating', 'DependencyNotReady', 'DependencyNotFound'] }),
});
/** https://azure.github.io/azure-service-operator/design/resource-states/ */
const azure: HealthCheck = (live) => {
  const ready = listAt(live, 'status', 'conditions').find((condition) => textAt(condition, 'type') === 'Ready');
  if (ready === undefined) return health('Progressing', 'Waiting for the condition Ready');
  const { status, message, reason } = asCondition(ready);
  if (status === 'True') return health('Healthy');
  return health(textAt(ready, 'severity') === 'Error' ? 'Degraded' : 'Progressing', message || reason);
};

/** https://kubevirt.io/user-guide/user_workloads/lifecycle/ */
const virtualMachinePhase = byPhase({
  phase: ['status', 'printableStatus'],
  codes: codes({
    Healthy: ['Running'],
    Suspended: ['Stopped', 'Paused'],
    Progressing: [
      'Provisioning',
      'Starting',
      'Stopping',
      'Terminating',
      'Migrating',
      'WaitingForVolumeBinding',
      'WaitingForReceiver',
    ],
    Degraded: [
      'CrashLoopBackOff',
      'ErrorUnschedulable',
      'ErrImagePull',
      'ImagePullBackOff',
      'ErrorPvcNotFound',
      'DataVolumeError',
      'Unknown',
    ],
  }),
});
/** A machine that is to be off is well when it is. */
const virtualMachine: HealthCheck = (live) => {
  const isOff = ['', 'Stopped'].includes(textAt(live, 'status', 'printableStatus') ?? '');
  const shallBeOff = valueAt(live, 'spec', 'running') === false || textAt(live, 'spec', 'runStrategy') === 'Halted';
  return isOff && shallBeOff ? health('Healthy', 'Stopped as declared') : virtualMachinePhase(live);
};

/** https://kubevirt.io/user-guide/storage/containerized_data_importer/ */
const dataVolume = byPhase({
  phase: ['status', 'phase'],
  codes: codes({
    Healthy: ['Succeeded'],
    Suspended: ['Paused', 'WaitForFirstConsumer', 'PendingPopulation'],
    Degraded: ['Failed', 'Unknown'],
  }),
  other: 'Progressing',
});

/** https://docs.openshift.com/container-platform/latest/networking/routes/route-configuration.html */
const openshiftRoute: HealthCheck = (live) => {
  const conditions = listAt(live, 'status', 'ingress').flatMap((ingress) =>
    listAt(ingress, 'conditions').map(asCondition),
  );
  const admitted = conditions.filter(({ type }) => type === 'Admitted');
  if (admitted.length === 0) return health('Progressing', 'Waiting for a router to admit the route');
  return judge(admitted, { ready: ['Admitted'] });
};

const operatorStatus = byConditions({
  whenTrue: { Degraded: 'Degraded' },
  ready: ['Available'],
  whenFalse: 'Progressing',
});

export const PLATFORM_CHECKS: readonly CheckEntry[] = [
  ['gateway.networking.k8s.io/Gateway', gateway],
  ['gateway.networking.k8s.io/GatewayClass', accepted],
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
    (kind): CheckEntry => [`gateway.networking.k8s.io/${kind}`, route],
  ),
  ['gateway.networking.k8s.io/BackendTLSPolicy', attachedPolicy],
  // https://gateway-api.sigs.k8s.io/geps/gep-1713/
  ['gateway.networking.k8s.io/ListenerSet', gateway],
  // https://gateway.envoyproxy.io/docs/api/extension_types/
  ['gateway.envoyproxy.io/Backend', accepted],
  ['keda.sh/ScaledObject', keda],
  ['keda.sh/ScaledJob', keda],
  ...['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'].map(
    (kind): CheckEntry => [`monitoring.coreos.com/${kind}`, prometheus],
  ),
  ['grafana.integreatly.org/Grafana', grafana],
  // https://docs.flagger.app/usage/how-it-works#canary-status
  [
    'flagger.app/Canary',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({
        Healthy: ['Initialized', 'Succeeded'],
        Progressing: [
          'Initializing',
          'Waiting',
          'WaitingPromotion',
          'Progressing',
          'Promoting',
          'Finalising',
          'Terminating',
        ],
        Degraded: ['Failed', 'Terminated'],
      }),
    }),
  ],
  // https://www.jaegertracing.io/docs/latest/operator/
  [
    'jaegertracing.io/Jaeger',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({ Healthy: ['Running'], Degraded: ['Failed'] }),
      other: 'Progressing',
    }),
  ],
  // https://karpenter.sh/docs/concepts/nodepools/
  ['karpenter.sh/NodePool', byConditions({ ready: ['Ready'] })],
  ['karpenter.sh/NodeClaim', byConditions({ ready: ['Ready'], whenFalse: 'Progressing' })],
  ['cluster.x-k8s.io/MachineHealthCheck', machineHealthCheck],
  ['kubevirt.io/VirtualMachine', virtualMachine],
  [
    'kubevirt.io/VirtualMachineInstance',
    firstOf(
      byPhaseWhen('Paused'),
      byPhase({
        phase: ['status', 'phase'],
        codes: codes({ Healthy: ['Running', 'Succeeded'], Degraded: ['Failed', 'Unknown'] }),
        other: 'Progressing',
      }),
    ),
  ],
  ['cdi.kubevirt.io/DataVolume', dataVolume],
  ['route.openshift.io/Route', openshiftRoute],
  // https://docs.openshift.com/container-platform/latest/rest_api/machine_apis/machineconfigpool-machineconfiguration-openshift-io-v1.html
  [
    'machineconfiguration.openshift.io/MachineConfigPool',
    byConditions({
      suspendedBy: ['spec', 'paused'],
      whenTrue: { Degraded: 'Degraded', Updating: 'Progressing' },
      ready: ['Updated'],
    }),
  ],
  ['config.openshift.io/ClusterOperator', operatorStatus],
  // https://docs.tigera.io/calico/latest/reference/installation/api#operator.tigera.io/v1.TigeraStatus
  ['operator.tigera.io/TigeraStatus', operatorStatus],
  [
    'operator.tigera.io/Installation',
    byConditions({ whenTrue: { Degraded: 'Degraded' }, ready: ['Ready'], whenFalse: 'Progressing' }),
  ],
  // https://kueue.sigs.k8s.io/docs/concepts/cluster_queue/
  ['kueue.x-k8s.io/ClusterQueue', byConditions({ ready: ['Active'] })],
  ['kueue.x-k8s.io/LocalQueue', byConditions({ ready: ['Active'] })],
];

/** Suspended while the condition is True. */
function byPhaseWhen(type: string): HealthCheck {
  return (live) => {
    const found = conditionsOf(live).find((condition) => condition.type === type && condition.status === 'True');
    return found === undefined ? suspended(live, undefined) : health('Suspended', found.message || type);
  };
}

export const PLATFORM_GROUPS: readonly GroupCheck[] = [
  ['sailoperator.io', sail],
  ['networking.istio.io', istioConfig],
  ['security.istio.io', istioConfig],
  ['telemetry.istio.io', istioConfig],
  ['extensions.istio.io', istioConfig],
  ['.knative.dev', knative],
  ['grafana.integreatly.org', grafanaContent],
  ['gateway.envoyproxy.io', attachedPolicy],
  ['cluster.x-k8s.io', clusterApiCheck],
  ['controlplane.cluster.x-k8s.io', clusterApiCheck],
  ['infrastructure.cluster.x-k8s.io', clusterApiCheck],
  ['bootstrap.cluster.x-k8s.io', clusterApiCheck],
  ['addons.cluster.x-k8s.io', clusterApiCheck],
  ['.services.k8s.aws', ack],
  ['.cnrm.cloud.google.com', configConnector],
  ['.azure.com', azure],
];
