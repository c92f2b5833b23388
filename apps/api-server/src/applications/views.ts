/**
 * Views of the applications: what one caller sees of one query, in order, with counts. A view is kept and brought up to date
 * with what changed since it was last read, so that a page of 50 of 10,000 costs 50.
 */
import type { ApplicationCounts, ApplicationListQuery } from '@tiphys/api-contract';
import type { AppKey } from '@tiphys/model';
import type { Subject } from '../http/context.js';
import type { ApplicationDeps } from './deps.js';
import { type ClusterNameOf, createTally, facetsOf, failedFacets } from './facets.js';
import { createBaseFilter } from './filter.js';
import { accessNameOf } from './names.js';
import { type Order, orderOf, type Position, placeOf } from './order.js';
import type { ApplicationEntry } from './store.js';

export type ViewQuery = Omit<ApplicationListQuery, 'limit' | 'continue' | 'counts' | 'fields' | 'refresh'>;

export interface ApplicationView {
  /** Sorted; valid until the next turn of the event loop. */
  readonly entries: readonly ApplicationEntry[];
  readonly order: Order;
  counts(): ApplicationCounts;
}

export interface ApplicationViews {
  /** Throws `invalidArgument` on a malformed selector. */
  get(user: Subject, query: ViewQuery): ApplicationView;
}

type ViewDeps = Pick<ApplicationDeps, 'store' | 'authorizer' | 'namespace' | 'settings' | 'projects'>;

/** Each holds references only. */
const KEPT = 32;
/** Above this, and a quarter of all, it is cheaper to begin again. */
const MANY_CHANGES = 100;

interface KeptView {
  readonly policy: string;
  readonly view: UpdatableView;
}

export function createApplicationViews(deps: ViewDeps, clusterNameOf: ClusterNameOf): ApplicationViews {
  const kept = new Map<string, KeptView>();
  return {
    get: (user, query) => {
      const key = JSON.stringify([identityOf(user), query]);
      // Settings and projects hold the access policy and the names of clusters.
      const policy = `${deps.settings.version()}-${deps.projects.version}`;
      const known = kept.get(key);
      const view = known?.policy === policy ? known.view : createView(deps, { user, query, clusterNameOf });
      view.update();
      kept.delete(key);
      kept.set(key, { policy, view });
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
      return view;
    },
  };
}

/** Who somebody is for the policy: two sessions of one person see the same. */
export function identityOf({ issuedAt: _issued, expiresAt: _expires, tokenId: _id, ...identity }: Subject): object {
  return identity;
}

interface ViewRequest {
  readonly user: Subject;
  readonly query: ViewQuery;
  readonly clusterNameOf: ClusterNameOf;
}

interface UpdatableView extends ApplicationView {
  update(): void;
}

function createView(deps: ViewDeps, { user, query, clusterNameOf }: ViewRequest): UpdatableView {
  const { store, authorizer, namespace } = deps;
  const isAsked = createBaseFilter(query);
  const facets = facetsOf(query, clusterNameOf);
  const order = orderOf(query, clusterNameOf);
  /** What the caller may see, whether or not a facet hides it: as it was counted. */
  const seen = new Map<AppKey, ApplicationEntry>();
  let tally = createTally(facets);
  let entries: ApplicationEntry[] = [];
  let version = -1;

  /** Counts it; whether it is in the list. */
  const count = ({ application }: ApplicationEntry, by: 1 | -1): boolean => {
    const failed = failedFacets(facets, application);
    tally.change(application, failed, by);
    return failed.length === 0;
  };
  const admit = (entry: ApplicationEntry): boolean => {
    const { application } = entry;
    const object = accessNameOf(application, namespace);
    if (!isAsked(application) || !authorizer(user, { resource: 'applications', action: 'get', object })) return false;
    seen.set(entry.key, entry);
    return count(entry, 1);
  };
  const place = (entry: ApplicationEntry): number => placeOf(entries, order.positionOf(entry), order);
  const rebuild = (): void => {
    seen.clear();
    tally = createTally(facets);
    const placed: { readonly entry: ApplicationEntry; readonly position: Position }[] = [];
    for (const entry of store.all()) {
      if (admit(entry)) placed.push({ entry, position: order.positionOf(entry) });
    }
    entries = placed.sort((a, b) => order.compare(a.position, b.position)).map(({ entry }) => entry);
  };
  const replace = (key: AppKey): void => {
    const before = seen.get(key);
    if (before !== undefined) {
      seen.delete(key);
      if (count(before, -1)) entries.splice(place(before), 1);
    }
    const now = store.get(key);
    if (now !== undefined && admit(now)) entries.splice(place(now), 0, now);
  };
  return {
    order,
    get entries() {
      return entries;
    },
    counts: () => tally.counts(),
    update: () => {
      const changed = store.changesSince(version);
      version = store.version;
      if (changed === undefined || changed.size > Math.max(MANY_CHANGES, store.size / 4)) rebuild();
      else for (const key of changed) replace(key);
    },
  };
}
