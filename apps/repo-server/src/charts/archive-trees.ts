/** Unpacked archives as source trees: their names are kept for long, their bytes as far as they fit, all by digest. */
import {
  type ArchiveFile,
  type Contents,
  type IndexedFile,
  indexArchive,
  indexedTree,
  type SourceTree,
} from '@tiphys/manifests';
import { createByteLru } from '../manifests/byte-lru.js';

export interface ArchiveTrees {
  /** `unpack` is called when the names are not known yet, and when bytes are read that were forgotten. */
  open(archive: NamedArchive, unpack: () => Promise<readonly ArchiveFile[]>): Promise<SourceTree>;
}

export interface NamedArchive {
  /** Names the content. */
  readonly key: string;
  /** Takes the place of the commit. */
  readonly version: string;
}

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_NAMES_BYTES = 16 * 1024 * 1024;
/** An object id and what surrounds it. */
const BYTES_PER_NAME = 200;

export function createArchiveTrees(): ArchiveTrees {
  const indexes = createByteLru<readonly IndexedFile[]>(MAX_NAMES_BYTES);
  const contents = createByteLru<Contents>(MAX_BYTES);
  const load = async (key: string, unpack: () => Promise<readonly ArchiveFile[]>) => {
    const files = await unpack();
    const indexed = indexArchive(files);
    contents.set(key, indexed.contents, sum(files.map(({ bytes }) => bytes.length)));
    indexes.set(key, indexed.index, sum(files.map(({ path }) => path.length + BYTES_PER_NAME)));
    return indexed;
  };
  return {
    open: async ({ key, version }, unpack) => {
      const known = indexes.get(key);
      if (known === undefined) {
        const { index, contents: loaded } = await load(key, unpack);
        return indexedTree(index, version, () => Promise.resolve(loaded));
      }
      // Held by this tree only: what does not fit into memory for good is unpacked once for each render.
      let held: Promise<Contents> | undefined;
      const read = async (): Promise<Contents> => contents.get(key) ?? (await load(key, unpack)).contents;
      return indexedTree(known, version, () => {
        held ??= read();
        return held;
      });
    },
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
