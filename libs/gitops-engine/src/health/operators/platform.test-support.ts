/** Cases of `platform.ts`: what a controller writes, and what it means. */
import { type Cases, c, conditions, no, phase, ready } from './cases.test-support.js';

export const PLATFORM_CASES: Cases = {
  'gateway.networking.k8s.io/Gateway': [
    [conditions(c('Accepted'), c('Programmed')), 'Healthy'],
    [conditions(c('Accepted'), no('Programmed', 'AddressNotUsable', 'taken')), 'Degraded', 'taken'],
    [conditions(c('Accepted', 'Unknown', 'Pending'), c('Programmed', 'Unknown', 'Pending')), 'Progressing'],
    [conditions(no('Programmed', 'Pending')), 'Progressing'],
  ],
  'gateway.networking.k8s.io/Gateway ': [
    [
      conditions(c('Accepted'), c('Programmed'), no('ResolvedRefs', 'InvalidCertificateRef', 'no secret')),
      'Degraded',
      'no secret',
    ],
    [
      {
        status: {
          conditions: [c('Accepted'), c('Programmed')],
          listeners: [{ conditions: [no('Accepted', 'PortUnavailable', 'x')] }],
        },
      },
      'Degraded',
      'x',
    ],
    [conditions(c('Accepted'), no('Programmed', 'ProgrammingInProgress')), 'Progressing'],
    [
      { metadata: { generation: 2 }, status: { conditions: [{ ...c('Accepted'), observedGeneration: 1 }] } },
      'Progressing',
    ],
  ],
  'gateway.networking.k8s.io/ListenerSet': [[conditions(c('Accepted'), c('Programmed')), 'Healthy']],
  'gateway.envoyproxy.io/Backend': [
    [conditions(c('Accepted')), 'Healthy'],
    [conditions(no('Accepted', 'Invalid')), 'Degraded'],
  ],
  'gateway.envoyproxy.io/SecurityPolicy': [
    [{ status: { ancestors: [{ conditions: [c('Accepted')] }] } }, 'Healthy'],
    [{ status: { ancestors: [{ conditions: [no('Accepted', 'Invalid')] }] } }, 'Degraded'],
  ],
  'flagger.app/Canary': [
    [phase('Succeeded'), 'Healthy'],
    [phase('Promoting'), 'Progressing'],
    [phase('Failed'), 'Degraded'],
  ],
  'jaegertracing.io/Jaeger': [
    [phase('Running'), 'Healthy'],
    [phase('Failed'), 'Degraded'],
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
    [conditions(c('Ready', 'Unknown', 'PartialTriggerError', 'some triggers fail')), 'Degraded', 'some triggers fail'],
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
  'cluster.x-k8s.io/MachineHealthCheck': [
    [{ status: { expectedMachines: 2, currentHealthy: 2 } }, 'Healthy'],
    [{ status: { expectedMachines: 2, currentHealthy: 1 } }, 'Degraded', '1 of 2 machines are healthy'],
  ],
  'cluster.x-k8s.io/MachineSet': [[phase('Running'), 'Healthy']],
  'cluster.x-k8s.io/MachineDeployment': [[{ status: { phase: 'ScalingUp' } }, 'Progressing']],
  'controlplane.cluster.x-k8s.io/KubeadmControlPlane': [[conditions(c('Ready')), 'Healthy']],
  'karpenter.sh/NodePool': ready,
  'karpenter.sh/NodeClaim': [[conditions(no('Ready')), 'Progressing']],
  'kubevirt.io/VirtualMachine': [
    [{ spec: { running: false }, status: { printableStatus: 'Stopped' } }, 'Healthy', 'Stopped as declared'],
    [{ spec: { runStrategy: 'Halted' } }, 'Healthy'],
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
