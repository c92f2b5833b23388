/** A tree whose pointers of Git LFS are read as the files that they stand for (B37). */
import { GitOpsError } from '@tiphys/model';
import type { GitTree, TreeEntry } from '../ports.js';
import { type LfsPointer, MAX_POINTER_BYTES, parsePointer } from './pointer.js';

export type FetchLfs = (pointer: LfsPointer) => Promise<Uint8Array>;

const PREFIX = 'lfs:';

/** A pointer's object id names its content as well; the prefix tells it from a pointer that was read as it is. */
export function withLfs(tree: GitTree, fetch: FetchLfs): GitTree {
  return {
    commit: tree.commit,
    entry: async (path) => {
      const entry = await tree.entry(path);
      return entry === undefined ? undefined : marked(entry);
    },
    list: async (path) => (await tree.list(path)).map(marked),
    readBlob: async (oid, maxBytes) => {
      const own = oid.startsWith(PREFIX) ? oid.slice(PREFIX.length) : oid;
      const bytes = await tree.readBlob(own, Math.max(maxBytes, MAX_POINTER_BYTES));
      const pointer = parsePointer(bytes);
      checkSize(pointer?.size ?? bytes.length, maxBytes);
      return pointer === undefined ? bytes : fetch(pointer);
    },
  };
}

function checkSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new GitOpsError('ManifestGeneration', `The file has ${bytes} bytes, more than the limit of ${maxBytes} bytes.`);
}

/** A submodule is a commit of another repository: its own files are not this one's. */
function marked(entry: TreeEntry): TreeEntry {
  return entry.kind === 'submodule' ? entry : { ...entry, oid: `${PREFIX}${entry.oid}` };
}
