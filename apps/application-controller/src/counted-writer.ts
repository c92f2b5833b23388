/** Writes of a sync as Argo CD counts its runs of kubectl (M01), each in a span (M07). */
import { type ResourceKey, resourceKeyOf } from '@tiphys/model';
import type { SpanOptions, Tracer } from '@tiphys/runtime';
import type { ControllerMetrics, KubectlCommand } from './metrics.js';
import type { ApplyRequest, DestinationCluster, ResourceWriter } from './ports.js';

export interface CountingDeps {
  readonly metrics: Pick<ControllerMetrics, 'kubectl'>;
  readonly tracer: Tracer;
}

/** Deletions are in the spans, not in the counts: Argo CD makes them without kubectl. */
export function countedWriter(writer: ResourceWriter, { metrics, tracer }: CountingDeps): ResourceWriter {
  return {
    ...writer,
    apply: async (cluster, object, request) => {
      const ended = metrics.kubectl(commandOf(request));
      try {
        return await tracer.span('apply', spanOf(cluster, resourceKeyOf(object)), () =>
          writer.apply(cluster, object, request),
        );
      } finally {
        ended();
      }
    },
    prune: (cluster, key, request) =>
      tracer.span('prune', spanOf(cluster, key), () => writer.prune(cluster, key, request)),
  };
}

function commandOf({ replace, live }: ApplyRequest): KubectlCommand {
  if (!replace) return 'apply';
  return live === undefined ? 'create' : 'replace';
}

function spanOf({ server }: DestinationCluster, { group, kind, namespace, name }: ResourceKey): SpanOptions {
  return { fields: { 'k8s.server': server, 'k8s.resource': [group, kind, namespace, name].join('/') } };
}
