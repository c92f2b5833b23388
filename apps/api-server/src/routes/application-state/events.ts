/** Sync windows and Kubernetes Events of an application (N02, N03). */
import type { applicationStateRoutes } from '@tiphys/api-contract';
import { RESOURCES } from '@tiphys/cluster';
import { resourceTreeCacheKey, type SyncWindow } from '@tiphys/model';
import { findApplication } from '../../applications/find.js';
import { windowsNow } from '../../applications/windows.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import type { Destinations } from '../../kube/destinations.js';
import { readView } from './cached-views.js';
import type { ApplicationStateDeps } from './deps.js';

type Routes = typeof applicationStateRoutes;

const MAX_EVENTS = 500;

/** Events of the application itself, or of one of its resources, which are on the cluster of its destination. */
export function createListEvents(
  deps: ApplicationStateDeps,
  destinations: Pick<Destinations, 'for'>,
): Handler<Routes['events']['schemas']> {
  return async ({ params, query }, context) => {
    const { resourceName, resourceNamespace, resourceUID } = query;
    const { application } = findApplication(deps.applications, context.user, {
      ...query,
      name: params.name,
      action: 'get',
    });
    const asksResource = Boolean(resourceName) || Boolean(resourceUID);
    if (asksResource) await checkResource(() => readView(deps, context, treeOf(params.name, query)), resourceUID);
    const { name = '', namespace = '', uid = '' } = application.metadata;
    const fields = asksResource
      ? {
          'involvedObject.uid': resourceUID,
          'involvedObject.name': resourceName,
          'involvedObject.namespace': resourceNamespace,
        }
      : { 'involvedObject.name': name, 'involvedObject.uid': uid, 'involvedObject.namespace': namespace };
    const client = asksResource ? (await destinations.for(application.spec.destination)).client : deps.kube;
    const page = await client.list(RESOURCES.events, {
      namespace: asksResource ? resourceNamespace || application.spec.destination.namespace || namespace : namespace,
      fieldSelector: fieldSelector(fields),
      limit: MAX_EVENTS,
      signal: context.signal,
    });
    return { metadata: { resourceVersion: page.resourceVersion }, items: page.items.map((item) => ({ ...item })) };
  };
}

function treeOf(name: string, query: { appNamespace?: string; project?: string }) {
  return { name, query, keyOf: resourceTreeCacheKey };
}

function fieldSelector(fields: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return entries.map(([field, value]) => `${field}=${value}`).join(',');
}

/** Only resources that are in the application's tree: the request must not read the events of others. */
async function checkResource(readTree: () => ReturnType<typeof readView>, uid: string | undefined): Promise<void> {
  const { text } = await readTree();
  const { nodes = [] } = JSON.parse(text ?? '{}') as { readonly nodes?: readonly { readonly uid?: string }[] };
  if (uid === undefined || !nodes.some((node) => node.uid === uid)) {
    throw new ApiError('notFound', 'the resource is not part of the application; give its resourceUID from the tree');
  }
}

/** The windows of the project that name the application, and whether a person may sync now. */
export function createGetSyncWindows(deps: ApplicationStateDeps): Handler<Routes['syncWindows']['schemas']> {
  return async ({ params, query }, { user }) => {
    const { application } = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const { assigned, active, decision } = windowsNow(deps.applications, application);
    return {
      ...(active.length === 0 ? {} : { activeWindows: active.map(windowBody) }),
      ...(assigned.length === 0 ? {} : { assignedWindows: assigned.map(windowBody) }),
      canSync: decision.allowed,
    };
  };
}

function windowBody({ kind = '', schedule = '', duration = '', manualSync = false }: SyncWindow) {
  return { kind, schedule, duration, manualSync };
}
