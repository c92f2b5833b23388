/** DELETE /api/v1/applications/{name}: how the deployed resources go is written as finalizers first (A22, A42). */
import type { applicationRoutes } from '@tiphys/api-contract';
import { type Application, FINALIZERS } from '@tiphys/model';
import type { ApplicationDeps } from '../../applications/deps.js';
import { findApplication } from '../../applications/find.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';

type DeleteHandler = Handler<(typeof applicationRoutes.delete)['schemas']>;

const CASCADE: readonly string[] = [
  FINALIZERS.resources,
  FINALIZERS.resourcesForeground,
  FINALIZERS.resourcesBackground,
];

export function createDeleteApplication(deps: ApplicationDeps): DeleteHandler {
  return async ({ params, query }, { user, signal }) => {
    const finalizer = cascadeFinalizer(query.cascade !== false, query.propagationPolicy ?? '');
    const entry = findApplication(deps, user, { ...query, name: params.name, action: 'delete' });
    const current = await deps.writer.update(entry.key, (application) => withFinalizer(application, finalizer), signal);
    await deps.writer.delete(entry.key, { uid: current.metadata.uid, signal });
    deps.audit(user, current, { reason: 'ResourceDeleted', action: 'deleted application' });
    return {};
  };
}

/** Undefined: the resources stay. */
export function cascadeFinalizer(cascade: boolean, propagationPolicy: string): string | undefined {
  if (!cascade) {
    if (propagationPolicy === '') return undefined;
    throw new ApiError('invalidArgument', 'cannot set propagation policy when cascading is disabled');
  }
  switch (propagationPolicy.toLowerCase()) {
    case '':
    case 'foreground':
      return FINALIZERS.resources;
    case 'background':
      return FINALIZERS.resourcesBackground;
    default:
      throw new ApiError(
        'invalidArgument',
        `invalid propagation policy: ${propagationPolicy}; use foreground or background`,
      );
  }
}

/** Undefined when the finalizers are right already: one cascade finalizer, or none. */
export function withFinalizer(application: Application, finalizer: string | undefined): Application | undefined {
  const before = application.metadata.finalizers ?? [];
  const others = before.filter((name) => !CASCADE.includes(name));
  // Argo CD takes the plain name and /foreground for the same: keep the one that is there.
  const wanted =
    finalizer === FINALIZERS.resources && before.includes(FINALIZERS.resourcesForeground)
      ? FINALIZERS.resourcesForeground
      : finalizer;
  const after = wanted === undefined ? others : [...others, wanted];
  const unchanged = after.length === before.length && after.every((name) => before.includes(name));
  if (unchanged) return undefined;
  return { ...application, metadata: { ...application.metadata, finalizers: after } };
}
