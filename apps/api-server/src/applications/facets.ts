/** What lists of applications can be filtered by, and counted by: each facet is one value of an application. */
import type { ApplicationCounts, ApplicationFilter } from '@tiphys/api-contract';
import { listOf } from '@tiphys/api-contract';
import type { Application } from '@tiphys/model';
import { projectOf } from './names.js';

/** The name of the cluster that an application is deployed to; its address where nobody registered it. */
export type ClusterNameOf = (application: Application) => string;

/** In the order in which counts are answered. */
export const COUNTED_FACETS = ['sync', 'health', 'project', 'cluster', 'autoSync'] as const;
export type CountedFacet = (typeof COUNTED_FACETS)[number];

interface Facet {
  readonly valueOf: (application: Application) => string;
  /** Undefined: the query says nothing of it. */
  readonly accepts: ((application: Application) => boolean) | undefined;
}

export type Facets = Readonly<Record<CountedFacet, Facet>>;

const UNKNOWN = 'Unknown';

export const syncStatusOf = ({ status }: Application): string => status?.sync?.status || UNKNOWN;
export const healthStatusOf = ({ status }: Application): string => status?.health?.status || UNKNOWN;

export function isAutoSynced({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated.enabled !== false;
}

export function facetsOf(query: ApplicationFilter, clusterNameOf: ClusterNameOf): Facets {
  const facet = (valueOf: Facet['valueOf'], wanted: readonly string[]): Facet => {
    const values = new Set(wanted);
    return { valueOf, accepts: values.size === 0 ? undefined : (application) => values.has(valueOf(application)) };
  };
  const clusters = new Set(listOf(query.cluster).map(trimAddress));
  return {
    sync: facet(syncStatusOf, listOf(query.syncStatus)),
    health: facet(healthStatusOf, listOf(query.healthStatus)),
    project: facet(projectOf, [...listOf(query.projects), ...listOf(query.project)]),
    cluster: {
      valueOf: clusterNameOf,
      accepts:
        clusters.size === 0
          ? undefined
          : (application) => {
              const address = trimAddress(application.spec.destination.server ?? '');
              return clusters.has(clusterNameOf(application)) || clusters.has(address);
            },
    },
    autoSync: facet(
      (application) => (isAutoSynced(application) ? 'enabled' : 'disabled'),
      query.autoSync === undefined ? [] : [query.autoSync ? 'enabled' : 'disabled'],
    ),
  };
}

const trimAddress = (address: string): string => address.replace(/\/+$/, '');

/** The facets whose condition the application does not meet. */
export function failedFacets(facets: Facets, application: Application): readonly CountedFacet[] {
  return COUNTED_FACETS.filter((name) => facets[name].accepts?.(application) === false);
}

/** Counts of a changing set of applications. */
export interface Tally {
  /** `by` 1: it came; -1: it went, with the same state as it came. `failed` as of `failedFacets`. */
  change(application: Application, failed: readonly CountedFacet[], by: 1 | -1): void;
  counts(): ApplicationCounts;
}

/**
 * A facet's numbers leave the condition on that facet out of account, so that a filter bar can say what another choice
 * would show: an application that fails one condition is counted under that facet alone.
 */
export function createTally(facets: Facets): Tally {
  let total = 0;
  const numbers = new Map<CountedFacet, Map<string, number>>(COUNTED_FACETS.map((name) => [name, new Map()]));
  const add = (name: CountedFacet, application: Application, by: number): void => {
    const values = numbers.get(name);
    const value = facets[name].valueOf(application);
    const next = (values?.get(value) ?? 0) + by;
    if (next === 0) values?.delete(value);
    else values?.set(value, next);
  };
  return {
    change: (application, failed, by) => {
      const [only] = failed;
      if (only === undefined) {
        total += by;
        for (const name of COUNTED_FACETS) add(name, application, by);
      } else if (failed.length === 1) {
        add(only, application, by);
      }
    },
    counts: () => {
      const byFacet = [...numbers].map(([name, values]) => [name, Object.fromEntries([...values].sort(byCount))]);
      return { total, ...(Object.fromEntries(byFacet) as Omit<ApplicationCounts, 'total'>) };
    },
  };
}

/** The most frequent first. */
function byCount([a, left]: readonly [string, number], [b, right]: readonly [string, number]): number {
  return right - left || (a < b ? -1 : 1);
}
