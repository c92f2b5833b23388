/** Lists, single ApplicationSets, their Events and their tree (N06). */
import { type ApplicationSetQuery, type applicationSetRoutes, listOf } from '@tiphys/api-contract';
import { RESOURCES } from '@tiphys/cluster';
import { type ApplicationSet, GROUP, VERSION } from '@tiphys/model';
import { projectOf } from '../../applications/names.js';
import { parseSelector } from '../../applications/selector.js';
import type { Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import type { ApplicationSetEntry } from '../../kube/watched-application-sets.js';
import { type ApplicationSetDeps, checkNamespace, findApplicationSet, mayGet } from './deps.js';

type Routes = typeof applicationSetRoutes;

const MAX_EVENTS = 500;

export function createListApplicationSets(deps: ApplicationSetDeps): Handler<Routes['list']['schemas']> {
  return async ({ query }, { user }) => {
    const shows = createFilter(deps, user, query);
    const items = deps.applicationSets.list().filter(shows);
    const metadata = `"metadata":{"resourceVersion":"${deps.applicationSets.resourceVersion}"}`;
    return { serialized: `{${metadata},"items":[${items.map(({ json }) => json).join(',')}]}` };
  };
}

/** What matches the query and may be seen. Throws `invalidArgument` on a malformed selector. */
export function createFilter(
  deps: ApplicationSetDeps,
  user: Subject,
  query: ApplicationSetQuery & { readonly name?: string },
): (entry: ApplicationSetEntry) => boolean {
  const projects = new Set(listOf(query.projects));
  const hasLabels = parseSelector(query.selector ?? '');
  if (query.appsetNamespace) checkNamespace(deps, query.appsetNamespace);
  return (entry) => {
    const { metadata, spec } = entry.applicationSet;
    if (query.name && metadata.name !== query.name) return false;
    if (projects.size > 0 && !projects.has(projectOf({ spec: spec.template.spec }))) return false;
    return hasLabels(metadata.labels ?? {}) && mayGet(deps, user, entry);
  };
}

export function createGetApplicationSet(deps: ApplicationSetDeps): Handler<Routes['get']['schemas']> {
  return async ({ params, query }, { user }) => {
    const { json } = findApplicationSet(deps, user, { ...query, name: params.name, action: 'get' });
    return { serialized: json };
  };
}

export function createListApplicationSetEvents(deps: ApplicationSetDeps): Handler<Routes['events']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { applicationSet } = findApplicationSet(deps, user, { ...query, name: params.name, action: 'get' });
    const { name = '', uid = '', namespace = deps.namespace } = applicationSet.metadata;
    const selector = Object.entries({ name, uid, namespace }).map(([key, value]) => `involvedObject.${key}=${value}`);
    const page = await deps.kube.list(RESOURCES.events, {
      ...{ namespace, fieldSelector: selector.join(','), limit: MAX_EVENTS, signal },
    });
    return { metadata: { resourceVersion: page.resourceVersion }, items: page.items.map((item) => ({ ...item })) };
  };
}

/** Its applications, as its status names them, below it. */
export function createGetApplicationSetTree(deps: ApplicationSetDeps): Handler<Routes['resourceTree']['schemas']> {
  return async ({ params, query }, { user }) => {
    const { applicationSet } = findApplicationSet(deps, user, { ...query, name: params.name, action: 'get' });
    return treeOf(applicationSet);
  };
}

function treeOf({ metadata, status }: ApplicationSet) {
  const { name = '', namespace = '', uid = '' } = metadata;
  const parent = { group: GROUP, version: VERSION, kind: 'ApplicationSet', name, namespace, uid };
  const resources = [...(status?.resources ?? [])].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
  return {
    nodes: resources.map((resource) => ({
      group: resource.group ?? '',
      version: resource.version ?? '',
      kind: resource.kind ?? '',
      namespace,
      name: resource.name ?? '',
      parentRefs: [parent],
      ...(resource.health === undefined ? {} : { health: resource.health }),
    })),
  };
}
