/** GitTree over an object database, with folder listings cached by their object id, so that commits share what did not change. */
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

/** A tree id names the same content everywhere, so the cache may be shared between mirrors; access is checked by the mirror. */
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
    readBlob: (oid, maxBytes) => database.blob(oid, maxBytes),
  };
}

function entryOf({ name: _name, ...entry }: RawEntry, path: string): TreeEntry {
  return { path, ...entry };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
