/** Which application a live object belongs to (A26-A28): writing and reading of Argo CD's tracking marks. */
import { ANNOTATIONS, type ComparisonSettings, groupOf, type KubernetesObject } from '@tiphys/model';
import { withAnnotation, withLabel, withoutAnnotation } from './metadata.js';

export type TrackingSettings = Pick<ComparisonSettings, 'trackingMethod' | 'instanceLabelKey' | 'installationId'>;

/** Name of the application as in tracking ids, and the namespace that objects without one are recorded under. */
export interface TrackingInstance {
  readonly name: string;
  readonly destinationNamespace: string;
}

/** The parts of `<app>:<group>/<kind>:<namespace>/<name>`. */
export interface TrackingId {
  readonly instanceName: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const MAX_LABEL_LENGTH = 63;

/** `undefined` when the text is not a tracking id. Names may contain `:` (`system:node`), as in Argo CD's parser. */
export function parseTrackingId(text: string): TrackingId | undefined {
  const match = /^([^:]+):([^:/]*)\/([^:/]+):([^/]*)\/([^/]+)$/.exec(text);
  if (match === null) return undefined;
  const [, instanceName = '', group = '', kind = '', namespace = '', name = ''] = match;
  return { instanceName, group, kind, namespace, name };
}

/** The id that marks `object` as part of the instance; cluster-scoped objects carry the destination namespace (A27). */
export function trackingIdFor(object: KubernetesObject, instance: TrackingInstance): string {
  const { namespace, name } = object.metadata;
  const location = `${namespace === undefined || namespace === '' ? instance.destinationNamespace : namespace}/${name ?? ''}`;
  return `${instance.name}:${groupOf(object.apiVersion)}/${object.kind}:${location}`;
}

/**
 * The tracking id written on the object; `undefined` when it has none, another installation wrote it (A28), or
 * tracking is by label only.
 */
export function trackingIdOf(object: KubernetesObject, settings: TrackingSettings): TrackingId | undefined {
  if (settings.trackingMethod === 'label') return undefined;
  const annotations = object.metadata.annotations;
  if ((settings.installationId ?? '') !== '' && annotations?.[ANNOTATIONS.installationId] !== settings.installationId) {
    return undefined;
  }
  const text = annotations?.[ANNOTATIONS.trackingId];
  return text === undefined ? undefined : parseTrackingId(text);
}

/** Name of the application that the object says it belongs to, whether or not the mark was copied; `undefined`: none. */
export function instanceNameOf(object: KubernetesObject, settings: TrackingSettings): string | undefined {
  if (settings.trackingMethod !== 'label') return trackingIdOf(object, settings)?.instanceName;
  const label = object.metadata.labels?.[settings.instanceLabelKey];
  return label === '' ? undefined : label;
}

/**
 * True when the mark describes this very object. A mark copied by a controller to another object (A27) is not
 * self-referencing. Cluster-scoped objects are recorded with the destination namespace, so theirs is not compared.
 * With a target the expected identity is the target's: an id with an older API group of the same kind still counts.
 */
export function isSelfReferencing(
  live: KubernetesObject,
  target: KubernetesObject | undefined,
  settings: TrackingSettings,
): boolean {
  if (settings.trackingMethod === 'label') return true;
  const expected = target === undefined ? trackingIdOf(live, settings) : identityOf(target);
  if (expected === undefined) return true;
  const actual = identityOf(live);
  return (
    (actual.namespace === '' || actual.namespace === expected.namespace) &&
    actual.name === expected.name &&
    actual.group === expected.group &&
    actual.kind === expected.kind
  );
}

/** True when the live object names this application and the mark is its own: only such objects may ever be pruned. */
export function isTrackedBy(live: KubernetesObject, instanceName: string, settings: TrackingSettings): boolean {
  return instanceNameOf(live, settings) === instanceName && isSelfReferencing(live, undefined, settings);
}

/** A copy of `object` with the marks of the configured tracking method. */
export function withTracking(
  object: KubernetesObject,
  instance: TrackingInstance,
  settings: TrackingSettings,
): KubernetesObject {
  if (settings.trackingMethod === 'label') return withLabel(object, settings.instanceLabelKey, instance.name);
  const identified = withInstallation(object, settings.installationId);
  const annotated = withAnnotation(identified, ANNOTATIONS.trackingId, trackingIdFor(object, instance));
  if (settings.trackingMethod === 'annotation') return annotated;
  return withLabel(annotated, settings.instanceLabelKey, instance.name.slice(0, MAX_LABEL_LENGTH));
}

function withInstallation(object: KubernetesObject, installationId: string | undefined): KubernetesObject {
  return installationId === undefined || installationId === ''
    ? withoutAnnotation(object, ANNOTATIONS.installationId)
    : withAnnotation(object, ANNOTATIONS.installationId, installationId);
}

function identityOf(object: KubernetesObject): Omit<TrackingId, 'instanceName'> {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name ?? '',
  };
}
