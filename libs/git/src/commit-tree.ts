/** GitTree over an object database, with folder listings and small files cached by their object id, so that commits share what did not change. */
import { LruMap } from './lru-map.js';
import type { ObjectDatabase, RawCommit, RawEntry } from './object-database.js';
import type { GitTree, TreeEntry } from './ports.js';

type Folder = ReadonlyMap<string, RawEntry>;

export interface TreeCache {
  folder(database: ObjectDatabase, oid: string): Promise<Folder>;
  /** @throws GitOpsError ManifestGeneration when the file is larger. */
  blob(database: ObjectDatabase, oid: string, maxBytes: number): Promise<Uint8Array>;
}

/** Of all cached files together. */
const CACHED_BLOB_BYTES = 8 * 1024 * 1024;
/** A larger file is read each time that it is needed. */
const LARGEST_CACHED_BLOB = 64 * 1024;
/** What an entry costs besides its bytes. */
const BLOB_ENTRY_BYTES = 300;

/** Bounded by the number of entries of all cached folders together, about 200 bytes each, and by the bytes of all cached files. */
export function createTreeCache(maxEntries: number): TreeCache {
  const folders = new LruMap<string, Promise<Folder>>(maxEntries);
  const blobs = new LruMap<string, Uint8Array>(CACHED_BLOB_BYTES);
  return {
    folder: (database, oid) => {
      const known = folders.get(oid);
      if (known !== undefined) return known;
      const reading = database.tree(oid).then((entries) => {
        folders.resize(oid, entries.length + 1);
        return new Map(entries.map((entry) => [entry.name, entry]));
      });
      folders.set(oid, reading, 1);
      reading.catch(() => folders.delete(oid));
      return reading;
    },
    // Many applications render the same charts and bases, and a plan reads what the render reads again.
    blob: async (database, oid, maxBytes) => {
      const known = blobs.get(oid);
      // Of one above the limit the database says so.
      if (known !== undefined && known.length <= maxBytes) return known;
      const bytes = await database.blob(oid, maxBytes);
      if (bytes.length <= LARGEST_CACHED_BLOB) blobs.set(oid, bytes, bytes.length + BLOB_ENTRY_BYTES);
      return bytes;
    },
  };
}

/** An object id names the same content everywhere, so the cache may be shared between mirrors; access is checked by the mirror. */
export function createCommitTree(commit: RawCommit, database: ObjectDatabase, cache: TreeCache): GitTree {
  const root: TreeEntry = { path: '', oid: commit.tree, kind: 'tree' };
  const entry = async (path: string): Promise<TreeEntry | undefined> => {
    let current: TreeEntry = root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (current.kind !== 'tree') return undefined;
      const child: RawEntry | undefined = (await cache.folder(database, current.oid)).get(name);
      if (child === undefined) return undefined;
      current = entryOf(child, join(current.path, name));
    }
    return current;
  };
  return {
    commit: commit.commit,
    entry,
    list: async (path) => {
      const folder = await entry(path);
      if (folder?.kind !== 'tree') return [];
      const children = [...(await cache.folder(database, folder.oid)).values()];
      return children.map((child) => entryOf(child, join(path, child.name))).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    readBlob: (oid, maxBytes) => cache.blob(database, oid, maxBytes),
  };
}

function entryOf({ name: _name, ...entry }: RawEntry, path: string): TreeEntry {
  return { path, ...entry };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
