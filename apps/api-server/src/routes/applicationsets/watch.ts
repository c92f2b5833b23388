/** GET /api/v1/stream/applicationsets (N19): every change as it happens, filtered as lists are. */
import type { applicationSetRoutes } from '@tiphys/api-contract';
import type { StreamHandler } from '../../http/handler.js';
import type { Serialized } from '../../http/json.js';
import { type Change, createLatestItems, mapItems, mergeChanges } from '../../http/latest-items.js';
import type { ApplicationSetEntry, ApplicationSetEvent } from '../../kube/watched-application-sets.js';
import { parseVersion } from '../applications/watch.js';
import type { ApplicationSetDeps } from './deps.js';
import { createFilter } from './reads.js';

type WatchHandler = StreamHandler<(typeof applicationSetRoutes.watch)['schemas']>;

/** Without `resourceVersion`, or for one name, it starts with an ADDED for what exists. */
export function createWatchApplicationSets(deps: ApplicationSetDeps): WatchHandler {
  return async ({ query }, { user, signal }) => {
    const { appSetNamespace, ...rest } = query;
    const namespace = query.appsetNamespace || appSetNamespace;
    const shows = createFilter(deps, user, { ...rest, ...(namespace ? { appsetNamespace: namespace } : {}) });
    const after = parseVersion(query.resourceVersion);
    const initial = after === undefined || query.name ? deps.applicationSets.list().filter(shows) : [];
    const changes = createLatestItems<string, Change<ApplicationSetEntry>>(mergeChanges);
    for (const entry of initial) changes.put(keyOf(entry), { type: 'ADDED', object: entry });
    const stop = deps.applicationSets.subscribe((event) => {
      if (after !== undefined && event.entry.resourceVersion < after) return;
      const type = visibleType(event, shows);
      if (type !== undefined) changes.put(keyOf(event.entry), { type, object: event.entry });
    });
    signal.addEventListener('abort', stop, { once: true });
    return { items: mapItems(changes.read(signal), eventText), isPermitted: () => true };
  };
}

function keyOf({ applicationSet: { metadata } }: ApplicationSetEntry): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** One that leaves the filter is DELETED for this stream, one that enters it ADDED. */
function visibleType(
  { type, entry, previous }: ApplicationSetEvent,
  shows: (entry: ApplicationSetEntry) => boolean,
): ApplicationSetEvent['type'] | undefined {
  const before = previous !== undefined && shows(previous);
  const now = type !== 'DELETED' && shows(entry);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

function eventText({ type, object }: Change<ApplicationSetEntry>): Serialized {
  return { serialized: `{"type":"${type}","applicationSet":${object.json}}` };
}
