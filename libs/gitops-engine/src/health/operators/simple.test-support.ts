/** Cases of `simple.ts`: what a controller writes, and what it means. */
import { type Cases, c, conditions, no, phase, ready, state } from './cases.test-support.js';

const named = (type: string): Cases[string] => [
  [conditions(c(type)), 'Healthy'],
  [conditions(no(type, 'Failed', 'it failed')), 'Degraded', 'it failed'],
  [{}, 'Progressing', `Waiting for the condition ${type}`],
];
const status = (value: string) => ({ status: { status: value } });

export const SIMPLE_CASES: Cases = {
  'minio.min.io/Tenant': [
    [{ status: { currentState: 'Initialized' } }, 'Healthy'],
    [{ status: { currentState: 'Waiting for Pods to be ready' } }, 'Progressing', 'Waiting for Pods to be ready'],
    [{ status: { currentState: 'Tenant credentials are not set properly' } }, 'Degraded'],
    [{}, 'Progressing'],
  ],
  'serving.kserve.io/InferenceService': [
    [conditions(c('Ready')), 'Healthy'],
    [conditions(no('Ready', '', 'Predictor is not ready')), 'Progressing', 'Predictor is not ready'],
    [conditions(no('Ready'), c('Stopped', 'True', 'Stopped')), 'Suspended'],
    [{ status: { modelStatus: { transitionStatus: 'BlockedByFailedLoad' }, conditions: [c('Ready')] } }, 'Degraded'],
  ],
  'operator.victoriametrics.com/VMAgent': [
    [{ status: { updateStatus: 'operational' } }, 'Healthy'],
    [{ status: { updateStatus: 'expanding' } }, 'Progressing'],
    [{ status: { updateStatus: 'failed', reason: 'no secret' } }, 'Degraded', 'no secret'],
    [{ status: { updateStatus: 'paused' } }, 'Suspended'],
  ],
  'core.cnrm.cloud.google.com/ConfigConnector': [
    [{ status: { healthy: true } }, 'Healthy'],
    [{ status: { healthy: false } }, 'Degraded', 'ConfigConnector is not healthy'],
    [{}, 'Progressing'],
  ],
  'karpenter.k8s.aws/EC2NodeClass': ready,
  'onepassword.com/OnePasswordItem': ready,
  'camel.apache.org/Integration': ready,
  'kro.run/ResourceGraphDefinition': ready,
  'astra.netapp.io/Application': ready,
  'capsule.clastix.io/Tenant': ready,
  'addons.projectcapsule.dev/SopsSecret': ready,
  'promoter.argoproj.io/ScmProvider': ready,
  'projectcontour.io/ExtensionService': named('Valid'),
  'datadoghq.com/DatadogMetric': named('Valid'),
  'addons.cluster.x-k8s.io/ClusterResourceSet': named('ResourcesApplied'),
  'k8s.mariadb.com/Backup': named('Complete'),
  'k8s.mariadb.com/Restore': named('Complete'),
  'services.cloud.sap.com/ServiceInstance': named('Succeeded'),
  'services.cloud.sap.com/ServiceBinding': named('Succeeded'),
  'coralogix.com/Alert': named('RemoteSynced'),
  'install.istio.io/IstioOperator': [
    [status('HEALTHY'), 'Healthy'],
    [status('RECONCILING'), 'Progressing'],
    [status('ERROR'), 'Degraded'],
  ],
  'trident.netapp.io/TridentOrchestrator': [
    [status('Installed'), 'Healthy'],
    [status('Installing'), 'Progressing'],
    [status('Error'), 'Degraded'],
  ],
  'clickhouse.altinity.com/ClickHouseInstallation': [
    [status('Completed'), 'Healthy'],
    [status('InProgress'), 'Progressing'],
    [status('Failed'), 'Degraded'],
  ],
  'clickhouse-keeper.altinity.com/ClickHouseKeeperInstallation': [[status('Completed'), 'Healthy']],
  'apps.kruise.io/BroadcastJob': [
    [phase('completed'), 'Healthy'],
    [phase('running'), 'Progressing'],
    [phase('paused'), 'Suspended'],
    [phase('failed'), 'Degraded'],
  ],
  'lifecycle.keptn.sh/KeptnTask': [
    [status('Succeeded'), 'Healthy'],
    [status('Progressing'), 'Progressing'],
    [status('Failed'), 'Degraded'],
  ],
  'core.humio.com/HumioView': [
    [state('Exists'), 'Healthy'],
    [state('NotFound'), 'Missing'],
    [state('ConfigError'), 'Degraded'],
    [state('Unknown'), 'Unknown'],
  ],
  'astra.netapp.io/Backup': [
    [state('Completed'), 'Healthy'],
    [state('Running'), 'Progressing'],
    [state('Failed'), 'Degraded'],
  ],
};
