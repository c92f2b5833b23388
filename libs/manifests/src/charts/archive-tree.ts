/** An archive of a chart or an OCI artefact as a source tree: what it holds is named by its content, as in Git. */
import { createHash } from 'node:crypto';
import { GitOpsError } from '@tiphys/model';
import type { SourceEntry, SourceTree } from '../ports.js';
import { nameOf, parentOf } from '../tree/source-path.js';
import type { ArchiveFile } from './archive.js';

/** A file of an archive without its bytes. */
export interface IndexedFile {
  readonly path: string;
  readonly oid: string;
  readonly kind: 'blob' | 'symlink';
}

export type Contents = ReadonlyMap<string, Uint8Array>;

/** `version` takes the place of the commit. */
export function archiveTree(files: readonly ArchiveFile[], version: string): SourceTree {
  const { index, contents } = indexArchive(files);
  return indexedTree(index, version, () => Promise.resolve(contents));
}

/** The names of the files, and their bytes by object id. */
export function indexArchive(files: readonly ArchiveFile[]): {
  readonly index: readonly IndexedFile[];
  readonly contents: Contents;
} {
  const contents = new Map<string, Uint8Array>();
  const index = files.map(({ path, bytes, isLink = false }): IndexedFile => {
    const oid = hash('blob', bytes);
    contents.set(oid, bytes);
    return { path, oid, kind: isLink ? 'symlink' : 'blob' };
  });
  return { index, contents };
}

/** Looking up names needs no bytes: `contents` is asked for them when a file is read. */
export function indexedTree(
  index: readonly IndexedFile[],
  version: string,
  contents: () => Promise<Contents>,
): SourceTree {
  const children = new Map<string, SourceEntry[]>([['', []]]);
  const addFolder = (path: string): void => {
    if (children.has(path)) return;
    children.set(path, []);
    addFolder(parentOf(path));
  };
  for (const entry of index) {
    addFolder(parentOf(entry.path));
    children.get(parentOf(entry.path))?.push(entry);
  }
  const entries = nameFolders(children);
  return {
    commit: version,
    entry: (path) => Promise.resolve(entries.get(path)),
    list: (path) => Promise.resolve(children.get(path) ?? []),
    readBlob: async (oid, maxBytes) => {
      const bytes = (await contents()).get(oid);
      if (bytes === undefined) throw new GitOpsError('Internal', `The archive has no object ${oid}.`);
      if (bytes.length > maxBytes) {
        throw new GitOpsError('ManifestGeneration', `A file of the source has more than ${maxBytes} bytes.`);
      }
      return bytes;
    },
  };
}

/** The deepest folders first, so that the name of a folder can contain those of the folders in it. */
function nameFolders(children: ReadonlyMap<string, SourceEntry[]>): ReadonlyMap<string, SourceEntry> {
  const entries = new Map<string, SourceEntry>();
  const depthOf = (path: string): number => (path === '' ? 0 : path.split('/').length);
  for (const path of [...children.keys()].sort((a, b) => depthOf(b) - depthOf(a))) {
    const list = children.get(path) ?? [];
    list.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const child of list) entries.set(child.path, child);
    const listing = list.map((child) => `${child.kind} ${child.oid} ${nameOf(child.path)}\0`).join('');
    const folder: SourceEntry = { path, oid: hash('tree', new TextEncoder().encode(listing)), kind: 'tree' };
    entries.set(path, folder);
    if (path !== '') children.get(parentOf(path))?.push(folder);
  }
  return entries;
}

function hash(kind: string, bytes: Uint8Array): string {
  return createHash('sha256').update(`${kind} ${bytes.length}\0`).update(bytes).digest('hex');
}
