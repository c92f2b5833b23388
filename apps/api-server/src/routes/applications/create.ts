/** POST /api/v1/applications: creates, or with `upsert` updates (N01). */
import { isDeepStrictEqual } from 'node:util';
import type { applicationRoutes } from '@tiphys/api-contract';
import { kubeStatusOf } from '@tiphys/cluster';
import { type Application, appKey } from '@tiphys/model';
import type { ApplicationDeps } from '../../applications/deps.js';
import { accessNameOf } from '../../applications/names.js';
import { applicationJson } from '../../applications/store.js';
import { toApplication, validateApplication } from '../../applications/validate.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';

type CreateHandler = Handler<(typeof applicationRoutes.create)['schemas']>;

/** An equal application that exists already is answered as created; a different one needs `upsert`. */
export function createCreateApplication(deps: ApplicationDeps): CreateHandler {
  return async ({ query, body }, context) => {
    const application = toApplication(body, deps.namespace);
    const object = accessNameOf(application, deps.namespace);
    authorize(deps.authorizer, context.user, { resource: 'applications', action: 'create', object });
    if (application.operation !== undefined) {
      const local = (application.operation.sync?.manifests ?? []).length > 0;
      for (const action of local ? (['sync', 'override'] as const) : (['sync'] as const)) {
        authorize(deps.authorizer, context.user, { resource: 'applications', action, object });
      }
    }
    if (query.validate !== false) validateApplication(deps, application);
    try {
      const created = await deps.writer.create(application, context.signal);
      deps.audit(context.user, created, { reason: 'ResourceCreated', action: 'created application' });
      return { serialized: applicationJson(created) };
    } catch (error) {
      if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
      return {
        serialized: applicationJson(await onExisting(deps, application, { context, upsert: query.upsert === true })),
      };
    }
  };
}

async function onExisting(
  deps: ApplicationDeps,
  wanted: Application,
  { context, upsert }: { readonly context: RequestContext; readonly upsert: boolean },
): Promise<Application> {
  const { name = '', namespace = '' } = wanted.metadata;
  const key = appKey(namespace, name);
  const existing = await deps.writer.read(key, context.signal);
  if (existing === undefined) throw new ApiError('aborted', `application ${name} was deleted meanwhile; try again`);
  if (sameIntent(existing, wanted)) return existing;
  if (!upsert) {
    const text = 'existing application spec is different, use upsert flag to force update';
    throw new ApiError('invalidArgument', text);
  }
  for (const application of [existing, wanted]) {
    const object = accessNameOf(application, deps.namespace);
    authorize(deps.authorizer, context.user, { resource: 'applications', action: 'update', object });
  }
  const updated = await deps.writer.update(
    key,
    (current) => withIntent(current, wanted, { merge: true }),
    context.signal,
  );
  deps.audit(context.user, updated, { reason: 'ResourceUpdated', action: 'updated application spec' });
  return updated;
}

function sameIntent(existing: Application, wanted: Application): boolean {
  const intent = ({ spec, metadata: { labels = {}, annotations = {}, finalizers = [] } }: Application) => ({
    ...{ spec, labels, annotations, finalizers },
  });
  return isDeepStrictEqual(intent(existing), intent(wanted));
}

/** `current` with the parts of `wanted` that users own; with `merge` labels and annotations are added, else replaced. */
export function withIntent(
  current: Application,
  wanted: Pick<Application, 'metadata' | 'spec'>,
  { merge }: { readonly merge: boolean },
): Application {
  const { labels: _labels, annotations: _annotations, finalizers: _finalizers, ...metadata } = current.metadata;
  const base = merge ? current.metadata : {};
  const labels = { ...base.labels, ...wanted.metadata.labels };
  const annotations = { ...base.annotations, ...wanted.metadata.annotations };
  const finalizers = wanted.metadata.finalizers ?? [];
  return {
    ...current,
    metadata: {
      ...metadata,
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
    spec: wanted.spec,
  };
}
