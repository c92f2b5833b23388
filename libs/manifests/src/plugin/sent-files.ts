/** Which files of a repository a plugin is sent (B34), and walking them. */
import { GitOpsError, matchesGlob } from '@tiphys/model';
import type { ReadSet, SourceEntry, SourceTree } from '../ports.js';
import { joinPath, parentOf } from '../tree/source-path.js';
import type { ListFolder } from './match-path.js';
import type { PluginFiles, PluginPath, PluginSettings } from './ports.js';

export interface SentFilesRequest {
  readonly settings: PluginSettings;
  /** Of the source. */
  readonly folder: string;
  /** The annotation `argocd.argoproj.io/manifest-generate-paths`; empty when the application has none. */
  readonly manifestGeneratePaths: string;
}

/** True when the application says itself what it needs, so that the rest of the repository does not matter. */
export function isNarrowed({ settings, manifestGeneratePaths }: SentFilesRequest): boolean {
  return settings.useManifestGeneratePaths && manifestGeneratePaths.trim() !== '';
}

/** The whole repository, or what the annotation names; the folder of the source is always among it. */
export function filesToSend(request: SentFilesRequest): PluginFiles {
  const { settings, folder, manifestGeneratePaths } = request;
  const { exclude } = settings;
  if (!isNarrowed(request)) return { include: [{ path: '' }], exclude };
  const declared = manifestGeneratePaths
    .split(';')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => declaredPath(text, folder));
  return { include: [{ path: folder }, ...declared], exclude };
}

/** From the root when it begins with `/`, else from the folder of the source; stars as in shells, and `**`. */
function declaredPath(text: string, folder: string): PluginPath {
  const path = text.startsWith('/') ? joinPath('', text.slice(1)) : joinPath(folder, text);
  if (path === undefined) {
    const next = 'Correct the annotation argocd.argoproj.io/manifest-generate-paths.';
    throw new GitOpsError('InvalidSpec', `The path "${text.slice(0, 200)}" is not inside of the repository. ${next}`);
  }
  const literal = /^[^*?[{\\]*/.exec(path)?.[0] ?? '';
  if (literal === path) return { path };
  const slash = literal.lastIndexOf('/');
  return { path: slash < 0 ? '' : literal.slice(0, slash), pattern: path };
}

/** What the sent files are made of: while it holds, the same files are sent. */
export async function sentReadSet(tree: SourceTree, { include }: PluginFiles): Promise<ReadSet> {
  const paths = [...new Set(include.map(({ path }) => path))].sort();
  return Promise.all(paths.map(async (path) => ({ path, oid: (await tree.entry(path))?.oid ?? null })));
}

/** Every file and link once, sorted by folder; submodules are left out. @throws GitOpsError ManifestGeneration above `maxFiles`. */
export async function* walkFiles(
  tree: SourceTree,
  { include, exclude }: PluginFiles,
  maxFiles: number,
): AsyncGenerator<SourceEntry> {
  const seen = new Set<string>();
  for (const { path, pattern } of include) {
    const root = path === '' ? { path: '', kind: 'tree' as const, oid: '' } : await tree.entry(path);
    for await (const entry of walk(tree, root, exclude)) {
      if (seen.has(entry.path) || (pattern !== undefined && !isBelow(pattern, entry.path))) continue;
      seen.add(entry.path);
      if (seen.size > maxFiles) throw tooMany(`${maxFiles} files`);
      yield entry;
    }
  }
}

async function* walk(
  tree: SourceTree,
  entry: SourceEntry | undefined,
  exclude: readonly string[],
): AsyncGenerator<SourceEntry> {
  if (entry === undefined || entry.kind === 'submodule') return;
  if (entry.path !== '' && isExcluded(entry.path, exclude)) return;
  if (entry.kind !== 'tree') {
    yield entry;
    return;
  }
  for (const child of await tree.list(entry.path)) yield* walk(tree, child, exclude);
}

/** What a plugin would find in the folders that it was sent. */
export function sentFolders(tree: SourceTree, { include, exclude }: PluginFiles): ListFolder {
  const isSent = ({ path, kind }: SourceEntry): boolean =>
    kind !== 'submodule' &&
    !isExcluded(path, exclude) &&
    include.some(({ path: root, pattern }) => {
      if (root !== '' && path !== root && !path.startsWith(`${root}/`)) return root.startsWith(`${path}/`);
      return pattern === undefined || kind === 'tree' || isBelow(pattern, path);
    });
  return async (folder) => {
    const entries = await tree.list(folder);
    return entries.filter(isSent).map(({ path, kind }) => ({ path, isFolder: kind === 'tree' }));
  };
}

function isExcluded(path: string, exclude: readonly string[]): boolean {
  return exclude.some((pattern) => matchesGlob(pattern, path, { separators: '/' }));
}

/** The path, or a folder that it is in, matches. */
function isBelow(pattern: string, path: string): boolean {
  for (let at = path; at !== ''; at = parentOf(at)) {
    if (matchesGlob(pattern, at, { separators: '/' })) return true;
  }
  return false;
}

export function tooMany(limit: string): GitOpsError {
  const next =
    'Name what the plugin needs with the annotation argocd.argoproj.io/manifest-generate-paths (with reposerver.plugin.use.manifest.generate.paths), or leave files out with reposerver.plugin.tar.exclusions.';
  return new GitOpsError('ManifestGeneration', `A plugin would be sent more than ${limit} of the repository. ${next}`);
}
