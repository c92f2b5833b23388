/** YAML text to Kubernetes objects. */
import { GitOpsError } from '../errors/gitops-error.js';
import type { JsonValue, KubernetesObject } from '../kubernetes/object.js';
import { type ParsedDocument, type ParseOptions, parseDocuments } from './parse.js';

export interface ParsedManifest {
  readonly object: KubernetesObject;
  /** Number of the YAML document in the text, from 1. */
  readonly document: number;
  readonly line: number;
}

const MAX_LIST_DEPTH = 10;

/**
 * All objects of a text, lists not yet flattened. Empty documents are skipped.
 * @throws GitOpsError `ManifestGeneration` when the text is not YAML, breaks a limit, or a document is no object with
 * `apiVersion` and `kind`.
 */
export function parseManifests(text: string, options: ParseOptions): readonly ParsedManifest[] {
  return parseDocuments(text, options).map((document) => toManifest(document, options.origin));
}

/** True when a value has what makes it a Kubernetes object: `apiVersion` and `kind` strings. */
export function isKubernetesObject(value: unknown): value is KubernetesObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { apiVersion, kind } = value as { apiVersion?: unknown; kind?: unknown };
  return typeof apiVersion === 'string' && apiVersion !== '' && typeof kind === 'string' && kind !== '';
}

/**
 * Replaces `List` kinds (`v1/List`, `ConfigMapList`, …) by their items, also nested ones. Items of a typed list that
 * name no kind take it from the list. @throws GitOpsError `ManifestGeneration` for an item that is no object.
 */
export function flattenLists(objects: readonly KubernetesObject[], origin = 'manifests'): readonly KubernetesObject[] {
  return objects.flatMap((object) => flattenOne(object, origin, 0));
}

function flattenOne(object: KubernetesObject, origin: string, depth: number): readonly KubernetesObject[] {
  const items = object['items'];
  if (!object.kind.endsWith('List') || !Array.isArray(items)) return [object];
  if (depth >= MAX_LIST_DEPTH) {
    throw new GitOpsError('ManifestGeneration', `${origin}: lists are nested deeper than ${MAX_LIST_DEPTH} levels.`);
  }
  return (items as readonly unknown[]).flatMap((item, index) => {
    const typed = withListType(item, object);
    if (isKubernetesObject(typed)) return flattenOne(withMetadata(typed), origin, depth + 1);
    throw new GitOpsError(
      'ManifestGeneration',
      `${origin}: item ${index + 1} of the ${object.kind} is no Kubernetes object. Give it apiVersion, kind and metadata.`,
    );
  });
}

function withListType(item: unknown, list: KubernetesObject): unknown {
  const itemKind = list.kind.slice(0, -'List'.length);
  if (itemKind === '' || typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return { apiVersion: list.apiVersion, kind: itemKind, ...item };
}

function toManifest({ value, document, line }: ParsedDocument, origin: string): ParsedManifest {
  if (!isKubernetesObject(value)) {
    const what = missingPart(value);
    const hint = 'Add it, or exclude the file (directory.exclude, or a kustomization that does not list it).';
    throw new GitOpsError('ManifestGeneration', `${origin}:${line}: document ${document} ${what}. ${hint}`);
  }
  return { object: withMetadata(value), document, line };
}

function missingPart(value: JsonValue): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a Kubernetes object';
  return 'apiVersion' in value ? 'has no kind' : 'has no apiVersion';
}

/** `metadata: null` and a missing `metadata` read the same for everybody downstream. */
function withMetadata(object: KubernetesObject): KubernetesObject {
  const metadata: unknown = object.metadata;
  return typeof metadata === 'object' && metadata !== null ? object : { ...object, metadata: {} };
}
