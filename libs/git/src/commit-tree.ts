/** GitTree over an object database, with folder listings and small files cached by their object id, so that commits share what did not change. */
import { LruMap } from './lru-map.js';
import type { ObjectDatabase, RawCommit, RawEntry } from './object-database.js';
import type { GitTree, TreeEntry } from './ports.js';

type Folder = ReadonlyMap<string, RawEntry>;

export interface TreeCache {
  folder(database: ObjectDatabase, oid: string): Promise<Folder>;
}

/** Bounded by the number of entries of all cached folders together; about 200 bytes each. */
export function createTreeCache(maxEntries: number): TreeCache {
  const folders = new LruMap<string, Promise<Folder>>(maxEntries);
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
  };
}

export interface BlobCache {
  /** @throws GitOpsError ManifestGeneration when the file is larger. */
  blob(database: ObjectDatabase, oid: string, maxBytes: number): Promise<Uint8Array>;
}

/** A larger file is read when it is needed. */
const LARGEST_CACHED_BYTES = 64 * 1024;
/** What an entry costs besides its bytes. */
const ENTRY_BYTES = 300;

/** Many applications render the same charts and bases: reading a file that is known spares two hand-overs to the thread pool. */
export function createBlobCache(maxBytes: number): BlobCache {
  const blobs = new LruMap<string, Uint8Array>(maxBytes);
  return {
    blob: async (database, oid, limit) => {
      const known = blobs.get(oid);
      // A file above the limit: the database says so.
      if (known !== undefined && known.length <= limit) return known;
      const bytes = await database.blob(oid, limit);
      if (bytes.length <= LARGEST_CACHED_BYTES) blobs.set(oid, bytes, bytes.length + ENTRY_BYTES);
      return bytes;
    },
  };
}

export interface ObjectCaches {
  readonly trees: TreeCache;
  readonly blobs: BlobCache;
}

/** An object id names the same content everywhere, so the caches may be shared between mirrors; access is checked by the mirror. */
export function createCommitTree(commit: RawCommit, database: ObjectDatabase, caches: ObjectCaches): GitTree {
  const root: TreeEntry = { path: '', oid: commit.tree, kind: 'tree' };
  const entry = async (path: string): Promise<TreeEntry | undefined> => {
    let current: TreeEntry = root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (current.kind !== 'tree') return undefined;
      const child: RawEntry | undefined = (await caches.trees.folder(database, current.oid)).get(name);
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
      const children = [...(await caches.trees.folder(database, folder.oid)).values()];
      return children.map((child) => entryOf(child, join(path, child.name))).sort((a, b) => (a.path < b.path ? -1 : 1));
    },
    readBlob: (oid, maxBytes) => caches.blobs.blob(database, oid, maxBytes),
  };
}

function entryOf({ name: _name, ...entry }: RawEntry, path: string): TreeEntry {
  return { path, ...entry };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
