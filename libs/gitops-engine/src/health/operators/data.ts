/** Kinds of databases, queues, search, storage and computation. The page of the documented states stands above each entry. */
import type { HealthStatus, KubernetesObject } from '@tiphys/model';
import type { HealthCheck } from '../assess-health.js';
import { conditionsOf, listAt, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';
import { byConditions, byPhase, type Codes, codes, firstOf, outdated } from './patterns.js';
import type { CheckEntry, GroupCheck } from './types.js';

/** https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/ (phases of the cluster) */
const CNPG_DEGRADED =
  /failing over|unrecoverable|unable to create|invalid image catalog|unknown plugin|failed to load|missing|inconsistent/i;
const CNPG_WAITS = /waiting for user action/i;
const cnpgCluster: HealthCheck = (live) => {
  const hibernated = conditionsOf(live).find(({ type, status }) => type === 'cnpg.io/hibernation' && status === 'True');
  if (hibernated !== undefined) return health('Suspended', hibernated.message);
  if (live.metadata.annotations?.['cnpg.io/reconciliationLoop'] === 'disabled')
    return health('Suspended', 'Cluster reconciliation is suspended');
  const phase = textAt(live, 'status', 'phase');
  if (phase === undefined) return health('Progressing', 'Waiting for status.phase');
  if (phase === 'Cluster in healthy state') return health('Healthy', phase);
  const reason = textAt(live, 'status', 'phaseReason') ?? '';
  const message = reason === '' ? phase : `${phase}: ${reason}`;
  if (CNPG_WAITS.test(phase)) return health('Suspended', message);
  return health(CNPG_DEGRADED.test(phase) ? 'Degraded' : 'Progressing', message);
};

const cnpgApplied: HealthCheck = (live) => {
  const applied = valueAt(live, 'status', 'applied');
  const message = textAt(live, 'status', 'message');
  const isObserved = numberAt(live, 'status', 'observedGeneration') !== undefined && outdated(live) === undefined;
  if (applied === undefined || !isObserved) return health('Progressing', message ?? 'Waiting for status.applied');
  return applied === true ? health('Healthy') : health('Degraded', message);
};

/** https://strimzi.io/docs/operators/latest/deploying#con-custom-resources-status-str */
const strimzi = byConditions({
  whenTrue: { ReconciliationPaused: 'Suspended' },
  ready: ['Ready'],
  whenFalse: 'Progressing',
});
const strimziNotReady: HealthCheck = (live) => {
  const notReady = conditionsOf(live).find(({ type, status }) => type === 'NotReady' && status === 'True');
  if (notReady === undefined) return undefined;
  return health(notReady.reason === 'Creating' ? 'Progressing' : 'Degraded', notReady.message || notReady.reason);
};

/** https://www.elastic.co/guide/en/cloud-on-k8s/current/k8s-status.html */
const elastic = firstOf(
  (live) => {
    const phase = textAt(live, 'status', 'phase') ?? '';
    if (phase === 'Invalid') return health('Degraded', 'The specification is invalid');
    return /^(ApplyingChanges|MigratingData|Stalled)$/.test(phase) ? health('Progressing', phase) : undefined;
  },
  byPhase({
    phase: ['status', 'health'],
    codes: codes({ Healthy: ['green'], Progressing: ['yellow', 'unknown'], Degraded: ['red'] }),
  }),
);

/** Fewer nodes than asked for: it is still growing, whatever its colour. */
const elasticNodes: HealthCheck = (live) => {
  const wanted = listAt(live, 'spec', 'nodeSets').reduce((sum, set) => sum + (numberAt(set, 'count') ?? 0), 0);
  const available = numberAt(live, 'status', 'availableNodes') ?? wanted;
  return available < wanted ? health('Progressing', `${available} of ${wanted} nodes are available`) : undefined;
};

const MONGODB: Codes = codes({
  Healthy: ['Running', 'Updated'],
  Progressing: ['Pending', 'Reconciling', 'Updating'],
  Degraded: ['Failed', 'Unsupported'],
});
const mongodb = byPhase({ phase: ['status', 'phase'], message: ['status', 'message'], codes: MONGODB });

/** https://docs.percona.com/legacy-documentation/ (status.state of the operators for MongoDB, MySQL and PostgreSQL) */
const percona = byPhase({
  phase: ['status', 'state'],
  message: ['status', 'message'],
  codes: codes({
    Healthy: ['ready'],
    Progressing: ['initializing', 'stopping'],
    Suspended: ['paused'],
    Degraded: ['error', 'unknown'],
  }),
});

/** https://access.crunchydata.com/documentation/postgres-operator/latest/references/crd */
const crunchy: HealthCheck = (live) => {
  if (valueAt(live, 'spec', 'shutdown') === true) return health('Suspended', 'The cluster is shut down');
  const instances = listAt(live, 'status', 'instances');
  if (instances.length === 0) return health('Progressing', 'Waiting for instances');
  const ready = instances.reduce((sum, instance) => sum + (numberAt(instance, 'readyReplicas') ?? 0), 0);
  const wanted = instances.reduce((sum, instance) => sum + (numberAt(instance, 'replicas') ?? 0), 0);
  return ready === wanted ? health('Healthy') : health('Progressing', `${ready} of ${wanted} instances are ready`);
};

/** https://www.rabbitmq.com/kubernetes/operator/using-operator#status-conditions */
const rabbitmq = firstOf(
  (live) => {
    const failed = conditionsOf(live).find(({ type, status, reason }) => {
      return type === 'ReconcileSuccess' && status === 'False' && reason !== 'Initialising';
    });
    return failed === undefined ? undefined : health('Degraded', failed.message || failed.reason);
  },
  byConditions({
    ready: ['ClusterAvailable', 'AllReplicasReady'],
    whenFalse: 'Progressing',
    reasons: { ScaledToZero: 'Suspended' },
  }),
);

/** https://rook.io/docs/rook/latest/CRDs/Cluster/ceph-cluster-crd/#ceph-status */
const cephCluster = firstOf(
  (live) =>
    ['Creating', 'Updating', 'Connecting'].includes(textAt(live, 'status', 'state') ?? '')
      ? progressing(live)
      : undefined,
  byPhase({
    phase: ['status', 'ceph', 'health'],
    message: ['status', 'message'],
    codes: codes({ Healthy: ['HEALTH_OK'], Degraded: ['HEALTH_WARN', 'HEALTH_ERR'] }),
  }),
);

function progressing(live: KubernetesObject): HealthStatus {
  return health('Progressing', textAt(live, 'status', 'message') ?? textAt(live, 'status', 'state'));
}

const rook = byPhase({
  phase: ['status', 'phase'],
  codes: codes({
    Healthy: ['Ready', 'Connected', 'Created'],
    Progressing: ['Progressing', 'Creating', 'Reconciling'],
    Degraded: ['Failure', 'ReconcileFailed'],
  }),
  other: 'Progressing',
});

/** https://longhorn.io/docs/latest/volumes-and-nodes/detect-volume-state/ */
const longhornVolume: HealthCheck = (live) => {
  const state = textAt(live, 'status', 'state') ?? '';
  const robustness = textAt(live, 'status', 'robustness') ?? '';
  if (robustness === 'faulted' || robustness === 'degraded') return health('Degraded', `The volume is ${robustness}`);
  if (robustness === 'healthy') return health('Healthy');
  return state === 'detached' ? health('Healthy', 'The volume is detached') : health('Progressing', state);
};

/** https://velero.io/docs/main/api-types/backup/ */
const velero = byPhase({
  phase: ['status', 'phase'],
  message: ['status', 'failureReason'],
  codes: codes({
    Healthy: ['Completed', 'Enabled', 'Available', 'Processed', 'Ready'],
    Progressing: [
      ...['New', 'Queued', 'ReadyToStart', 'InProgress', 'WaitingForPluginOperations', 'Finalizing', 'Uploading'],
      ...['Deleting', 'Accepted', 'Prepared', 'Canceling'],
    ],
    Suspended: ['Canceled'],
    Degraded: [
      ...['PartiallyFailed', 'Failed', 'FailedValidation', 'FinalizingPartiallyFailed', 'Unavailable', 'NotReady'],
      'WaitingForPluginOperationsPartiallyFailed',
    ],
  }),
  suspendedBy: ['spec', 'paused'],
});

/** https://kubernetes.io/docs/concepts/storage/volume-snapshots/ */
const volumeSnapshot: HealthCheck = (live) => {
  const error = valueAt(live, 'status', 'error');
  if (error != null) return health('Degraded', textAt(error, 'message'));
  return valueAt(live, 'status', 'readyToUse') === true
    ? health('Healthy')
    : health('Progressing', 'Waiting for the snapshot');
};

/** Before 1.3 there was no lifecycleState. */
const flinkWithoutState: HealthCheck = (live) => {
  if (textAt(live, 'status', 'lifecycleState') !== undefined) return undefined;
  const error = textAt(live, 'status', 'error') ?? textAt(live, 'status', 'reconciliationStatus', 'error') ?? '';
  if (error !== '') return health('Degraded', error);
  const state = textAt(live, 'status', 'jobStatus', 'state') ?? '';
  const isSuspended = textAt(live, 'spec', 'job', 'state') === 'suspended' && state !== 'RUNNING';
  if (isSuspended) return health('Healthy', 'Job is suspended');
  return ['RUNNING', 'FINISHED', 'running', 'finished'].includes(state) ? health('Healthy') : undefined;
};

const mysql = byPhase({
  phase: ['status', 'cluster', 'status'],
  codes: codes({
    Healthy: ['ONLINE'],
    Progressing: ['PENDING', 'INITIALIZING', 'ONLINE_PARTIAL', 'ONLINE_UNCERTAIN', 'FINALIZING'],
    Degraded: [
      'OFFLINE',
      'OFFLINE_UNCERTAIN',
      'NO_QUORUM',
      'NO_QUORUM_UNCERTAIN',
      'SPLIT_BRAIN',
      'SPLIT_BRAIN_UNCERTAIN',
      'INVALID',
      'UNKNOWN',
    ],
  }),
});

export const DATA_CHECKS: readonly CheckEntry[] = [
  ['postgresql.cnpg.io/Cluster', cnpgCluster],
  [
    'postgresql.cnpg.io/Backup',
    byPhase({
      phase: ['status', 'phase'],
      message: ['status', 'error'],
      codes: codes({ Healthy: ['completed'], Degraded: ['failed', 'walArchivingFailing'] }),
      other: 'Progressing',
    }),
  ],
  ['postgresql.cnpg.io/Database', cnpgApplied],
  ['postgresql.cnpg.io/Publication', cnpgApplied],
  ['postgresql.cnpg.io/Subscription', cnpgApplied],
  // https://opensource.zalando.com/postgres-operator/docs/user.html
  [
    'acid.zalan.do/postgresql',
    byPhase({
      phase: ['status', 'PostgresClusterStatus'],
      codes: codes({
        Healthy: ['Running'],
        Progressing: ['Creating', 'Updating'],
        Degraded: ['CreateFailed', 'UpdateFailed', 'SyncFailed', 'Invalid'],
      }),
    }),
  ],
  ['postgres-operator.crunchydata.com/PostgresCluster', crunchy],
  // https://stackgres.io/doc/latest/reference/crd/sgcluster/
  [
    'stackgres.io/SGCluster',
    byConditions({ whenTrue: { Failed: 'Degraded' }, ready: ['Bootstrapped'], whenFalse: 'Progressing' }),
  ],
  // https://www.mongodb.com/docs/kubernetes-operator/current/reference/k8s-operator-specification/
  ['mongodb.com/MongoDB', mongodb],
  ['mongodb.com/MongoDBMultiCluster', mongodb],
  ['mongodb.com/MongoDBUser', mongodb],
  [
    'mongodb.com/MongoDBOpsManager',
    byPhase({ phase: ['status', 'opsManager', 'phase'], message: ['status', 'opsManager', 'message'], codes: MONGODB }),
  ],
  ['mongodbcommunity.mongodb.com/MongoDBCommunity', mongodb],
  // https://dev.mysql.com/doc/mysql-operator/en/mysql-operator-innodbcluster.html
  ['mysql.oracle.com/InnoDBCluster', mysql],
  // https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/api_reference.md
  [
    'k8s.mariadb.com/MariaDB',
    byConditions({
      suspendedBy: ['spec', 'suspend'],
      ready: ['Ready'],
      whenFalse: 'Progressing',
      reasons: codes({ Degraded: ['Failed', 'RestoreBackupError'] }),
    }),
  ],
  ['rabbitmq.com/RabbitmqCluster', rabbitmq],
  ['ceph.rook.io/CephCluster', cephCluster],
  // https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
  [
    'objectbucket.io/ObjectBucketClaim',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({ Healthy: ['Bound'], Progressing: ['Pending', 'Released'], Degraded: ['Failed'] }),
    }),
  ],
  ['elasticsearch.k8s.elastic.co/Elasticsearch', firstOf(elasticNodes, elastic)],
  ['longhorn.io/Volume', longhornVolume],
  ['snapshot.storage.k8s.io/VolumeSnapshot', volumeSnapshot],
  // https://www.kubeflow.org/docs/components/spark-operator/
  [
    'sparkoperator.k8s.io/SparkApplication',
    byPhase({
      phase: ['status', 'applicationState', 'state'],
      message: ['status', 'applicationState', 'errorMessage'],
      codes: codes({
        Healthy: ['RUNNING', 'COMPLETED'],
        Progressing: ['NEW', 'SUBMITTED', 'PENDING_RERUN', 'INVALIDATING', 'SUCCEEDING', 'RESUMING'],
        Suspended: ['SUSPENDED', 'SUSPENDING'],
        Degraded: ['FAILED', 'FAILING', 'SUBMISSION_FAILED', 'UNKNOWN'],
      }),
    }),
  ],
  [
    'sparkoperator.k8s.io/ScheduledSparkApplication',
    byPhase({
      phase: ['status', 'scheduleState'],
      message: ['status', 'reason'],
      codes: codes({ Healthy: ['Scheduled'], Progressing: ['Validating'], Degraded: ['FailedValidation'] }),
      suspendedBy: ['spec', 'suspend'],
    }),
  ],
  // https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/concepts/controller-flow/
  [
    'flink.apache.org/FlinkDeployment',
    firstOf(
      flinkWithoutState,
      byPhase({
        phase: ['status', 'lifecycleState'],
        message: ['status', 'error'],
        codes: codes({
          Healthy: ['STABLE'],
          Progressing: ['CREATED', 'UPGRADING', 'DEPLOYED', 'ROLLING_BACK', 'ROLLED_BACK', 'DELETING'],
          Suspended: ['SUSPENDED'],
          Degraded: ['FAILED'],
        }),
      }),
    ),
  ],
  // https://docs.ray.io/en/latest/cluster/kubernetes/
  [
    'ray.io/RayCluster',
    byPhase({
      phase: ['status', 'state'],
      message: ['status', 'reason'],
      codes: codes({ Healthy: ['ready'], Suspended: ['suspended'], Degraded: ['failed'] }),
    }),
  ],
  ['ray.io/RayService', byConditions({ ready: ['Ready'], whenFalse: 'Progressing' })],
  [
    'ray.io/RayJob',
    byPhase({
      phase: ['status', 'jobDeploymentStatus'],
      message: ['status', 'message'],
      codes: codes({
        Healthy: ['Complete'],
        Progressing: ['Initializing', 'Running', 'Waiting', 'Retrying'],
        Suspended: ['Suspended', 'Suspending'],
        Degraded: ['Failed'],
      }),
    }),
  ],
];

export const DATA_GROUPS: readonly GroupCheck[] = [
  ['kafka.strimzi.io', firstOf(strimziNotReady, strimzi)],
  // https://docs.confluent.io/operator/current/co-api.html
  [
    'platform.confluent.io',
    byPhase({
      phase: ['status', 'phase'],
      codes: codes({
        Healthy: ['RUNNING', 'CREATED', 'SUCCEEDED'],
        Progressing: ['PROVISIONING', 'SCALING-UP', 'SCALING-DOWN', 'PENDING', 'DELETING'],
        Degraded: ['FAILED', 'ERROR'],
      }),
      other: 'Progressing',
    }),
  ],
  ['.k8s.elastic.co', elastic],
  ['psmdb.percona.com', percona],
  ['pxc.percona.com', percona],
  ['ps.percona.com', percona],
  ['pgv2.percona.com', percona],
  ['ceph.rook.io', rook],
  ['velero.io', velero],
  // https://www.rabbitmq.com/kubernetes/operator/using-topology-operator
  ['rabbitmq.com', byConditions({ ready: ['Ready'] })],
];
