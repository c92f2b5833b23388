/** Normalization by kind (C13): what the API server or a controller is known to rewrite. */
import type { ComparisonSettings, JsonObject, JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject } from '../diff/json.js';
import { storedSecretText } from './secret-text.js';

type Rules = Pick<ComparisonSettings, 'ignoreAggregatedRoles'>;

const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function normalizeKnownKind(object: JsonObject, rules: Rules): JsonObject {
  switch (object['kind']) {
    case 'Secret':
      return normalizeSecret(object);
    case 'ClusterRole':
      return normalizeClusterRole(object, rules);
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return normalizeBinding(object);
    case 'CustomResourceDefinition':
      return normalizeDefinition(object);
    case 'Endpoints':
      return normalizeEndpoints(object);
    default:
      return object;
  }
}

/** `stringData` is written over `data`; line breaks in base64 text are not stored. */
function normalizeSecret(object: JsonObject): JsonObject {
  const { stringData, data, ...rest } = object;
  if (!isJsonObject(stringData) && !isJsonObject(data)) return object;
  const stored = convertText(data, (text) => text.replace(/[\r\n]/g, ''));
  return { ...rest, data: { ...stored, ...convertText(stringData, storedSecretText) } };
}

/** Null members mean "none". */
function convertText(map: JsonValue | undefined, convert: (text: string) => string): Record<string, JsonValue> {
  const entries = Object.entries(isJsonObject(map) ? map : {}).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, typeof value === 'string' ? convert(value) : value] as const],
  );
  return Object.fromEntries(entries);
}

/** The rules of an aggregated role are a controller's (C10, `ignoreAggregatedRoles`). */
function normalizeClusterRole(object: JsonObject, { ignoreAggregatedRoles }: Rules): JsonObject {
  if (!ignoreAggregatedRoles || !isJsonObject(object['aggregationRule'])) return object;
  const { rules: _rules, ...rest } = object;
  return rest;
}

/** An empty `apiGroup` is defaulted from the kind of the subject or role. */
function normalizeBinding(object: JsonObject): JsonObject {
  const { roleRef, subjects } = object;
  return {
    ...object,
    ...(isJsonObject(roleRef) && { roleRef: withApiGroup(roleRef, RBAC_GROUP) }),
    ...(isJsonArray(subjects) && {
      subjects: subjects.map((subject) =>
        isJsonObject(subject) ? withApiGroup(subject, subject['kind'] === 'ServiceAccount' ? '' : RBAC_GROUP) : subject,
      ),
    }),
  };
}

function withApiGroup(reference: JsonObject, group: string): JsonObject {
  const { apiGroup, ...rest } = reference;
  if (apiGroup !== undefined && apiGroup !== '' && apiGroup !== null) return reference;
  return group === '' ? rest : { ...rest, apiGroup: group };
}

/** `preserveUnknownFields: false` is the only value that v1 accepts, and it is not stored. */
function normalizeDefinition(object: JsonObject): JsonObject {
  const { spec, ...rest } = object;
  if (!isJsonObject(spec) || spec['preserveUnknownFields'] !== false) return object;
  const { preserveUnknownFields: _dropped, ...kept } = spec;
  return { ...rest, spec: kept };
}

/** Addresses and ports are stored sorted. */
function normalizeEndpoints(object: JsonObject): JsonObject {
  const { subsets } = object;
  if (!isJsonArray(subsets)) return object;
  const sorted = subsets.map((subset) => {
    if (!isJsonObject(subset)) return subset;
    const lists = ['addresses', 'notReadyAddresses', 'ports'].flatMap((name) => {
      const list = subset[name];
      return isJsonArray(list) ? [[name, list.toSorted(byText)] as const] : [];
    });
    return { ...subset, ...Object.fromEntries(lists) };
  });
  return { ...object, subsets: sorted.toSorted(byText) };
}

function byText(a: JsonValue, b: JsonValue): number {
  const [left, right] = [sortText(a), sortText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortText(value: JsonValue): string {
  if (!isJsonObject(value)) return String(value);
  const keys = Object.keys(value).sort();
  return JSON.stringify(
    keys.map((key) => [key, value[key]]),
    (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member),
  );
}
