/**
 * What the API server does with fields of its built-in types, where managedFields cannot tell: keys of associative
 * lists, atomic maps, defaults inside atomic values, empty values that are not stored. Sources: the `+listMapKey`,
 * `+mapType` and `omitempty` marks and the defaulting functions of k8s.io/api; docs of server-side apply, "Merge strategy".
 */
import type { JsonValue } from '@tiphys/model';
import { isJsonArray, isJsonObject, jsonEqual } from './json.js';

/** Groups served by kube-apiserver itself. Other `*.k8s.io` groups (gateway, snapshot) are custom resources. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

export function isBuiltInGroup(group: string): boolean {
  return BUILT_IN_GROUPS.has(group);
}

/** Keys of associative lists by field name. `ports` is decided by what an element sets. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  ephemeralContainers: ['name'],
  env: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  matchConditions: ['name'],
  ownerReferences: ['uid'],
  resourceClaims: ['name'],
  secrets: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
  webhooks: ['name'],
};

/** `undefined`: not a known associative list of a built-in type. */
export function knownListKeys(name: string, elements: readonly JsonValue[]): readonly string[] | undefined {
  if (name !== 'ports') return LIST_KEYS[name];
  const first = elements[0];
  if (!isJsonObject(first)) return undefined;
  if (first['containerPort'] !== undefined) return ['containerPort', 'protocol'];
  return first['port'] !== undefined ? ['port', 'protocol'] : undefined;
}

const KNOWN_SETS: ReadonlySet<string> = new Set(['finalizers']);

export function isKnownSet(name: string): boolean {
  return KNOWN_SETS.has(name);
}

const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  'claimRef',
  'configMapKeyRef',
  'fieldRef',
  'labelSelector',
  'namespaceSelector',
  'nodeSelector',
  'objectSelector',
  'podSelector',
  'resourceFieldRef',
  'roleRef',
  'scaleTargetRef',
  'scopeSelector',
  'secretKeyRef',
  'selector',
]);

export function isKnownAtomicMap(name: string): boolean {
  return ATOMIC_MAPS.has(name);
}

/** Maps from text to text that the server stores as they are: a missing or extra key is never a default. */
const TEXT_MAPS: ReadonlySet<string> = new Set(['labels', 'annotations', 'data', 'stringData', 'binaryData']);

export function isTextMap(name: string): boolean {
  return TEXT_MAPS.has(name);
}

/** Labels and annotations of Kubernetes itself may be set or consumed by the server (namespace names, HPA metrics). */
export function isServerKey(key: string): boolean {
  return /(^|\.)(kubernetes|k8s)\.io\//.test(key) && !key.startsWith('app.kubernetes.io/');
}

/** Annotations of autoscaling/v1 that become fields of v2 and are not stored. */
export function isConvertedKey(key: string): boolean {
  return key.startsWith('autoscaling.alpha.kubernetes.io/');
}

/** Defaults inside atomic values, as `<list or map>.<field>`; elsewhere ownership shows that nobody asked for them. */
const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  'excludeResourceRules.scope': '*',
  'fieldRef.apiVersion': 'v1',
  'matchConstraints.matchPolicy': 'Equivalent',
  'matchConstraints.namespaceSelector': {},
  'matchConstraints.objectSelector': {},
  'matchResources.matchPolicy': 'Equivalent',
  'matchResources.namespaceSelector': {},
  'matchResources.objectSelector': {},
  'onPodConditions.status': 'True',
  'ports.name': '',
  'ports.protocol': 'TCP',
  'resourceFieldRef.divisor': '0',
  'resourceRules.scope': '*',
  'rules.scope': '*',
  'serviceAccountToken.expirationSeconds': 3600,
  'volumeClaimTemplates.apiVersion': 'v1',
  'volumeClaimTemplates.kind': 'PersistentVolumeClaim',
  'volumeClaimTemplates.status': { phase: 'Pending' },
  'volumeClaimTemplates.spec.volumeMode': 'Filesystem',
  'volumeClaimTemplates.spec.resources': {},
};

/** `path` without element selectors (`spec.ingress.ports.protocol`); the longest matching suffix decides. */
export function isKnownDefault(path: readonly string[], value: JsonValue): boolean {
  const [name = '', parent = '', grandparent = ''] = path.toReversed();
  const known = DEFAULTS[`${grandparent}.${parent}.${name}`] ?? DEFAULTS[`${parent}.${name}`];
  return known !== undefined && jsonEqual(known, value);
}

/** Fields whose empty value is not stored (`omitempty` without a pointer), so that its absence says nothing. */
const OMITTED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'description',
  'fsType',
  'globalDefault',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostname',
  'nodeName',
  'paused',
  'priorityClassName',
  'publishNotReadyAddresses',
  'readOnly',
  'stdin',
  'stdinOnce',
  'subPath',
  'subPathExpr',
  'subdomain',
  'tty',
  'value',
  'workingDir',
]);

/** A scalar of a built-in type that is only stored when it is not empty. */
export function isOmittedWhenEmpty(name: string): boolean {
  return OMITTED_WHEN_EMPTY.has(name);
}

const MAPS_OMITTED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  ...TEXT_MAPS,
  'limits',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'requests',
]);

/** True when the API server would not store this empty value of a built-in type. */
export function isDroppedWhenEmpty(name: string, value: JsonValue): boolean {
  if (value === null) return true;
  if (isJsonArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.keys(value).length === 0 && MAPS_OMITTED_WHEN_EMPTY.has(name);
  return (value === '' || value === false || value === 0) && OMITTED_WHEN_EMPTY.has(name);
}

/** Values that a built-in type gets when the field is absent; used where only the last-applied annotation is known. */
const FIELD_DEFAULTS: Readonly<Record<string, readonly JsonValue[]>> = {
  concurrencyPolicy: ['Allow'],
  defaultMode: [420],
  dnsPolicy: ['ClusterFirst'],
  failureThreshold: [3],
  internalTrafficPolicy: ['Cluster'],
  periodSeconds: [10],
  podManagementPolicy: ['OrderedReady'],
  progressDeadlineSeconds: [600],
  protocol: ['TCP'],
  replicas: [1],
  restartPolicy: ['Always'],
  revisionHistoryLimit: [10],
  schedulerName: ['default-scheduler'],
  scheme: ['HTTP'],
  securityContext: [{}],
  sessionAffinity: ['None'],
  successThreshold: [1],
  terminationGracePeriodSeconds: [30],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  timeoutSeconds: [1],
};

export function isFieldDefault(name: string, value: JsonValue): boolean {
  return FIELD_DEFAULTS[name]?.some((known) => jsonEqual(known, value)) === true;
}
