/** Target and live in the same form, so that only meant differences remain (C06-C13). Pure: the input is not changed. */
import { ANNOTATIONS, type ComparisonSettings, groupOf, type JsonObject, type KubernetesObject } from '@tiphys/model';
import type { FieldNode } from '../diff/field-set.js';
import { asJson, asKubernetesObject, isJsonObject } from '../diff/json.js';
import { isBuiltInGroup } from '../diff/known-types.js';
import { normalizeKnownKind } from './known-kinds.js';
import { normalizeKnownTypeFields } from './known-type-fields.js';
import { type Path, removePath } from './paths.js';
import { withCanonicalQuantities } from './quantities.js';
import { withoutOwned } from './trusted-managers.js';

export interface NormalizationRules
  extends Pick<ComparisonSettings, 'ignoreResourceStatusField' | 'ignoreAggregatedRoles' | 'knownTypeFields'> {
  /** Paths to remove (`ignoreDifferences`). */
  readonly ignoredPaths: readonly Path[];
  /** Fields of trusted managers on the live object. */
  readonly trusted: readonly FieldNode[];
}

/** Set by the API server; never part of a comparison, even when an exported manifest carries them. */
const SERVER_METADATA: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** Same input, same output, and normalizing twice changes nothing more. */
export function normalize(object: KubernetesObject, rules: NormalizationRules): KubernetesObject {
  const clean = withoutServerFields(asJson(object), rules);
  const group = groupOf(object.apiVersion);
  const known = isBuiltInGroup(group)
    ? withCanonicalQuantities(normalizeKnownKind(clean, rules))
    : normalizeKnownTypeFields(clean, { group, kind: object.kind }, rules.knownTypeFields ?? []);
  const ignored = rules.ignoredPaths.reduce(removePath, known);
  const compared = rules.trusted.reduce(withoutOwned, ignored);
  return asKubernetesObject({ metadata: {}, ...compared, apiVersion: object.apiVersion, kind: object.kind });
}

function withoutServerFields(object: JsonObject, rules: NormalizationRules): JsonObject {
  const { status, metadata, ...rest } = object;
  const keepStatus = status !== undefined && !isStatusIgnored(object, rules);
  return {
    ...rest,
    metadata: isJsonObject(metadata) ? cleanMetadata(metadata) : {},
    ...(keepStatus && { status }),
  };
}

function isStatusIgnored(object: JsonObject, { ignoreResourceStatusField }: NormalizationRules): boolean {
  if (ignoreResourceStatusField === 'all') return true;
  return ignoreResourceStatusField === 'crd' && object['kind'] === 'CustomResourceDefinition';
}

function cleanMetadata(metadata: JsonObject): JsonObject {
  const entries = Object.entries(metadata).filter(([name]) => !SERVER_METADATA.has(name));
  const { annotations, ...rest } = Object.fromEntries(entries) as JsonObject;
  if (!isJsonObject(annotations)) return annotations === undefined ? rest : { ...rest, annotations };
  const { [ANNOTATIONS.lastApplied]: _lastApplied, ...kept } = annotations;
  return { ...rest, annotations: kept };
}
