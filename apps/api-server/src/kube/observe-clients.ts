/** Metrics and spans of the Kubernetes clients of this process (M03, M07). */
import {
  type ClusterSecretOptions,
  createKubectlMetrics,
  type KubeClientOptions,
  spanOfRequest,
} from '@tiphys/cluster';
import type { Metrics, Tracer } from '@tiphys/runtime';

export interface ObserveClients {
  readonly client: Pick<KubeClientOptions, 'observer' | 'onRequest'>;
  readonly credentials: Pick<ClusterSecretOptions, 'onPluginCall'>;
}

export function observeClients(metrics: Metrics, tracer: Tracer): ObserveClients {
  const kubectl = createKubectlMetrics(metrics);
  return {
    client: {
      observer: kubectl,
      ...(tracer.enabled ? { onRequest: (report) => tracer.record(...spanOfRequest(report)) } : {}),
    },
    credentials: { onPluginCall: kubectl.pluginCalled },
  };
}
