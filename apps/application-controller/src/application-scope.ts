/** Every reconcile runs in the scope of its application, and in a span: what it asks of others is counted for it (M01, M07). */
import type { AppKey, Application } from '@tiphys/model';
import type { ReconcileOutcome, Reconciler } from '@tiphys/queue';
import { inScope, type ScopedApplication, type Tracer } from '@tiphys/runtime';

export interface ScopeDeps {
  readonly applications: { get(key: AppKey): Application | undefined };
  readonly tracer: Tracer;
}

/** An application that is gone has no scope. */
export function traced(deps: ScopeDeps, name: 'refresh' | 'operation', reconcile: Reconciler): Reconciler {
  return (key, signal) => {
    const app = deps.applications.get(key);
    const work = (): Promise<ReconcileOutcome> =>
      deps.tracer.span(`reconcile ${name}`, { fields: { 'argocd.project': app?.spec.project } }, async (span) => {
        const outcome = await reconcile(key, signal);
        span.set({ outcome: outcome.kind, reason: outcome.kind === 'requeueAfter' ? outcome.reason : undefined });
        return outcome;
      });
    return app === undefined ? work() : inScope({ application: scopeOf(app) }, work);
  };
}

function scopeOf({ metadata, spec, operation }: Application): ScopedApplication {
  const { namespace = '', name = '' } = metadata;
  return { namespace, name, project: spec.project, dryRun: operation?.sync?.dryRun === true };
}
