/** The manifest files of a folder (B25, B26): which of its files are rendered, in the order of Argo CD's walk. */
import { type DirectorySource, GitOpsError } from '@tiphys/model';
import type { SourceEntry, SourceTree } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { nameOf } from '../tree/source-path.js';
import { compileGlob, type GlobMatcher } from './glob.js';

export interface ManifestFile {
  /** Where the file is named: the path of the link, should it be one. */
  readonly path: string;
  /** Of the content. */
  readonly oid: string;
}

export interface CollectedFiles {
  readonly files: readonly ManifestFile[];
  readonly warnings: readonly string[];
}

const MANIFEST_NAME = /\.(yaml|yml|json|jsonnet)$/;
/** Folders and files looked at for one source. */
const MAX_ENTRIES = 100_000;

/** Hidden folders are walked as well, as Argo CD does: leaving them out would prune what they hold. */
export async function collectFiles(collection: Collection): Promise<CollectedFiles> {
  const { options } = collection;
  const state: State = {
    ...collection,
    include: options.include ? compileGlob(options.include) : () => true,
    exclude: options.exclude ? compileGlob(options.exclude) : () => false,
    files: [],
    warnings: [],
    left: MAX_ENTRIES,
  };
  await walk(state, collection.folder.path);
  return { files: state.files, warnings: state.warnings };
}

export interface Collection {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
  readonly options: DirectorySource;
  /** `leftOut` where `jsonnet.enable` is `false` (B02). */
  readonly jsonnet: 'rendered' | 'leftOut';
}

interface State extends Collection {
  readonly include: GlobMatcher;
  readonly exclude: GlobMatcher;
  readonly files: ManifestFile[];
  readonly warnings: string[];
  left: number;
}

async function walk(state: State, path: string): Promise<void> {
  for (const entry of await state.tree.list(path)) {
    state.left -= 1;
    if (state.left < 0) throw tooManyEntries(state.folder.path);
    if (entry.kind === 'tree') {
      if (state.options.recurse === true) await walk(state, entry.path);
    } else if (entry.kind !== 'submodule') {
      await consider(state, entry);
    }
  }
}

async function consider(state: State, entry: SourceEntry): Promise<void> {
  const { folder, options } = state;
  if (options.disableExtensionFilter !== true && !MANIFEST_NAME.test(nameOf(entry.path))) return;
  const relative = folder.path === '' ? entry.path : entry.path.slice(folder.path.length + 1);
  if (state.exclude(relative) || !state.include(relative)) return;
  const oid = entry.kind === 'symlink' ? await resolveLink(state, entry) : entry.oid;
  if (oid === undefined) return;
  if (state.jsonnet === 'leftOut' && entry.path.endsWith('.jsonnet')) return;
  state.files.push({ path: entry.path, oid });
}

async function resolveLink(state: State, link: SourceEntry): Promise<string | undefined> {
  const target = await state.recorded.lookup(link.path);
  if (target.kind === 'found' && target.entry.kind === 'blob') return target.entry.oid;
  if (target.kind === 'illegal') {
    const next = 'Replace the link by the file, or exclude it from the source.';
    throw new GitOpsError('ManifestGeneration', `${link.path}: the symbolic link ${target.reason}. ${next}`);
  }
  const reason = target.kind === 'missing' ? 'its target does not exist' : 'its target is not a file';
  state.warnings.push(`${link.path}: the symbolic link was left out, because ${reason}.`);
  return undefined;
}

function tooManyEntries(path: string): GitOpsError {
  const next = 'Point spec.source.path at a smaller folder, or turn off recurse.';
  return new GitOpsError(
    'ManifestGeneration',
    `The folder "${path}" has more than ${MAX_ENTRIES} files and folders. ${next}`,
  );
}
