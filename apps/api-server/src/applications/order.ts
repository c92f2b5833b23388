/** The order of lists: by one field, then by name and namespace, so that no two applications are at the same place. */
import type { ApplicationListQuery, ApplicationSortField } from '@tiphys/api-contract';
import type { Application } from '@tiphys/model';
import { type ClusterNameOf, healthStatusOf, syncStatusOf } from './facets.js';
import { projectOf } from './names.js';

/** Where an application stands: `sortBy`'s value, name and namespace as one text, which has their order. */
export type Position = string;

interface Sortable {
  readonly application: Application;
}

export interface Order {
  positionOf(item: Sortable): Position;
  compare(a: Position, b: Position): number;
}

/** What needs attention comes first. */
const HEALTH_ORDER = ['Degraded', 'Missing', 'Unknown', 'Progressing', 'Suspended', 'Healthy'];
const SYNC_ORDER = ['OutOfSync', 'Unknown', 'Synced'];

const rank = (order: readonly string[], value: string): string => String(order.indexOf(value) + 1);

function valueOf(field: ApplicationSortField, clusterNameOf: ClusterNameOf): (application: Application) => string {
  const values: Readonly<Record<ApplicationSortField, (application: Application) => string>> = {
    name: () => '',
    namespace: ({ spec }) => spec.destination.namespace ?? '',
    project: projectOf,
    cluster: clusterNameOf,
    sync: (application) => rank(SYNC_ORDER, syncStatusOf(application)),
    health: (application) => rank(HEALTH_ORDER, healthStatusOf(application)),
    // Kubernetes times have one form: the order of their texts is that of the times.
    createdAt: ({ metadata }) => metadata.creationTimestamp ?? '',
    lastSync: ({ status }) => status?.operationState?.finishedAt ?? '',
  };
  return values[field];
}

export function orderOf(query: Pick<ApplicationListQuery, 'sortBy' | 'order'>, clusterNameOf: ClusterNameOf): Order {
  const value = valueOf(query.sortBy ?? 'name', clusterNameOf);
  const direction = query.order === 'desc' ? -1 : 1;
  return {
    positionOf: ({ application }) => {
      const { name = '', namespace = '' } = application.metadata;
      return `${value(application)}\0${name}\0${namespace}`;
    },
    compare: (a, b) => (a === b ? 0 : a < b ? -direction : direction),
  };
}

/** Where `position` is, or belongs, among the sorted items. */
export function placeOf(items: readonly Sortable[], position: Position, order: Order): number {
  return firstIndex(items, (item) => order.compare(order.positionOf(item), position) >= 0);
}

/** Where the items after `position` begin, whether or not one still has it. */
export function positionAfter(items: readonly Sortable[], position: Position, order: Order): number {
  return firstIndex(items, (item) => order.compare(order.positionOf(item), position) > 0);
}

/** By bisection: `holds` is false for the items before it and true from there on. */
function firstIndex(items: readonly Sortable[], holds: (item: Sortable) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item === undefined || holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
