/** One manifest file to objects, with Argo CD's rules about what is no manifest. */
import { GitOpsError, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { flattenLists, parseManifests, stringifyJson } from '@tiphys/model/yaml';
import type { RenderedManifest } from '../ports.js';
import { splitDocuments } from './split-documents.js';

/** A file that holds this text anywhere is left out (B26). */
const SKIP_MARKER = '+argocd:skip-file-rendering';
/**
 * A broken file is an error only when it looks like a manifest; otherwise it is somebody's values or pipeline. Quoted keys
 * count, too: leaving out a file that holds one whole object beside a broken one would prune that object.
 */
const MANIFEST_SIGNS = ['apiVersion', 'kind', 'metadata'].map((field) => new RegExp(`\\b${field}["']?\\s*:`));
/** Parsed at one go; about 30 ms. */
const TURN_CHARACTERS = 256 * 1024;

export interface ParsedFile {
  readonly manifests: readonly RenderedManifest[];
  readonly warning?: string;
}

/** Other requests get their turn while a large file is parsed. @throws GitOpsError ManifestGeneration with file and line. */
export async function parseFile(path: string, bytes: Uint8Array): Promise<ParsedFile> {
  const text = new TextDecoder().decode(bytes);
  if (text.includes(SKIP_MARKER)) return { manifests: [] };
  const isJson = path.endsWith('.json');
  try {
    return { manifests: isJson ? parseJsonFile(path, text) : await parseYamlManifests(path, text) };
  } catch (error) {
    const looksLikeManifest = isJson || MANIFEST_SIGNS.every((sign) => sign.test(text));
    if (!isGitOpsError(error) || looksLikeManifest) throw error;
    const next = 'Exclude it from the source to silence this.';
    return { manifests: [], warning: `${path} was left out, because it is no Kubernetes manifest. ${next}` };
  }
}

/** The objects of a YAML text; `path` is its name in messages. @throws GitOpsError ManifestGeneration with the place. */
export async function parseYamlManifests(path: string, text: string): Promise<readonly RenderedManifest[]> {
  const manifests: RenderedManifest[] = [];
  for (const [index, piece] of splitDocuments(text, TURN_CHARACTERS).entries()) {
    if (index > 0) await nextTurn();
    for (const { object, line } of parseManifests(piece, { origin: path, maxBytes: Number.MAX_SAFE_INTEGER })) {
      manifests.push(...toManifests(object, `${path}:${line}`));
    }
  }
  return manifests;
}

function parseJsonFile(path: string, text: string): readonly RenderedManifest[] {
  const parsed = parseManifests(text, { origin: path, maxBytes: Number.MAX_SAFE_INTEGER });
  if (parsed.length > 1) {
    const message = `${path} holds several objects; a JSON file may hold one. Use a List, or several files.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  return parsed.flatMap(({ object, line }) => toManifests(object, `${path}:${line}`));
}

function toManifests(object: KubernetesObject, origin: string): readonly RenderedManifest[] {
  // `kubectl get -o yaml` of nothing: a List without items is nothing, not an object of the kind List.
  if (object.kind === 'List' && !Array.isArray(object['items'])) return [];
  return flattenLists([object], origin).map((item) => ({ json: stringifyJson(item), origin }));
}

/** Lets everything that waits run first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
