/** GET /api/v1/stream/applicationsets (N19): every change as it happens, filtered as lists are. */
import type { applicationSetRoutes } from '@tiphys/api-contract';
import { ApiError } from '../../errors.js';
import type { StreamHandler } from '../../http/bind.js';
import type { ApplicationSetEntry, ApplicationSetEvent } from '../../kube/watched-application-sets.js';
import { aborted } from '../applications/watch.js';
import type { ApplicationSetDeps } from './deps.js';
import { createFilter } from './reads.js';

type WatchHandler = StreamHandler<(typeof applicationSetRoutes.watch)['schemas']>;

/** Without `resourceVersion`, or for one name, it starts with an ADDED for what exists. */
export function createWatchApplicationSets(deps: ApplicationSetDeps): WatchHandler {
  return async ({ query }, { user, signal }, sink) => {
    const { appSetNamespace, ...rest } = query;
    const namespace = query.appsetNamespace || appSetNamespace;
    const shows = createFilter(deps, user, { ...rest, ...(namespace ? { appsetNamespace: namespace } : {}) });
    const after = parseVersion(query.resourceVersion);
    const initial = after === undefined || query.name ? deps.applicationSets.list().filter(shows) : [];
    sink.open();
    for (const entry of initial) sink.send(eventText('ADDED', entry));
    const stop = deps.applicationSets.subscribe((event) => {
      if (after !== undefined && event.entry.resourceVersion < after) return;
      const type = visibleType(event, shows);
      if (type !== undefined) sink.send(eventText(type, event.entry));
    });
    await aborted(signal);
    stop();
  };
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

function eventText(type: ApplicationSetEvent['type'], { json }: ApplicationSetEntry): string {
  return `{"type":"${type}","applicationSet":${json}}`;
}

function parseVersion(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new ApiError('invalidArgument', `resourceVersion "${text}" is not a number`);
  return BigInt(text);
}
