/** Creating (with `upsert` updating) and deleting ApplicationSets (N06). */
import { isDeepStrictEqual } from 'node:util';
import type { applicationSetRoutes } from '@tiphys/api-contract';
import { kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { type ApplicationSet, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { RequestContext } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { applicationSetJson } from '../../kube/watched-application-sets.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import { type ApplicationSetDeps, accessNameOfSet, findApplicationSet } from './deps.js';
import { checkedApplicationSet } from './input.js';

type Routes = typeof applicationSetRoutes;

const ATTEMPTS = 10;
const KIND = 'ApplicationSet';

/** Called with `dryRun`: the ApplicationSet as the cluster would store it, with what it would generate in its status. */
export type DryRun = (wanted: ApplicationSet, context: RequestContext) => Promise<ApplicationSet>;

/** An equal ApplicationSet that exists already is answered as created; a different one needs `upsert`. */
export function createCreateApplicationSet(
  deps: ApplicationSetDeps,
  dryRun: DryRun,
): Handler<Routes['create']['schemas']> {
  return async ({ query, body }, context) => {
    const wanted = checkedApplicationSet(deps, context.user, body);
    const result =
      query.dryRun === true
        ? await dryRun(wanted, context)
        : await createOrUpdate(deps, wanted, { context, upsert: query.upsert === true });
    return { serialized: applicationSetJson(result) };
  };
}

interface CreateOptions {
  readonly context: RequestContext;
  readonly upsert: boolean;
}

async function createOrUpdate(
  deps: ApplicationSetDeps,
  wanted: ApplicationSet,
  { context, upsert }: CreateOptions,
): Promise<ApplicationSet> {
  const { user, signal } = context;
  try {
    const created = await deps.kube.create(RESOURCES.applicationSets, objectOf(wanted), options(signal));
    deps.applicationSets.observe(created);
    deps.audit(user, created, { reason: 'ResourceCreated', action: 'created ApplicationSet', kind: KIND });
    return created as unknown as ApplicationSet;
  } catch (error) {
    if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
  }
  const existing = await read(deps, wanted, signal);
  if (sameIntent(existing, wanted)) return existing;
  if (!upsert) {
    const text = 'existing ApplicationSet spec is different, use upsert flag to force update';
    throw new ApiError('invalidArgument', text);
  }
  return update(deps, wanted, { existing, context });
}

/** Writes with the version that was read; whoever changed it meanwhile is not overwritten unseen: rights are asked anew. */
async function update(
  deps: ApplicationSetDeps,
  wanted: ApplicationSet,
  { existing, context: { user, signal } }: { readonly existing: ApplicationSet; readonly context: RequestContext },
): Promise<ApplicationSet> {
  let current = existing;
  for (let attempt = 1; ; attempt += 1) {
    for (const applicationSet of [current, wanted]) {
      const object = accessNameOfSet(applicationSet, deps.namespace);
      authorize(deps.authorizer, user, { resource: 'applicationsets', action: 'update', object });
    }
    try {
      const next = objectOf(withIntent(current, wanted));
      const written = await deps.kube.replace(RESOURCES.applicationSets, next, options(signal));
      deps.applicationSets.observe(written);
      deps.audit(user, written, { reason: 'ResourceUpdated', action: 'updated ApplicationSets spec', kind: KIND });
      return written as unknown as ApplicationSet;
    } catch (error) {
      if (attempt === ATTEMPTS || !isGitOpsError(error) || error.code !== 'Conflict') throw error;
    }
    current = await read(deps, wanted, signal);
  }
}

export function createDeleteApplicationSet(deps: ApplicationSetDeps): Handler<Routes['delete']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const request = { ...query, name: params.name, action: 'delete' } as const;
    const { applicationSet } = findApplicationSet(deps, user, request);
    const { name = '', namespace = deps.namespace, uid } = applicationSet.metadata;
    await deps.kube.delete(
      RESOURCES.applicationSets,
      { name, namespace },
      // The one that the rights were checked for, not a successor of the same name.
      { ...(uid === undefined ? {} : { preconditions: { uid } }), signal },
    );
    deps.audit(user, applicationSet, { reason: 'ResourceDeleted', action: 'deleted ApplicationSets', kind: KIND });
    return {};
  };
}

async function read(deps: ApplicationSetDeps, wanted: ApplicationSet, signal: AbortSignal): Promise<ApplicationSet> {
  const { name = '', namespace = deps.namespace } = wanted.metadata;
  const object = await deps.kube.get(RESOURCES.applicationSets, { name, namespace }, signal);
  if (object !== undefined) return object as unknown as ApplicationSet;
  throw new ApiError('aborted', `ApplicationSet ${name} was deleted meanwhile; try again`);
}

function options(signal: AbortSignal) {
  return { fieldManager: API_SERVER_MANAGER, signal };
}

function objectOf(applicationSet: ApplicationSet): KubernetesObject {
  return applicationSet as unknown as KubernetesObject;
}

function sameIntent(existing: ApplicationSet, wanted: ApplicationSet): boolean {
  const intent = ({ spec, metadata: { labels = {}, annotations = {}, finalizers = [] } }: ApplicationSet) => ({
    ...{ spec, labels, annotations, finalizers },
  });
  return isDeepStrictEqual(intent(existing), intent(wanted));
}

/** Labels and annotations are added, as Argo CD's upsert does. */
function withIntent(current: ApplicationSet, { metadata, spec }: ApplicationSet): ApplicationSet {
  const labels = { ...current.metadata.labels, ...metadata.labels };
  const annotations = { ...current.metadata.annotations, ...metadata.annotations };
  return { ...current, metadata: { ...current.metadata, labels, annotations }, spec };
}
