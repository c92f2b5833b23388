/** Metrics and spans of all Kubernetes clients of this process. */
import { type ClusterSecretOptions, type KubeClientOptions, type KubectlMetrics, spanOfRequest } from '@tiphys/cluster';
import type { Tracer } from '@tiphys/runtime';
import type { ControllerMetrics } from './metrics.js';

export interface ObserveClients {
  readonly client: (server: string) => Pick<KubeClientOptions, 'observer' | 'onRequest'>;
  readonly credentials: Pick<ClusterSecretOptions, 'onPluginCall'>;
}

export interface ObserveDeps {
  readonly metrics: Pick<ControllerMetrics, 'kubeRequest'>;
  readonly kubectl: KubectlMetrics;
  readonly tracer: Tracer;
}

export function observeClients({ metrics, kubectl, tracer }: ObserveDeps): ObserveClients {
  return {
    client: (server) => ({
      observer: kubectl,
      onRequest: (report) => {
        metrics.kubeRequest(server, report);
        if (tracer.enabled) tracer.record(...spanOfRequest(report));
      },
    }),
    credentials: { onPluginCall: kubectl.pluginCalled },
  };
}
