/** GET /api/v1/stream/applications (N19): every change as it happens, filtered as lists are. */
import type { ApplicationFilter, applicationRoutes } from '@tiphys/api-contract';
import type { AppKey } from '@tiphys/model';
import { createClusterNames } from '../../applications/cluster-names.js';
import type { ApplicationDeps } from '../../applications/deps.js';
import type { ClusterNameOf } from '../../applications/facets.js';
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

type WatchHandler = StreamHandler<(typeof applicationRoutes.watch)['schemas']>;

/**
 * Without `resourceVersion`, or for one name, it starts with an ADDED for what exists (single-application watches
 * must not miss a change that happened between the get and the watch).
 */
export function createWatchApplications(deps: ApplicationDeps): WatchHandler {
  const texts = createMaskedTexts();
  const clusterNameOf = createClusterNames(deps.settings);
  return async ({ query }, { user, signal }) => {
    const after = parseVersion(query.resourceVersion);
    const textOf = eventText(parseFieldMask(query.fields), texts);
    const shows = createShows(deps, { user, query, clusterNameOf });
    const initial = after === undefined || query.name ? deps.store.list().filter(shows) : [];
    const changes = createLatestItems<AppKey, Change<ApplicationEntry>>(mergeChanges);
    for (const entry of initial) changes.put(entry.key, { type: 'ADDED', object: entry });
    const stop = deps.store.subscribe((event) => {
      if (after !== undefined && event.entry.resourceVersion < after) return;
      const type = visibleType(event, shows);
      if (type !== undefined) changes.put(event.entry.key, { type, object: event.entry });
    });
    signal.addEventListener('abort', stop, { once: true });
    return { items: mapItems(changes.read(signal), textOf), isPermitted: () => true };
  };
}

interface WatchRequest {
  readonly user: Subject;
  readonly query: ApplicationFilter;
  readonly clusterNameOf: ClusterNameOf;
}

/** Asked for every event: the access policy may have changed. */
function createShows(deps: ApplicationDeps, { user, query, clusterNameOf }: WatchRequest) {
  const matches = createFilter(query, clusterNameOf);
  return ({ application }: ApplicationEntry): boolean => {
    const object = accessNameOf(application, deps.namespace);
    return matches(application) && deps.authorizer(user, { resource: 'applications', action: 'get', object });
  };
}

/** An application that leaves the filter is DELETED for this stream, one that enters it ADDED (user pain 1). */
function visibleType(
  { type, entry, previous }: ApplicationEvent,
  shows: (entry: ApplicationEntry) => boolean,
): ApplicationEvent['type'] | undefined {
  const before = previous !== undefined && shows(previous);
  const now = type !== 'DELETED' && shows(entry);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
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
