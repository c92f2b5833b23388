/** Cases of `data.ts`: what a controller writes, and what it means. */
import { type Cases, c, conditions, no, phase, ready, state } from './cases.test-support.js';

export const DATA_CASES: Cases = {
  'postgresql.cnpg.io/Cluster': [
    [phase('Cluster in healthy state'), 'Healthy'],
    [phase('Setting up primary'), 'Progressing'],
    [phase('Failing over'), 'Degraded'],
    [
      { metadata: { annotations: { 'cnpg.io/reconciliationLoop': 'disabled' } }, ...phase('Cluster in healthy state') },
      'Suspended',
    ],
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
    [{ status: { applied: true, observedGeneration: 1 } }, 'Healthy'],
    [{ status: { applied: false, message: 'no owner', observedGeneration: 1 } }, 'Degraded', 'no owner'],
    [{ status: { applied: false, message: 'no role yet' } }, 'Progressing', 'no role yet'],
    [{ metadata: { generation: 2 }, status: { applied: true, observedGeneration: 1 } }, 'Progressing'],
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
    [conditions(no('AllReplicasReady', 'ScaledToZero'), c('ClusterAvailable')), 'Suspended'],
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
    [{ status: { jobStatus: { state: 'RUNNING' } } }, 'Healthy'],
    [
      { spec: { job: { state: 'suspended' } }, status: { jobStatus: { state: 'SUSPENDED' } } },
      'Healthy',
      'Job is suspended',
    ],
    [{ status: { error: 'no memory' } }, 'Degraded', 'no memory'],
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
  'elasticsearch.k8s.elastic.co/Elasticsearch ': [
    [
      { spec: { nodeSets: [{ count: 3 }] }, status: { health: 'green', availableNodes: 2 } },
      'Progressing',
      '2 of 3 nodes are available',
    ],
  ],
  'kibana.k8s.elastic.co/Kibana': [[{ status: { health: 'green' } }, 'Healthy']],
};
