/** The controller's metrics under Argo CD's names (M01), plus the depth of the queues. */
import type { Application, OperationState } from '@tiphys/model';
import type { KeyedQueue } from '@tiphys/queue';
import type { Metrics } from '@tiphys/runtime';

export interface ControllerMetrics {
  reconciled(durationMs: number): void;
  operationFinished(app: Application, state: OperationState): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60];

export function createControllerMetrics(
  metrics: Metrics,
  queues: { readonly refreshQueue: KeyedQueue; readonly operationQueue: KeyedQueue },
): ControllerMetrics {
  const reconcile = metrics.histogram({
    name: 'argocd_app_reconcile',
    help: 'Seconds of one application reconciliation',
    buckets: SECONDS,
  });
  const syncs = metrics.counter({
    name: 'argocd_app_sync_total',
    help: 'Finished sync operations',
    labels: ['name', 'namespace', 'project', 'phase', 'dry_run'],
  });
  metrics.gauge({
    name: 'tiphys_queue_depth',
    help: 'Jobs by queue and state',
    labels: ['queue', 'state'],
    async collect(gauge) {
      for (const [queue, source] of [
        ['refresh', queues.refreshQueue],
        ['operation', queues.operationQueue],
      ] as const) {
        const depth = await source.depth();
        for (const [state, count] of Object.entries(depth)) gauge.set({ queue, state }, count);
      }
    },
  });
  return {
    reconciled: (durationMs) => reconcile.observe(durationMs / 1_000),
    operationFinished: (app, state) => {
      const { name = '', namespace = '' } = app.metadata;
      syncs.inc({
        name,
        namespace,
        project: app.spec.project,
        phase: state.phase,
        dry_run: String(state.operation.sync?.dryRun === true),
      });
    },
  };
}
