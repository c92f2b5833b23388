/** `resource.exclusions` and `resource.inclusions` (C16): which kinds are never watched, compared or synced. */
import { compileGlob, type GroupKind } from '@tiphys/model';
import { isRecord, type SettingsReader, stringsOf } from './reader.js';

/** An empty list matches everything. */
export interface FilteredResource {
  readonly apiGroups: readonly string[];
  readonly kinds: readonly string[];
  readonly clusters: readonly string[];
}

/** Always excluded, whatever the settings say: high churn, never declared in Git. */
export const BUILT_IN_EXCLUSIONS: readonly FilteredResource[] = [
  { apiGroups: ['events.k8s.io', 'metrics.k8s.io'], kinds: [], clusters: [] },
  { apiGroups: [''], kinds: ['Event'], clusters: [] },
];

export interface ResourceFilter {
  readonly exclusions: readonly FilteredResource[];
  readonly inclusions: readonly FilteredResource[];
}

/** True when the kind is out of bounds on the cluster (server URL). */
export type ExclusionTest = (resource: GroupKind, server: string) => boolean;

export function parseResourceFilter(reader: SettingsReader): ResourceFilter {
  return {
    exclusions: filteredResources(reader, 'resource.exclusions'),
    inclusions: filteredResources(reader, 'resource.inclusions'),
  };
}

/** Compiles the filter once; the test is called for every kind of every cluster. */
export function compileExclusions({ exclusions, inclusions }: ResourceFilter): ExclusionTest {
  const excluded = [...BUILT_IN_EXCLUSIONS, ...exclusions].map(compileFilter);
  const included = inclusions.map(compileFilter);
  return (resource, server) =>
    excluded.some((matches) => matches(resource, server)) ||
    (included.length > 0 && !included.some((matches) => matches(resource, server)));
}

function compileFilter({ apiGroups, kinds, clusters }: FilteredResource): ExclusionTest {
  const groupMatches = compileAny(apiGroups);
  const kindMatches = compileAny(kinds);
  const clusterMatches = compileAny(clusters);
  return ({ group, kind }, server) => groupMatches(group) && kindMatches(kind) && clusterMatches(server);
}

function compileAny(patterns: readonly string[]): (text: string) => boolean {
  if (patterns.length === 0) return () => true;
  const globs = patterns.map((pattern) => compileGlob(pattern));
  return (text) => globs.some((matches) => matches(text));
}

function filteredResources(reader: SettingsReader, key: string): readonly FilteredResource[] {
  const value = reader.yaml(key);
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem(key, 'must be a YAML list of {apiGroups, kinds, clusters}');
    return [];
  }
  return value.flatMap((entry: unknown, index): readonly FilteredResource[] => {
    if (isRecord(entry)) {
      const { apiGroups, kinds, clusters } = entry;
      return [{ apiGroups: stringsOf(apiGroups), kinds: stringsOf(kinds), clusters: stringsOf(clusters) }];
    }
    reader.problem(key, `entry ${index + 1} is not an object with apiGroups, kinds or clusters`);
    return [];
  });
}
