/** One manifest file to objects, with Argo CD's rules about what is no manifest. */
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { flattenLists, parseManifests, stringifyJson } from '@tiphys/model/yaml';
import type { RenderedManifest } from '../ports.js';

/** A file that holds this text anywhere is left out (B26). */
const SKIP_MARKER = '+argocd:skip-file-rendering';
/** A broken file is an error only when it looks like a manifest; otherwise it is somebody's values or pipeline. */
const MANIFEST_SIGNS = ['apiVersion:', 'kind:', 'metadata:'];

export interface ParsedFile {
  readonly manifests: readonly RenderedManifest[];
  readonly warning?: string;
}

/** @throws GitOpsError ManifestGeneration with file and line. */
export function parseFile(path: string, bytes: Uint8Array): ParsedFile {
  const text = new TextDecoder().decode(bytes);
  if (text.includes(SKIP_MARKER)) return { manifests: [] };
  try {
    return { manifests: path.endsWith('.json') ? parseJsonFile(path, text) : parseObjects(path, text) };
  } catch (error) {
    if (!isGitOpsError(error) || looksLikeManifest(path, text)) throw error;
    const next = 'Exclude it from the source to silence this.';
    return { manifests: [], warning: `${path} was left out, because it is no Kubernetes manifest. ${next}` };
  }
}

function looksLikeManifest(path: string, text: string): boolean {
  return path.endsWith('.json') || MANIFEST_SIGNS.every((sign) => text.includes(sign));
}

function parseJsonFile(path: string, text: string): readonly RenderedManifest[] {
  const manifests = parseManifests(text, { origin: path });
  if (manifests.length > 1) {
    const message = `${path} holds several objects; a JSON file may hold one. Use a List, or several files.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  return parseObjects(path, text);
}

function parseObjects(path: string, text: string): readonly RenderedManifest[] {
  return parseManifests(text, { origin: path }).flatMap(({ object, line }) => {
    const origin = `${path}:${line}`;
    return flattenLists([object], origin).map((item) => ({ json: stringifyJson(item), origin }));
  });
}
