/** resource-tree, its stream, and managed-resources. */
import type { applicationStateRoutes, ManagedResourceView, ResourceFilterQuery } from '@tiphys/api-contract';
import { instanceNameOf, managedResourcesCacheKey, parseAppKey, resourceTreeCacheKey } from '@tiphys/model';
import { parseFieldMask } from '../../applications/field-mask.js';
import { findApplication } from '../../applications/find.js';
import { accessNameOf } from '../../applications/names.js';
import type { Handler, StreamHandler } from '../../http/handler.js';
import { type Serialized, toJson } from '../../http/json.js';
import { createLatestItems } from '../../http/latest-items.js';
import { readText, readView } from './cached-views.js';
import type { ApplicationStateDeps } from './deps.js';

type Routes = typeof applicationStateRoutes;

export function createGetResourceTree(deps: ApplicationStateDeps): Handler<Routes['resourceTree']['schemas']> {
  return async ({ params, query }, context): Promise<Serialized> => {
    const view = await readView(deps, context, { name: params.name, query, keyOf: resourceTreeCacheKey });
    return { serialized: maskedText(view.text ?? '{"nodes":[]}', query.fields) };
  };
}

/** An application that was never compared has no resources yet. */
export function createGetManagedResources(deps: ApplicationStateDeps): Handler<Routes['managedResources']['schemas']> {
  return async ({ params, query }, context): Promise<Serialized> => {
    const view = await readView(deps, context, { name: params.name, query, keyOf: managedResourcesCacheKey });
    const text = view.text ?? '[]';
    const items = isUnfiltered(query) ? text : toJson(itemsOf(text).filter((item) => matches(item, query)));
    return { serialized: maskedText(`{"items":${items}}`, query.fields) };
  };
}

/** The tree now and after every change that the controller announces; equal trees are not sent again. */
export function createWatchResourceTree(
  deps: ApplicationStateDeps,
): StreamHandler<Routes['watchResourceTree']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const entry = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const instanceName = instanceNameOf(parseAppKey(entry.key), deps.applications.namespace);
    const changes = createLatestItems<'tree', true>(() => true);
    const onChange = (): void => changes.put('tree', true);
    const stop = deps.treeChanges.subscribe(instanceName, onChange);
    signal.addEventListener('abort', stop, { once: true });
    onChange();
    const readNewest = () => readText(deps, resourceTreeCacheKey(instanceName));
    const { authorizer, namespace } = deps.applications;
    const isPermitted = () => {
      const now = deps.applications.store.get(entry.key) ?? entry;
      return authorizer(user, {
        resource: 'applications',
        action: 'get',
        object: accessNameOf(now.application, namespace),
      });
    };
    return { items: changedTexts(changes.read(signal), readNewest), isPermitted };
  };
}

async function* changedTexts(
  announcements: AsyncIterable<true>,
  readNewest: () => Promise<string | undefined>,
): AsyncGenerator<Serialized, void> {
  let sent: string | undefined;
  for await (const _ of announcements) {
    const text = await readNewest();
    if (text === undefined || text === sent) continue;
    sent = text;
    yield { serialized: text };
  }
}

function maskedText(text: string, fields: string | undefined): string {
  const mask = parseFieldMask(fields);
  return mask === undefined ? text : toJson(mask.apply(JSON.parse(text)) ?? {});
}

function itemsOf(text: string): readonly ManagedResourceView[] {
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? (value as readonly ManagedResourceView[]) : [];
}

function isUnfiltered({ group, kind, namespace, name }: ResourceFilterQuery): boolean {
  return !group && !kind && !namespace && !name;
}

function matches(item: ManagedResourceView, { group, kind, namespace, name }: ResourceFilterQuery): boolean {
  const wanted = [
    [group, item.group],
    [kind, item.kind],
    [namespace, item.namespace],
    [name, item.name],
  ] as const;
  return wanted.every(([asked, actual]) => !asked || asked === (actual ?? ''));
}
