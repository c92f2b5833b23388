/** What `helm template` printed, to manifests. */
import type { KubernetesObject } from '@tiphys/model';
import { flattenLists, parseManifests, stringifyJson } from '@tiphys/model/yaml';
import { nextTurn } from '../directory/parse-file.js';
import { splitDocuments } from '../directory/split-documents.js';
import type { RenderedManifest } from '../ports.js';

/** Parsed at one go; about 30 ms. */
const TURN_CHARACTERS = 256 * 1024;
const SOURCE_COMMENT = /^# Source: [^/\n]+\/(.+)$/gm;

/**
 * The origin of a manifest is its template in the repository. Hooks keep their annotations.
 * @throws GitOpsError ManifestGeneration when the output is not YAML, with the template.
 */
export async function parseOutput(stdout: string, chartFolder: string): Promise<readonly RenderedManifest[]> {
  const manifests: RenderedManifest[] = [];
  const templateAt = templateFinder(stdout, chartFolder);
  for (const [index, piece] of splitDocuments(stdout, TURN_CHARACTERS).entries()) {
    if (index > 0) await nextTurn();
    const options = { origin: 'the output of helm', maxBytes: Number.MAX_SAFE_INTEGER };
    for (const { object, line } of parseManifests(piece, options)) {
      const origin = templateAt(line);
      manifests.push(...flatten(object, origin).map((item) => ({ json: stringifyJson(item), origin })));
    }
  }
  return manifests;
}

function flatten(object: KubernetesObject, origin: string): readonly KubernetesObject[] {
  if (object.kind === 'List' && !Array.isArray(object['items'])) return [];
  return flattenLists([object], origin);
}

/** Lines are asked for in rising order: documents come one after the other. */
function templateFinder(stdout: string, chartFolder: string): (line: number) => string {
  const comments = [...stdout.matchAll(SOURCE_COMMENT)].map((match) => ({ index: match.index, path: match[1] ?? '' }));
  const prefix = chartFolder === '' ? '' : `${chartFolder}/`;
  let next = 0;
  let position = 0;
  let line = 1;
  return (wanted) => {
    while (line < wanted) {
      const end = stdout.indexOf('\n', position);
      if (end < 0) break;
      position = end + 1;
      line += 1;
    }
    while ((comments[next]?.index ?? Number.POSITIVE_INFINITY) <= position) next += 1;
    return prefix + (comments[next - 1]?.path ?? 'templates');
  };
}
