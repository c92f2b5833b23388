/** GET /api/v1/stream/applications (N19): every change as it happens, filtered as lists are. */
import type { ApplicationQuery, applicationRoutes } from '@tiphys/api-contract';
import type { AppKey } from '@tiphys/model';
import type { ApplicationDeps } from '../../applications/deps.js';
import { type FieldMask, parseFieldMask } from '../../applications/field-mask.js';
import { createFilter } from '../../applications/filter.js';
import { createMaskedTexts, type MaskedTexts } from '../../applications/masked-texts.js';
import { accessNameOf } from '../../applications/names.js';
import type { ApplicationEntry, ApplicationEvent } from '../../applications/store.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { StreamHandler } from '../../http/handler.js';
import type { Serialized } from '../../http/json.js';
import { type Change, createLatestItems, mapItems, mergeChanges } from '../../http/latest-items.js';
import { visible } from './list.js';

type WatchHandler = StreamHandler<(typeof applicationRoutes.watch)['schemas']>;

/**
 * Without `resourceVersion`, or for one name, it starts with an ADDED for what exists (single-application watches
 * must not miss a change that happened between the get and the watch).
 */
export function createWatchApplications(deps: ApplicationDeps): WatchHandler {
  const texts = createMaskedTexts();
  return async ({ query }, { user, signal }) => {
    const after = parseVersion(query.resourceVersion);
    const textOf = eventText(parseFieldMask(query.fields), texts);
    const initial = after === undefined || query.name ? visible(deps, user, query) : [];
    const changes = createLatestItems<AppKey, Change<ApplicationEntry>>(mergeChanges);
    for (const entry of initial) changes.put(entry.key, { type: 'ADDED', object: entry });
    const typeOf = eventType(deps, user, query);
    const stop = deps.store.subscribe((event) => {
      if (after !== undefined && event.entry.resourceVersion < after) return;
      const type = typeOf(event);
      if (type !== undefined) changes.put(event.entry.key, { type, object: event.entry });
    });
    signal.addEventListener('abort', stop, { once: true });
    return { items: mapItems(changes.read(signal), textOf), isPermitted: () => true };
  };
}

/** An application that leaves the filter is DELETED for this stream, one that enters it ADDED (user pain 1). */
function eventType(deps: ApplicationDeps, user: Subject, query: ApplicationQuery) {
  const matches = createFilter(query);
  const shows = (entry: ApplicationEntry | undefined): boolean =>
    entry !== undefined &&
    matches(entry.application) &&
    deps.authorizer(user, {
      resource: 'applications',
      action: 'get',
      object: accessNameOf(entry.application, deps.namespace),
    });
  return ({ type, entry, previous }: ApplicationEvent): ApplicationEvent['type'] | undefined => {
    const before = shows(previous);
    const now = type !== 'DELETED' && shows(entry);
    if (now) return before ? 'MODIFIED' : 'ADDED';
    return before ? 'DELETED' : undefined;
  };
}

function eventText(mask: FieldMask | undefined, texts: MaskedTexts) {
  const below = mask?.at('result');
  const inside = below?.at('application');
  return ({ type, object }: Change<ApplicationEntry>): Serialized => {
    const json = inside === undefined ? object.json : texts.textOf(object, inside);
    const fields = [
      ...(below?.drops('type') === true ? [] : [`"type":"${type}"`]),
      ...(below?.drops('application') === true ? [] : [`"application":${json}`]),
    ];
    return { serialized: `{${fields.join(',')}}` };
  };
}

/** @throws ApiError invalidArgument. */
export function parseVersion(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new ApiError('invalidArgument', `resourceVersion "${text}" is not a number`);
  return BigInt(text);
}
