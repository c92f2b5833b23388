/** Pure readers of the two discovery formats: aggregated (one document) and legacy (one document per group version). */
import type { ApiResource } from '../ports.js';

/** One group version, in the server's order: groups by priority, the preferred version of a group first. */
export interface DiscoveredVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ApiResource[];
  /** Why its resources are not known now. */
  readonly failure: string | undefined;
}

/** `APIGroupDiscoveryList` of apidiscovery.k8s.io (v2 and v2beta1). */
export interface AggregatedDiscovery {
  readonly items?: readonly AggregatedGroup[];
}

interface AggregatedGroup {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly AggregatedVersion[];
}

interface AggregatedVersion {
  readonly version: string;
  readonly freshness?: 'Current' | 'Stale';
  readonly resources?: readonly {
    readonly resource: string;
    readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind?: string };
    readonly scope?: 'Cluster' | 'Namespaced';
    readonly verbs?: readonly string[];
  }[];
}

/** `Stale` means that the aggregated API server behind the group did not answer. */
export function readAggregated({ items = [] }: AggregatedDiscovery): readonly DiscoveredVersion[] {
  return items.flatMap((item) => {
    const group = item.metadata?.name ?? '';
    return (item.versions ?? []).map((entry) => readAggregatedVersion(group, entry));
  });
}

function readAggregatedVersion(
  group: string,
  { version, freshness, resources = [] }: AggregatedVersion,
): DiscoveredVersion {
  return {
    group,
    version,
    failure: freshness === 'Stale' ? 'the API service behind the group does not answer' : undefined,
    resources: resources
      .filter(({ responseKind }) => responseKind?.kind !== undefined && responseKind.kind !== '')
      .map(({ resource, responseKind, scope, verbs = [] }) => ({
        group,
        version,
        kind: responseKind?.kind ?? '',
        resource,
        namespaced: scope === 'Namespaced',
        verbs,
      })),
  };
}

/** `APIResourceList`; subresources are left out. */
export interface LegacyResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs?: readonly string[];
  }[];
}

export function readLegacy(
  { group, version }: { readonly group: string; readonly version: string },
  { resources = [] }: LegacyResourceList,
): DiscoveredVersion {
  const plain = resources.filter(({ name }) => !name.includes('/'));
  return {
    group,
    version,
    failure: undefined,
    resources: plain.map(({ name, kind, namespaced, verbs = [] }) => ({
      group,
      version,
      kind,
      resource: name,
      namespaced,
      verbs,
    })),
  };
}
