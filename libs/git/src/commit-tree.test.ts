/** What a tree asks its object database for, and what it remembers. */
import { describe, expect, it } from 'vitest';
import { createCommitTree, createTreeCache } from './commit-tree.js';
import type { ObjectDatabase } from './object-database.js';

const KIB = 1024;
const commit = { commit: 'c', tree: 't', author: '', date: new Date(0), message: '' };

/** Blobs of so many bytes each. */
function databaseOf(sizes: Readonly<Record<string, number>>): ObjectDatabase & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    commit: async () => commit,
    commitByPrefix: async () => commit,
    tree: async () => [],
    blob: async (oid, maxBytes) => {
      reads.push(oid);
      const size = sizes[oid] ?? 0;
      if (size > maxBytes) throw new Error(`${oid} is too large`);
      return new Uint8Array(size);
    },
  };
}

describe('files of a tree', () => {
  it('are read once for all trees that have them, when they are small', async () => {
    const database = databaseOf({ small: 10, large: 65 * KIB });
    const cache = createTreeCache(10);
    for (const tree of [1, 2].map(() => createCommitTree(commit, database, cache))) {
      expect(await tree.readBlob('small', 100)).toHaveLength(10);
      expect(await tree.readBlob('large', 100 * KIB)).toHaveLength(65 * KIB);
    }
    expect(database.reads).toEqual(['small', 'large', 'large']);
  });

  it('are refused above the limit, known or not', async () => {
    const database = databaseOf({ small: 10 });
    const tree = createCommitTree(commit, database, createTreeCache(10));
    await expect(tree.readBlob('small', 9)).rejects.toThrow('too large');
    expect(await tree.readBlob('small', 10)).toHaveLength(10);
    await expect(tree.readBlob('small', 9)).rejects.toThrow('too large');
  });

  it('are forgotten, those read longest ago first, before they take too much memory', async () => {
    const sizes = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`b${index}`, 60 * KIB]));
    const database = databaseOf(sizes);
    const tree = createCommitTree(commit, database, createTreeCache(10));
    for (const oid of Object.keys(sizes)) await tree.readBlob(oid, 100 * KIB);
    await tree.readBlob('b199', 100 * KIB);
    await tree.readBlob('b0', 100 * KIB);
    expect(database.reads.slice(200)).toEqual(['b0']);
  });
});
