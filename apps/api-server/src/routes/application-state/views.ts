/** resource-tree, its stream, and managed-resources. */
import type { applicationStateRoutes, ManagedResourceView, ResourceFilterQuery } from '@tiphys/api-contract';
import { instanceNameOf, managedResourcesCacheKey, parseAppKey, resourceTreeCacheKey } from '@tiphys/model';
import { parseFieldMask } from '../../applications/field-mask.js';
import { findApplication } from '../../applications/find.js';
import type { Handler, StreamHandler } from '../../http/bind.js';
import { type Serialized, toJson } from '../../http/json.js';
import { aborted } from '../applications/watch.js';
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
  return async ({ params, query }, { user, signal }, sink) => {
    const entry = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const instanceName = instanceNameOf(parseAppKey(entry.key), deps.applications.namespace);
    let sent: string | undefined;
    let turn = Promise.resolve();
    const sendNewest = async (): Promise<void> => {
      const text = await readText(deps, resourceTreeCacheKey(instanceName));
      if (text === undefined || text === sent || signal.aborted) return;
      sent = text;
      sink.send(text);
    };
    // One read at a time, in the order of the announcements.
    const onChange = (): void => void (turn = turn.then(sendNewest, sendNewest));
    const stop = deps.treeChanges.subscribe(instanceName, onChange);
    sink.open();
    onChange();
    await aborted(signal);
    stop();
    await turn.catch(() => undefined);
  };
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
