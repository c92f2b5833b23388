/** The globs of `helm.valueFiles` (B05), as doublestar reads them: `*` stays in a folder, `**` crosses folders. */
import { GitOpsError } from '@tiphys/model';
import { compileGlob } from '../directory/glob.js';
import type { SourceEntry, SourceTree } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { nameOf } from '../tree/source-path.js';
import { join } from './chart-files.js';

export interface GlobPlace {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
}

const MAX_VISITED = 20_000;
const MAX_DEPTH = 50;

export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * Paths of files and links that match, folder by folder: the files of a folder by name, then its folders by name.
 * The folders that were looked at enter the read set. @throws GitOpsError InvalidSpec for a broken pattern.
 */
export async function expandGlob(place: GlobPlace, pattern: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const alternative of splitBraces(pattern)) {
    const parts = alternative.split('/').filter((part) => part !== '');
    const search: Search = { ...place, pattern, found: [], left: MAX_VISITED };
    await descend(search, '', parts);
    paths.push(...search.found.filter((path) => !paths.includes(path)));
  }
  return paths;
}

interface Search extends GlobPlace {
  readonly pattern: string;
  readonly found: string[];
  left: number;
}

async function descend(search: Search, folder: string, parts: readonly string[]): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (!isGlob(part)) return descendLiteral(search, join(folder, part), rest);
  const place = await search.recorded.lookup(folder);
  if (place.kind !== 'found' || place.entry.kind !== 'tree') return;
  if (folder.split('/').length > MAX_DEPTH) return;
  const children = await search.tree.list(place.entry.path);
  search.left -= children.length + 1;
  if (search.left < 0) throw tooWide(search.pattern);
  if (part === '**') return crossFolders({ search, folder, children }, rest);
  const matches = compileGlob(part);
  for (const child of children.filter(({ path }) => matches(nameOf(path)))) {
    const path = join(folder, nameOf(child.path));
    if (rest.length > 0) await descend(search, path, rest);
    else if (child.kind === 'blob' || child.kind === 'symlink') search.found.push(path);
  }
}

/** A name without pattern is looked up, not searched for. */
async function descendLiteral(search: Search, path: string, rest: readonly string[]): Promise<void> {
  if (rest.length > 0) return descend(search, path, rest);
  const found = await search.recorded.lookup(path);
  if (found.kind !== 'missing') search.found.push(path);
}

interface Level {
  readonly search: Search;
  readonly folder: string;
  readonly children: readonly SourceEntry[];
}

/** Links to folders are not followed by `**`. */
async function crossFolders({ search, folder, children }: Level, rest: readonly string[]): Promise<void> {
  await descend(search, folder, rest.length === 0 ? ['*'] : rest);
  for (const child of children.filter(({ kind }) => kind === 'tree')) {
    await descend(search, join(folder, nameOf(child.path)), ['**', ...rest]);
  }
}

/** `{a,b/c}` to its alternatives, where a `/` in it keeps it from being a pattern of one name. */
function splitBraces(pattern: string): readonly string[] {
  const match = /^(.*?)\{([^{}]*\/[^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  const [, head = '', body = '', tail = ''] = match;
  const alternatives = body.split(',').flatMap((part) => splitBraces(head + part + tail));
  if (alternatives.length > 100) throw tooWide(pattern);
  return alternatives;
}

function tooWide(pattern: string): GitOpsError {
  const message = `The value file pattern "${pattern.slice(0, 200)}" looks at too many files. Narrow it.`;
  return new GitOpsError('ManifestGeneration', message);
}
