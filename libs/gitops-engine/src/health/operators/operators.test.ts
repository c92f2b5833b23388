/** Health of operators' kinds: each row is what a controller writes, and what it means. */
import type { HealthStatusCode, KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { assessHealth } from '../assess-health.js';
import { operatorCheckFor, operatorKinds } from './index.js';

type Condition = Readonly<Record<string, string>>;
const c = (type: string, status = 'True', reason = '', message = ''): Condition => ({ type, status, reason, message });
const conditions = (...list: readonly Condition[]) => ({ status: { conditions: list } });
const phase = (value: string) => ({ status: { phase: value } });
const state = (value: string) => ({ status: { state: value } });
const no = (type: string, reason = '', message = '') => c(type, 'False', reason, message);

type Row = readonly [fields: Record<string, unknown>, code: HealthStatusCode | undefined, message?: string];

const ready: readonly Row[] = [
  [conditions(c('Ready')), 'Healthy'],
  [conditions(no('Ready', 'Failed', 'it failed')), 'Degraded', 'it failed'],
  [conditions(c('Ready', 'Unknown', 'Deploying')), 'Progressing', 'Deploying'],
  [{}, 'Progressing', 'Waiting for the condition Ready'],
];

const TABLE: Readonly<Record<string, readonly Row[]>> = {
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
    [conditions(no('Ready', 'BuildFailed'), c('Reconciling', 'True', 'ProgressingWithRetry')), 'Progressing'],
    [
      conditions(no('Ready', 'BuildFailed'), c('Stalled', 'True', 'InvalidPath', 'no such path')),
      'Degraded',
      'no such path',
    ],
    [{ metadata: { generation: 3 }, status: { observedGeneration: 2, conditions: [c('Ready')] } }, 'Progressing'],
  ],
  'source.toolkit.fluxcd.io/GitRepository': ready,
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
  'cert-manager.io/Certificate': [
    ...ready,
    [
      conditions(no('Ready', 'DoesNotExist'), c('Issuing', 'True', '', 'Issuing certificate')),
      'Progressing',
      'Issuing certificate',
    ],
  ],
  'cert-manager.io/Issuer': ready,
  'cert-manager.io/ClusterIssuer': ready,
  'cert-manager.io/CertificateRequest': [
    [conditions(c('Denied', 'True', '', 'no')), 'Degraded', 'no'],
    [conditions(no('Ready', 'Pending')), 'Progressing'],
    ...ready,
  ],
  'acme.cert-manager.io/Order': [
    [state('valid'), 'Healthy'],
    [state('pending'), 'Progressing'],
    [{ status: { state: 'invalid', reason: 'rejected' } }, 'Degraded', 'rejected'],
  ],
  'acme.cert-manager.io/Challenge': [[state('errored'), 'Degraded']],
  'trust.cert-manager.io/Bundle': [[conditions(c('Synced')), 'Healthy']],
  'bitnami.com/SealedSecret': [
    [{}, 'Progressing'],
    [{ status: { observedGeneration: 1 } }, 'Healthy'],
    [conditions(no('Synced', '', 'no key')), 'Degraded', 'no key'],
  ],
  'external-secrets.io/ExternalSecret': [[conditions(no('Ready', 'SecretDeleted')), 'Healthy'], ...ready],
  'external-secrets.io/ClusterSecretStore': ready,
  'external-secrets.io/PushSecret': ready,
  'external-secrets.io/ClusterExternalSecret': [
    [conditions(c('Ready')), 'Healthy'],
    [conditions(c('PartiallyReady', 'True', '', 'one namespace failed')), 'Degraded', 'one namespace failed'],
  ],
  'k8s.keycloak.org/Keycloak': [
    [conditions(c('Ready'), no('HasErrors')), 'Healthy'],
    [conditions(no('Ready'), c('HasErrors', 'True', '', 'no database')), 'Degraded', 'no database'],
    [conditions(no('Ready', '', 'Waiting for more replicas')), 'Progressing'],
  ],
  'k8s.keycloak.org/KeycloakRealmImport': [
    [conditions(c('Done')), 'Healthy'],
    [conditions(no('Done'), c('Started')), 'Progressing'],
  ],
  'keycloak.org/Keycloak': [
    [{ status: { ready: true, phase: 'reconciling' } }, 'Healthy'],
    [{ status: { ready: false, phase: 'failing' } }, 'Degraded'],
  ],
  'kyverno.io/ClusterPolicy': ready,
  'templates.gatekeeper.sh/ConstraintTemplate': [
    [{ status: { created: true } }, 'Healthy'],
    [{}, 'Progressing'],
  ],
  'secrets.hashicorp.com/VaultAuth': [
    [{ status: { valid: true } }, 'Healthy'],
    [{ status: { valid: false, error: 'no role' } }, 'Degraded', 'no role'],
    [{}, 'Progressing'],
  ],
  'postgresql.cnpg.io/Cluster': [
    [phase('Cluster in healthy state'), 'Healthy'],
    [phase('Setting up primary'), 'Progressing'],
    [
      { status: { phase: 'Waiting for user action', phaseReason: 'restart' } },
      'Suspended',
      'Waiting for user action: restart',
    ],
    [phase('Cluster Is Unrecoverable, needs manual intervention'), 'Degraded'],
    [conditions(c('cnpg.io/hibernation', 'True', '', 'Cluster has been hibernated')), 'Suspended'],
  ],
  'postgresql.cnpg.io/Backup': [
    [phase('completed'), 'Healthy'],
    [phase('running'), 'Progressing'],
    [{ status: { phase: 'failed', error: 'no bucket' } }, 'Degraded', 'no bucket'],
  ],
  'postgresql.cnpg.io/Database': [
    [{ status: { applied: true } }, 'Healthy'],
    [{ status: { applied: false, message: 'no owner' } }, 'Degraded', 'no owner'],
    [{}, 'Progressing'],
  ],
  'acid.zalan.do/postgresql': [
    [{ status: { PostgresClusterStatus: 'Running' } }, 'Healthy'],
    [{ status: { PostgresClusterStatus: 'SyncFailed' } }, 'Degraded', 'SyncFailed'],
  ],
  'postgres-operator.crunchydata.com/PostgresCluster': [
    [{ status: { instances: [{ replicas: 2, readyReplicas: 2 }] } }, 'Healthy'],
    [{ status: { instances: [{ replicas: 2, readyReplicas: 1 }] } }, 'Progressing', '1 of 2 instances are ready'],
    [{ spec: { shutdown: true } }, 'Suspended'],
    [{}, 'Progressing'],
  ],
  'stackgres.io/SGCluster': [
    [conditions(c('Failed', 'True', '', 'x')), 'Degraded'],
    [conditions(c('Bootstrapped')), 'Healthy'],
  ],
  'mongodb.com/MongoDB': [
    [phase('Running'), 'Healthy'],
    [phase('Pending'), 'Progressing'],
    [{ status: { phase: 'Failed', message: 'no agent' } }, 'Degraded', 'no agent'],
  ],
  'mongodb.com/MongoDBOpsManager': [[{ status: { opsManager: { phase: 'Reconciling' } } }, 'Progressing']],
  'mongodbcommunity.mongodb.com/MongoDBCommunity': [[phase('Running'), 'Healthy']],
  'mysql.oracle.com/InnoDBCluster': [
    [{ status: { cluster: { status: 'ONLINE' } } }, 'Healthy'],
    [{ status: { cluster: { status: 'NO_QUORUM' } } }, 'Degraded'],
  ],
  'k8s.mariadb.com/MariaDB': [
    [conditions(no('Ready', 'StatefulSetNotReady')), 'Progressing'],
    [conditions(c('Ready')), 'Healthy'],
  ],
  'rabbitmq.com/RabbitmqCluster': [
    [conditions(c('AllReplicasReady'), c('ClusterAvailable'), c('ReconcileSuccess')), 'Healthy'],
    [conditions(no('AllReplicasReady'), c('ClusterAvailable'), c('ReconcileSuccess')), 'Progressing'],
    [conditions(no('ReconcileSuccess', 'FailedCLICommand', 'x')), 'Degraded'],
  ],
  'rabbitmq.com/Queue': ready,
  'psmdb.percona.com/PerconaServerMongoDB': [
    [state('ready'), 'Healthy'],
    [state('initializing'), 'Progressing'],
    [state('paused'), 'Suspended'],
    [{ status: { state: 'error', message: 'm' } }, 'Degraded', 'm'],
  ],
  'ceph.rook.io/CephCluster': [
    [{ status: { state: 'Created', ceph: { health: 'HEALTH_OK' } } }, 'Healthy'],
    [{ status: { state: 'Created', ceph: { health: 'HEALTH_ERR' } } }, 'Degraded'],
    [{ status: { state: 'Creating', message: 'Configuring Ceph Mons' } }, 'Progressing', 'Configuring Ceph Mons'],
  ],
  'ceph.rook.io/CephBlockPool': [
    [phase('Ready'), 'Healthy'],
    [phase('Failure'), 'Degraded'],
    [phase('Progressing'), 'Progressing'],
  ],
  'objectbucket.io/ObjectBucketClaim': [[phase('Bound'), 'Healthy']],
  'longhorn.io/Volume': [
    [{ status: { state: 'attached', robustness: 'healthy' } }, 'Healthy'],
    [{ status: { state: 'attached', robustness: 'degraded' } }, 'Degraded'],
    [{ status: { state: 'detached', robustness: 'unknown' } }, 'Healthy'],
    [{ status: { state: 'attaching', robustness: 'unknown' } }, 'Progressing'],
  ],
  'snapshot.storage.k8s.io/VolumeSnapshot': [
    [{ status: { readyToUse: true } }, 'Healthy'],
    [{ status: { readyToUse: false, error: { message: 'quota' } } }, 'Degraded', 'quota'],
    [{}, 'Progressing'],
  ],
  'velero.io/Backup': [
    [phase('Completed'), 'Healthy'],
    [phase('InProgress'), 'Progressing'],
    [phase('PartiallyFailed'), 'Degraded'],
  ],
  'velero.io/Schedule': [
    [phase('Enabled'), 'Healthy'],
    [{ spec: { paused: true }, ...phase('Enabled') }, 'Suspended'],
    [phase('FailedValidation'), 'Degraded'],
  ],
  'velero.io/BackupStorageLocation': [
    [phase('Available'), 'Healthy'],
    [phase('Unavailable'), 'Degraded'],
  ],
  'sparkoperator.k8s.io/SparkApplication': [
    [{ status: { applicationState: { state: 'RUNNING' } } }, 'Healthy'],
    [{ status: { applicationState: { state: 'FAILED', errorMessage: 'oom' } } }, 'Degraded', 'oom'],
  ],
  'sparkoperator.k8s.io/ScheduledSparkApplication': [[{ status: { scheduleState: 'Scheduled' } }, 'Healthy']],
  'flink.apache.org/FlinkDeployment': [
    [{ status: { lifecycleState: 'STABLE' } }, 'Healthy'],
    [{ status: { lifecycleState: 'FAILED', error: 'e' } }, 'Degraded', 'e'],
    [{ status: { lifecycleState: 'SUSPENDED' } }, 'Suspended'],
  ],
  'ray.io/RayCluster': [
    [state('ready'), 'Healthy'],
    [state('failed'), 'Degraded'],
    [{}, 'Progressing'],
  ],
  'ray.io/RayJob': [[{ status: { jobDeploymentStatus: 'Complete' } }, 'Healthy']],
  'ray.io/RayService': [[conditions(no('Ready')), 'Progressing']],
  'kafka.strimzi.io/Kafka': [
    [conditions(c('Ready')), 'Healthy'],
    [
      conditions(c('NotReady', 'True', 'Creating', 'Kafka cluster is being deployed')),
      'Progressing',
      'Kafka cluster is being deployed',
    ],
    [conditions(c('NotReady', 'True', 'InvalidResourceException', 'no listeners')), 'Degraded', 'no listeners'],
    [conditions(c('ReconciliationPaused')), 'Suspended'],
    [{}, 'Progressing'],
  ],
  'kafka.strimzi.io/KafkaTopic': [[conditions(c('Ready')), 'Healthy']],
  'platform.confluent.io/Kafka': [
    [phase('RUNNING'), 'Healthy'],
    [phase('PROVISIONING'), 'Progressing'],
    [phase('FAILED'), 'Degraded'],
  ],
  'elasticsearch.k8s.elastic.co/Elasticsearch': [
    [{ status: { health: 'green', phase: 'Ready' } }, 'Healthy'],
    [{ status: { health: 'yellow', phase: 'Ready' } }, 'Progressing', 'yellow'],
    [{ status: { health: 'red', phase: 'Ready' } }, 'Degraded', 'red'],
    [{ status: { health: 'green', phase: 'ApplyingChanges' } }, 'Progressing', 'ApplyingChanges'],
    [{ status: { health: 'unknown', phase: 'Invalid' } }, 'Degraded'],
    [{}, 'Progressing'],
  ],
  'kibana.k8s.elastic.co/Kibana': [[{ status: { health: 'green' } }, 'Healthy']],
  'gateway.networking.k8s.io/Gateway': [
    [conditions(c('Accepted'), c('Programmed')), 'Healthy'],
    [conditions(c('Accepted'), no('Programmed', 'AddressNotUsable', 'taken')), 'Degraded', 'taken'],
    [conditions(c('Accepted', 'Unknown', 'Pending'), c('Programmed', 'Unknown', 'Pending')), 'Progressing'],
    [conditions(no('Programmed', 'Pending')), 'Progressing'],
  ],
  'gateway.networking.k8s.io/GatewayClass': [[conditions(c('Accepted')), 'Healthy']],
  'gateway.networking.k8s.io/HTTPRoute': [
    [{ status: { parents: [{ conditions: [c('Accepted'), c('ResolvedRefs')] }] } }, 'Healthy'],
    [
      {
        status: {
          parents: [{ conditions: [c('Accepted')] }, { conditions: [no('Accepted', 'NoMatchingParent', 'x')] }],
        },
      },
      'Degraded',
      'x',
    ],
    [{ status: { parents: [{ conditions: [c('Accepted'), no('ResolvedRefs', 'BackendNotFound')] }] } }, 'Degraded'],
    [{ status: { parents: [] } }, 'Progressing'],
  ],
  'gateway.networking.k8s.io/BackendTLSPolicy': [
    [{ status: { ancestors: [{ conditions: [c('Accepted')] }] } }, 'Healthy'],
  ],
  'networking.istio.io/VirtualService': [
    [{}, 'Healthy'],
    [
      { status: { validationMessages: [{ level: 'ERROR', type: { name: 'ReferencedResourceNotFound' } }] } },
      'Degraded',
    ],
    [{ status: { validationMessages: [{ level: 'WARNING', type: { name: 'x' } }] } }, 'Healthy'],
    [conditions(no('Reconciled')), 'Progressing'],
  ],
  'security.istio.io/AuthorizationPolicy': [[{}, 'Healthy']],
  'sailoperator.io/Istio': [
    [conditions(c('Reconciled'), c('Ready')), 'Healthy'],
    [conditions(c('Reconciled'), no('Ready', 'IstiodNotReady')), 'Progressing'],
    [conditions(no('Reconciled', 'ReconcileError', 'x')), 'Degraded'],
  ],
  'serving.knative.dev/Service': [
    ...ready,
    [{ metadata: { generation: 2 }, status: { observedGeneration: 1, conditions: [c('Ready')] } }, 'Progressing'],
  ],
  'eventing.knative.dev/Trigger': ready,
  'sources.knative.dev/PingSource': ready,
  'keda.sh/ScaledObject': [
    [conditions(c('Ready'), c('Active'), no('Paused'), no('Fallback')), 'Healthy'],
    [conditions(c('Ready'), c('Paused')), 'Suspended'],
    [conditions(no('Ready', '', 'no trigger')), 'Degraded', 'no trigger'],
    [
      conditions(c('Ready'), c('Fallback', 'True', 'FallbackExists', 'At least one trigger is falling back')),
      'Degraded',
    ],
  ],
  'keda.sh/ScaledJob': [[conditions(c('Ready')), 'Healthy']],
  'monitoring.coreos.com/Prometheus': [
    [conditions(c('Available'), c('Reconciled')), 'Healthy'],
    [conditions(no('Available', 'SomePodsNotReady'), c('Reconciled')), 'Progressing'],
    [conditions(no('Available', 'NoPodReady', 'crash'), c('Reconciled')), 'Degraded', 'crash'],
    [conditions(c('Available', 'Degraded', 'SomePodsNotReady'), c('Reconciled')), 'Progressing'],
    [conditions(c('Available'), no('Reconciled', 'ReconciliationFailed')), 'Degraded'],
    [{ spec: { paused: true } }, 'Suspended'],
    [{}, 'Progressing'],
  ],
  'monitoring.coreos.com/Alertmanager': [[conditions(c('Available')), 'Healthy']],
  'monitoring.coreos.com/ServiceMonitor': [[{}, undefined]],
  'grafana.integreatly.org/Grafana': [
    [{ status: { stage: 'complete', stageStatus: 'success' } }, 'Healthy'],
    [{ status: { stage: 'deployment', stageStatus: 'in progress' } }, 'Progressing', 'deployment'],
    [{ status: { stage: 'config', stageStatus: 'failed', lastMessage: 'x' } }, 'Degraded', 'x'],
  ],
  'grafana.integreatly.org/GrafanaDashboard': [
    [conditions(c('DashboardSynchronized')), 'Healthy'],
    [conditions(no('DashboardSynchronized', 'ApplyFailed')), 'Degraded'],
    [conditions(c('NoMatchingInstance', 'True', 'EmptyAPIReply')), 'Degraded'],
    [{}, 'Progressing'],
  ],
  'cluster.x-k8s.io/Cluster': [
    [{ status: { phase: 'Provisioned', conditions: [c('Ready')] } }, 'Healthy'],
    [{ status: { phase: 'Provisioned', conditions: [c('Available')] } }, 'Healthy'],
    [{ status: { phase: 'Provisioning' } }, 'Progressing', 'Provisioning'],
    [{ status: { phase: 'Failed', failureMessage: 'quota' } }, 'Degraded', 'quota'],
    [
      { status: { phase: 'Provisioned', conditions: [{ ...no('Ready', 'x', 'y'), severity: 'Error' }] } },
      'Degraded',
      'y',
    ],
    [{ spec: { paused: true } }, 'Suspended'],
  ],
  'cluster.x-k8s.io/MachineDeployment': [[{ status: { phase: 'ScalingUp' } }, 'Progressing']],
  'controlplane.cluster.x-k8s.io/KubeadmControlPlane': [[conditions(c('Ready')), 'Healthy']],
  'karpenter.sh/NodePool': ready,
  'karpenter.sh/NodeClaim': [[conditions(no('Ready')), 'Progressing']],
  'kubevirt.io/VirtualMachine': [
    [{ status: { printableStatus: 'Running' } }, 'Healthy'],
    [{ status: { printableStatus: 'Stopped' } }, 'Suspended'],
    [{ status: { printableStatus: 'CrashLoopBackOff' } }, 'Degraded', 'CrashLoopBackOff'],
  ],
  'kubevirt.io/VirtualMachineInstance': [
    [phase('Running'), 'Healthy'],
    [
      { status: { phase: 'Running', conditions: [c('Paused', 'True', 'PausedByUser', 'paused')] } },
      'Suspended',
      'paused',
    ],
  ],
  'cdi.kubevirt.io/DataVolume': [
    [phase('Succeeded'), 'Healthy'],
    [phase('ImportInProgress'), 'Progressing'],
    [phase('WaitForFirstConsumer'), 'Suspended'],
  ],
  'route.openshift.io/Route': [
    [{ status: { ingress: [{ conditions: [c('Admitted')] }] } }, 'Healthy'],
    [
      { status: { ingress: [{ conditions: [no('Admitted', 'HostAlreadyClaimed')] }] } },
      'Degraded',
      'HostAlreadyClaimed',
    ],
    [{}, 'Progressing'],
  ],
  'machineconfiguration.openshift.io/MachineConfigPool': [
    [conditions(c('Updated'), no('Updating'), no('Degraded')), 'Healthy'],
    [conditions(no('Updated'), c('Updating')), 'Progressing'],
    [{ spec: { paused: true } }, 'Suspended'],
  ],
  'config.openshift.io/ClusterOperator': [[conditions(c('Available'), no('Degraded')), 'Healthy']],
  'operator.tigera.io/TigeraStatus': [[conditions(c('Available'), c('Degraded', 'True', '', 'x')), 'Degraded', 'x']],
  'kueue.x-k8s.io/ClusterQueue': [[conditions(c('Active')), 'Healthy']],
  's3.services.k8s.aws/Bucket': [
    [conditions(c('ACK.ResourceSynced')), 'Healthy'],
    [conditions(no('ACK.ResourceSynced')), 'Progressing'],
    [conditions(no('ACK.ResourceSynced'), c('ACK.Terminal', 'True', '', 'denied')), 'Degraded', 'denied'],
  ],
  'storage.cnrm.cloud.google.com/StorageBucket': [
    [conditions(c('Ready', 'True', 'UpToDate')), 'Healthy'],
    [conditions(no('Ready', 'Updating')), 'Progressing'],
    [conditions(no('Ready', 'UpdateFailed', 'denied')), 'Degraded', 'denied'],
  ],
  'storage.azure.com/StorageAccount': [
    [conditions(c('Ready')), 'Healthy'],
    [conditions({ ...no('Ready', 'Reconciling'), severity: 'Info' }), 'Progressing'],
    [conditions({ ...no('Ready', 'Failed', 'denied'), severity: 'Error' }), 'Degraded', 'denied'],
  ],
};

const rows = Object.entries(TABLE).flatMap(([kind, list]) => list.map((row) => [kind, ...row] as const));

function objectOf(kind: string, { metadata, ...fields }: Record<string, unknown>): KubernetesObject {
  const slash = kind.indexOf('/');
  const meta = { name: 'thing', ...(metadata as object | undefined) };
  return { apiVersion: `${kind.slice(0, slash)}/v1`, kind: kind.slice(slash + 1), metadata: meta, ...fields };
}

describe('health of operators kinds', () => {
  it.each(rows)('%s with %j is %s', (kind, fields, code, message) => {
    const found = assessHealth(objectOf(kind, fields));
    expect(found?.status).toBe(code);
    if (message !== undefined) expect(found?.message).toBe(message);
  });

  it('has a row for every entry of the table', () => {
    const groups = Object.keys(TABLE).map((kind) => kind.slice(0, kind.indexOf('/')));
    const untested = operatorKinds().filter((entry) => {
      if (SAME_AS_TESTED.has(entry)) return false;
      if (!entry.endsWith('/*')) return TABLE[entry] === undefined;
      const group = entry.slice(0, -2);
      return !groups.some((tested) => (group.startsWith('*') ? tested.endsWith(group.slice(1)) : tested === group));
    });
    expect(untested).toEqual([]);
  });

  it('never throws on an object without, or with odd, fields', () => {
    const odd = [
      {},
      { spec: null, status: null },
      { status: 'text' },
      { status: { conditions: [null, 7, { type: 1 }], phase: 3 } },
    ];
    for (const entry of operatorKinds()) {
      const kind = entry.replace(/^\*/, 'x').replace(/\*$/, 'Thing');
      for (const fields of odd) expect(() => assessHealth(objectOf(kind, fields))).not.toThrow();
    }
  });

  it('leaves other kinds to the common conventions', () => {
    expect(operatorCheckFor({ group: 'example.com', kind: 'Thing' })).toBeUndefined();
    expect(operatorCheckFor({ group: '', kind: 'ConfigMap' })).toBeUndefined();
  });
});

/** Entries that share their check with a tested neighbour. */
const SAME_AS_TESTED: ReadonlySet<string> = new Set([
  ...['TaskRun', 'CustomRun'].map((kind) => `tekton.dev/${kind}`),
  ...['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => `gateway.networking.k8s.io/${kind}`),
  ...['PrometheusAgent', 'ThanosRuler'].map((kind) => `monitoring.coreos.com/${kind}`),
  ...['Publication', 'Subscription'].map((kind) => `postgresql.cnpg.io/${kind}`),
  ...['MongoDBMultiCluster', 'MongoDBUser'].map((kind) => `mongodb.com/${kind}`),
  ...['notification.toolkit.fluxcd.io/Provider', 'external-secrets.io/SecretStore', 'kyverno.io/Policy'],
  ...['pxc', 'ps', 'pgv2'].map((group) => `${group}.percona.com/*`),
  ...['telemetry', 'extensions'].map((group) => `${group}.istio.io/*`),
  ...['infrastructure', 'bootstrap', 'addons'].map((group) => `${group}.cluster.x-k8s.io/*`),
  ...['secrets.hashicorp.com/VaultConnection', 'kueue.x-k8s.io/LocalQueue', 'operator.tigera.io/Installation'],
]);
