/** What has been found so far of everything that a kustomization reads. */
import type { SourceEntry, SourceTree } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import type { WorkspaceFile } from '../workspace/ports.js';

/** `refused` unless the installation's kustomize options have `--enable-helm`. */
export type HelmInflation = 'refused' | 'allowed';

export interface Collection {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
  readonly helm: HelmInflation;
  /** Files by path. */
  readonly files: Map<string, SourceEntry>;
  /** Folders all of which is read, by path. */
  readonly charts: Map<string, string>;
  readonly visited: Set<string>;
}

export function startCollection(parts: Pick<Collection, 'tree' | 'recorded' | 'helm'>): Collection {
  return { ...parts, files: new Map(), charts: new Map(), visited: new Set() };
}

/** The file that contains a reference. */
export interface Place {
  readonly folder: string;
  readonly file: string;
}

/** Adds the file at a path, if there is one inside of the repository. */
export async function addIfFile(collection: Collection, path: string): Promise<SourceEntry | undefined> {
  const result = await collection.recorded.lookup(path);
  if (result.kind !== 'found' || result.entry.kind !== 'blob') return undefined;
  collection.files.set(result.entry.path, result.entry);
  return result.entry;
}

/** The files and links for the workspace. */
export function workspaceFiles({ tree, recorded, files }: Collection): readonly WorkspaceFile[] {
  const blobs = [...files.values()].map(({ path, oid }): WorkspaceFile => ({ path, oid, tree }));
  const links = [...recorded.links()].map(([path, link]): WorkspaceFile => ({ path, link }));
  return [...blobs, ...links];
}
