/** Reading and copying of labels, annotations and the comma-separated options that annotations hold. */
import type { KubernetesObject } from '@tiphys/model';

export function withAnnotation(object: KubernetesObject, key: string, value: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [key]: value } } };
}

/** The same object when it has no such annotation. */
export function withoutAnnotation(object: KubernetesObject, key: string): KubernetesObject {
  const annotations = object.metadata.annotations;
  if (annotations?.[key] === undefined) return object;
  const { [key]: _removed, ...rest } = annotations;
  return { ...object, metadata: { ...object.metadata, annotations: rest } };
}

export function withLabel(object: KubernetesObject, key: string, value: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [key]: value } } };
}

/** Trimmed, non-empty parts of a comma-separated annotation. */
export function annotationList(object: KubernetesObject, key: string): readonly string[] {
  const text = object.metadata.annotations?.[key];
  if (text === undefined) return [];
  return String(text)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function hasAnnotationOption(object: KubernetesObject | undefined, key: string, option: string): boolean {
  return object !== undefined && annotationList(object, key).includes(option);
}
