/** From rendered manifests to the target state: validity, namespaces by scope, duplicates (A04), tracking marks (A26). */
import {
  type ApplicationCondition,
  type GroupKind,
  type GroupKindString,
  groupKindString,
  groupVersionKindOf,
  type KubernetesObject,
  type ResourceKey,
  resourceKeyOf,
  resourceKeyString,
} from '@tiphys/model';
import { isJsonObject } from '../diff/json.js';
import { type TrackingSettings, withTracking } from './tracking.js';
import type { ScopeOf, TargetManifest } from './types.js';

export interface PrepareTargetsInput {
  readonly instanceName: string;
  readonly destinationNamespace: string;
  readonly targets: readonly TargetManifest[];
  readonly scopeOf: ScopeOf;
  readonly settings: TrackingSettings;
  /** Kinds that the installation leaves alone (C16); absent: none. */
  readonly isExcluded?: (groupKind: GroupKind) => boolean;
}

export interface PreparedTarget {
  readonly key: ResourceKey;
  /** Namespaced and tracked. */
  readonly object: KubernetesObject;
  readonly origin: string;
  readonly sourceIndex: number;
}

export interface PreparedTargets {
  /** In the order of the manifests; of duplicates only the last. */
  readonly targets: readonly PreparedTarget[];
  readonly conditions: readonly ApplicationCondition[];
  /** False when a manifest was unusable: what seems missing from Git may only be unreadable, so nothing may be pruned. */
  readonly complete: boolean;
}

/**
 * Kinds that the cluster does not know take their scope from a CustomResourceDefinition among the targets; without one
 * they are kept as they are. Unusable manifests become conditions that name their file.
 */
export function prepareTargets(input: PrepareTargetsInput): PreparedTargets {
  const conditions: ApplicationCondition[] = [];
  const valid = input.targets.filter((manifest) => {
    const problem = problemOf(manifest.object);
    if (problem !== undefined) {
      const message = `${manifest.origin}: ${problem}; correct the file, nothing is pruned until then`;
      conditions.push({ type: 'ComparisonError', message });
    }
    return problem === undefined;
  });
  const complete = conditions.length === 0;
  const included = valid.filter(({ object }) => {
    const gvk = groupVersionKindOf(object);
    const isExcluded = input.isExcluded?.(gvk) === true;
    if (isExcluded) conditions.push(excludedWarning(gvk, object));
    return !isExcluded;
  });
  const scopeOf = scopeWithDefinitions(included, input.scopeOf);
  const prepared = included.map((manifest, index) => prepareTarget(manifest, { ...input, scopeOf, index }));
  const targets = lastOfEach(prepared, conditions);
  return { targets, conditions, complete };
}

/** Argo CD's text. */
function excludedWarning({ group, kind }: GroupKind, { metadata }: KubernetesObject): ApplicationCondition {
  const name = metadata.name ?? metadata.generateName ?? '';
  const message = `Resource ${group}/${kind} ${name} is excluded in the settings`;
  return { type: 'ExcludedResourceWarning', message };
}

function problemOf(object: unknown): string | undefined {
  if (!isJsonObject(object)) return 'the document is not a Kubernetes object (a map with apiVersion, kind, metadata)';
  const { apiVersion, kind, metadata } = object;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'the object has no apiVersion';
  if (typeof kind !== 'string' || kind === '') return 'the object has no kind';
  if (!isJsonObject(metadata)) return `${kind} has no metadata with a name`;
  const mapProblem = textMapProblem(kind, metadata);
  if (mapProblem !== undefined) return mapProblem;
  const name = metadata['name'] ?? metadata['generateName'];
  return typeof name === 'string' && name !== '' ? undefined : `${kind} has no metadata.name`;
}

function textMapProblem(kind: string, metadata: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ['labels', 'annotations']) {
    const map = metadata[field];
    if (map === undefined || map === null) continue;
    if (!isJsonObject(map)) return `${kind} metadata.${field} is not a map`;
    const wrong = Object.entries(map).find(([, value]) => typeof value !== 'string' && value !== null);
    if (wrong !== undefined) return `${kind} metadata.${field}["${wrong[0]}"] is not text; put the value in quotes`;
  }
  return undefined;
}

/** Scope of kinds that the cluster does not serve yet, from the definitions that come with them. */
function scopeWithDefinitions(manifests: readonly TargetManifest[], scopeOf: ScopeOf): ScopeOf {
  const defined = new Map<GroupKindString, 'namespaced' | 'cluster'>();
  for (const { object } of manifests) {
    const spec = object['spec'];
    if (object.kind !== 'CustomResourceDefinition' || !isJsonObject(spec) || !isJsonObject(spec['names'])) continue;
    const key = groupKindString({ group: String(spec['group']), kind: String(spec['names']['kind']) });
    defined.set(key, spec['scope'] === 'Cluster' ? 'cluster' : 'namespaced');
  }
  return (groupKind) => scopeOf(groupKind) ?? defined.get(groupKindString(groupKind));
}

function prepareTarget(
  manifest: TargetManifest,
  input: Omit<PrepareTargetsInput, 'targets'> & { readonly index: number },
): PreparedTarget {
  const { instanceName: name, destinationNamespace, settings } = input;
  // The id is built before the namespace of a cluster-scoped object is stripped: so does Argo CD, and ids must agree.
  const tracked = withTracking(withoutNullMaps(manifest.object), { name, destinationNamespace }, settings);
  const object = withScope(tracked, input);
  const key = resourceKeyOf(object);
  const generateName = object.metadata.generateName ?? '';
  return {
    key: key.name === '' ? { ...key, name: `${generateName}${input.index}` } : key,
    object,
    origin: manifest.origin,
    sourceIndex: manifest.sourceIndex,
  };
}

/** `labels:` without a value and members without one are null in YAML: both mean "none". */
function withoutNullMaps(object: KubernetesObject): KubernetesObject {
  const { labels, annotations, ...metadata } = object.metadata;
  if (!hasNull(labels) && !hasNull(annotations)) return object;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(labels && { labels: withoutNulls(labels) }),
      ...(annotations && { annotations: withoutNulls(annotations) }),
    },
  };
}

function hasNull(map: Readonly<Record<string, string | null>> | null | undefined): boolean {
  return map !== undefined && (map === null || Object.values(map).includes(null));
}

function withoutNulls(map: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter((entry): entry is [string, string] => entry[1] !== null));
}

function withScope(
  object: KubernetesObject,
  input: Pick<PrepareTargetsInput, 'scopeOf' | 'destinationNamespace'>,
): KubernetesObject {
  const scope = input.scopeOf(groupVersionKindOf(object));
  const { namespace, ...metadata } = object.metadata;
  if (scope === 'cluster') return namespace === undefined ? object : { ...object, metadata };
  if (scope === undefined || (namespace ?? '') !== '' || input.destinationNamespace === '') return object;
  return { ...object, metadata: { ...metadata, namespace: input.destinationNamespace } };
}

function lastOfEach(prepared: readonly PreparedTarget[], conditions: ApplicationCondition[]): PreparedTarget[] {
  const byKey = new Map<string, PreparedTarget[]>();
  for (const target of prepared) {
    const key = resourceKeyString(target.key);
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [target]);
    else same.push(target);
  }
  const kept: PreparedTarget[] = [];
  for (const [key, same] of byKey) {
    const last = same.reduce((best, next) => (next.sourceIndex >= best.sourceIndex ? next : best));
    kept.push(last);
    if (same.length === 1) continue;
    const files = [...new Set(same.map(({ origin }) => origin))].join(', ');
    const message = `Resource ${key} appeared ${same.length} times among application resources. The one of ${last.origin} is used (found in ${files}).`;
    conditions.push({ type: 'RepeatedResourceWarning', message });
  }
  return kept;
}
