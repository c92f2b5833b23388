/** Folders of a repository that look like applications. */
import { GitOpsError, type SourceType } from '@tiphys/model';
import type { SourceTree } from './ports.js';
import { detectSourceType } from './source-type.js';
import { nameOf } from './tree/source-path.js';

const MAX_FOLDERS = 20_000;

/** Path (`.` for the root) to source type. Plain folders are not listed, hidden ones not searched. */
export async function listApps(tree: SourceTree, signal: AbortSignal): Promise<ReadonlyMap<string, SourceType>> {
  const apps = new Map<string, SourceType>();
  const folders = [''];
  for (let index = 0; index < folders.length; index += 1) {
    signal.throwIfAborted();
    if (index >= MAX_FOLDERS) {
      throw new GitOpsError(
        'ManifestGeneration',
        `The repository has more than ${MAX_FOLDERS} folders: type the path instead.`,
      );
    }
    const folder = folders[index] ?? '';
    const children = await tree.list(folder);
    const type = detectSourceType(children);
    if (type !== 'Directory') apps.set(folder === '' ? '.' : folder, type);
    const visible = children.filter(({ kind, path }) => kind === 'tree' && !nameOf(path).startsWith('.'));
    folders.push(...visible.map(({ path }) => path));
  }
  return apps;
}
